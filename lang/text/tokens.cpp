#include "lang/text/tokens.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace mlz::text {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

char at(std::string_view text, std::size_t i) { return i < text.size() ? text[i] : '\0'; }

std::size_t digits(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (is_digit(at(text, end))) ++end;
  return end - from;
}

/// Digits with at most one point among or around them.
std::size_t mantissa(std::string_view rest) {
  const std::size_t whole = digits(rest, 0);
  if (at(rest, whole) != '.') return whole;
  const std::size_t fraction = digits(rest, whole + 1);
  return whole + fraction == 0 ? 0 : whole + 1 + fraction;
}

std::size_t exponent(std::string_view text, std::size_t from) {
  if (at(text, from) != 'e' && at(text, from) != 'E') return 0;
  const std::size_t sign = at(text, from + 1) == '+' || at(text, from + 1) == '-' ? 1 : 0;
  const std::size_t count = digits(text, from + 1 + sign);
  return count == 0 ? 0 : 1 + sign + count;
}

/// Whether a number too large or too small for a double is too large.
bool overflows(std::string_view text) {
  const std::size_t length = mantissa(text);
  const std::string_view head = text.substr(0, length);
  const std::size_t point = std::min(head.find('.'), length);
  const std::size_t first = head.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const auto power =
      first < point ? static_cast<long>(point - first) : -static_cast<long>(first - point);
  if (length >= text.size()) return power > 0;
  const std::string_view tail = text.substr(length + 1);
  const bool negative = at(tail, 0) == '-';
  long ten = 0;
  for (const char c : tail) {
    if (is_digit(c)) ten = std::min(ten * 10 + (c - '0'), 1'000'000'000L);
  }
  return (negative ? -ten : ten) + power > 0;
}

}  // namespace

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_name_start(c) || is_digit(c); }

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 26> kWords{
      "and", "break", "class", "const",  "continue", "def",   "elif",   "else", "False",
      "for", "from",  "if",    "import", "in",       "is",    "lambda", "None", "not",
      "or",  "param", "pass",  "return", "size",     "state", "True",   "while"};
  if (word.size() < 2 || word.size() > 8) return false;
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::string_view first_word(std::string_view rest) {
  std::size_t end = 0;
  while (is_name_character(at(rest, end))) ++end;
  return rest.substr(0, end);
}

std::size_t match_text(std::string_view rest, std::string_view spelling) {
  return rest.substr(0, spelling.size()) == spelling ? spelling.size() : 0;
}

std::size_t match_word(std::string_view rest, std::string_view spelling) {
  const std::size_t length = match_text(rest, spelling);
  return is_name_character(at(rest, length)) ? 0 : length;
}

std::size_t match_name(std::string_view rest, std::string_view) {
  if (!is_name_start(at(rest, 0))) return 0;
  const std::string_view word = first_word(rest);
  return is_reserved(word) ? 0 : word.size();
}

std::size_t match_dotted(std::string_view rest, std::string_view) {
  std::size_t length = match_name(rest);
  while (length > 0 && at(rest, length) == '.' && match_transpose(rest.substr(length)) == 0) {
    const std::size_t more = match_name(rest.substr(length + 1));
    if (more == 0) break;
    length += 1 + more;
  }
  return length;
}

std::size_t match_keyword(std::string_view rest, std::string_view) {
  const std::size_t length = match_name(rest);
  std::size_t next = length;
  while (at(rest, next) == ' ' || at(rest, next) == '\t') ++next;
  return length > 0 && match_assign(rest.substr(next)) ? length : 0;
}

std::size_t match_number(std::string_view rest, std::string_view) {
  if (!is_digit(at(rest, 0)) && at(rest, 0) != '.') return 0;
  const std::size_t length = mantissa(rest);
  if (length == 0) return 0;
  const std::size_t all = length + exponent(rest, length);
  return is_name_character(at(rest, all)) || at(rest, all) == '.' ? 0 : all;
}

std::size_t match_hole_line(std::string_view rest, std::string_view) {
  return at(rest, 0) == '?' && 1 + digits(rest, 1) == rest.size() ? rest.size() : 0;
}

std::size_t match_assign(std::string_view rest, std::string_view) {
  return at(rest, 0) == '=' && at(rest, 1) != '=' ? 1 : 0;
}

std::size_t match_augmented(std::string_view rest, std::string_view) {
  const char c = at(rest, 0);
  return (c == '+' || c == '-' || c == '*' || c == '/') && at(rest, 1) == '=' ? 2 : 0;
}

std::size_t match_comparison(std::string_view rest, std::string_view) {
  const char c = at(rest, 0);
  const bool equals = at(rest, 1) == '=';
  if (c == '<' || c == '>') return equals ? 2 : 1;
  return (c == '=' || c == '!') && equals ? 2 : 0;
}

std::size_t match_additive(std::string_view rest, std::string_view) {
  const char c = at(rest, 0);
  return (c == '+' || c == '-' || c == '?') && at(rest, 1) != '=' ? 1 : 0;
}

std::size_t match_multiplicative(std::string_view rest, std::string_view) {
  const char c = at(rest, 0);
  if (c != '*' && c != '/' && c != '%' && c != '@') return 0;
  if (c == '*' && at(rest, 1) == '*') return 0;
  const std::size_t length = c == '/' && at(rest, 1) == '/' ? 2 : 1;
  return at(rest, length) == '=' ? 0 : length;
}

std::size_t match_power(std::string_view rest, std::string_view) {
  return at(rest, 0) == '*' && at(rest, 1) == '*' && at(rest, 2) != '=' ? 2 : 0;
}

std::size_t match_transpose(std::string_view rest, std::string_view) {
  return match_word(rest, ".T");
}

double number_value(std::string_view text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc::result_out_of_range) return value;
  return overflows(text) ? std::numeric_limits<double>::infinity() : 0.0;
}

}  // namespace mlz::text
