#pragma once
#include <string_view>

/// The smallest parts of a line. Every `match_*` gives the number of characters matched at the
/// front of `rest`, 0 for none; `spelling` is used by those that look for one given text.
namespace mlz::text {

bool is_name_character(char c);
bool is_digit(char c);

/// Words with a meaning of their own, which therefore cannot be names.
bool is_reserved(std::string_view word);

/// The word at the front of `rest`: letters, digits and underscores; may be empty.
std::string_view first_word(std::string_view rest);

using Match = std::size_t (*)(std::string_view rest, std::string_view spelling);

std::size_t match_text(std::string_view rest, std::string_view spelling);  ///< exactly `spelling`
std::size_t match_word(std::string_view rest, std::string_view spelling);  ///< as a whole word
std::size_t match_name(std::string_view rest, std::string_view = {});      ///< not reserved
std::size_t match_dotted(std::string_view rest, std::string_view = {});    ///< a, a.b; not a.T
std::size_t match_keyword(std::string_view rest,
                          std::string_view = {});  ///< a name before a single =
std::size_t match_number(std::string_view rest, std::string_view = {});
std::size_t match_hole_line(std::string_view rest, std::string_view = {});  ///< ? or ?8 to the end
std::size_t match_assign(std::string_view rest, std::string_view = {});     ///< = but not ==
std::size_t match_augmented(std::string_view rest, std::string_view = {});  ///< += -= *= /=
std::size_t match_comparison(std::string_view rest, std::string_view = {});
std::size_t match_additive(std::string_view rest, std::string_view = {});        ///< + - ?
std::size_t match_multiplicative(std::string_view rest, std::string_view = {});  ///< * / // % @
std::size_t match_power(std::string_view rest, std::string_view = {});
std::size_t match_transpose(std::string_view rest, std::string_view = {});  ///< .T

/// The double nearest to the text of a number; beyond the range an infinity (1e999) or zero.
double number_value(std::string_view digits);

}  // namespace mlz::text
