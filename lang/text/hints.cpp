#include "lang/text/hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lang/text/tokens.hpp"

namespace mlz::text {
namespace {

struct Hint {
  std::string_view found;
  std::string_view text;
};

constexpr std::size_t kShown = 40;  // characters of the input that a message repeats

/// Statements of other languages, by the first word of the line.
constexpr std::array<Hint, 16> kFirstWords{{
    {"while", "there is no unbounded loop; write `for i in range(n):`"},
    {"class",
     "there are no classes; a program has declarations and the functions Setup, Predict and Learn"},
    {"print", "a program prints nothing; ask the tool that runs it to show a register"},
    {"function", "a function begins with `def`"},
    {"func", "a function begins with `def`"},
    {"fn", "a function begins with `def`"},
    {"let", "write `name = value`"},
    {"var", "write `name = value`"},
    {"elseif", "write `elif`"},
    {"elsif", "write `elif`"},
    {"in", "a loop begins with `for`"},
    {"break", "loops have a fixed number of turns"},
    {"continue", "loops have a fixed number of turns"},
    {"input", "memory is declared with `size`, `const`, `param` or `state`"},
    {"scalar", "write the name first: `state name : scalar`"},
    {"matrix", "write the name first: `state name : matrix[n, m]`"},
}};

/// What stands where something else was expected; the first match counts, so longer ones come
/// first.
constexpr std::array<Hint, 27> kFound{{
    {"@=", "augmented assignments are += -= *= /="},
    {"%=", "augmented assignments are += -= *= /="},
    {"//=", "augmented assignments are += -= *= /="},
    {"**=", "augmented assignments are += -= *= /="},
    {"&&", "write `and` where both are known before the run, and a * b for registers"},
    {"||", "write `or` where both are known before the run, and maximum(a, b) for registers"},
    {"!=", ""},
    {"!", "write `not` where it is known before the run, and equal(a, 0) for registers"},
    {"^", "powers are written `**`"},
    {"++", "write `x += 1`"},
    {"--", "write `x -= 1`"},
    {"->", "functions have no declared result; write `def name(a, b):`"},
    {";", "write one statement per line"},
    {"{", "blocks are made by `:` at the end of a line and by indentation"},
    {"}", "blocks end where their indentation ends"},
    {"\"",
     "text in quotes may only stand as a docstring, \"\"\"...\"\"\", first in the file or in a "
     "function"},
    {"'",
     "text in quotes may only stand as a docstring, \"\"\"...\"\"\", first in the file or in a "
     "function"},
    {"\\", "to go on in the next line, put the expression into brackets"},
    {"lambda", "there are no anonymous functions; write a helper with `def`"},
    {"True", "write 1"},
    {"False", "write 0"},
    {"None", "every name has a number, vector or matrix as its value; in an index: reshape(v, (n, 1)) makes a column"},
    {"is", "compare with `==`"},
    {"not", "put `not ...` into brackets here"},
    {"@", "the only mark is `@hold`, on a line of its own"},
    {"$", "names are letters, digits and underscores"},
    {"*=", "augmented assignments have one name on the left"},
}};

std::string_view before(std::string_view line, std::size_t offset) {
  const std::string_view head = line.substr(0, offset);
  return head.substr(0, head.find_last_not_of(" \t") + 1);
}

bool matches(const Hint& hint, std::string_view rest) {
  return is_name_character(hint.found[0]) ? match_word(rest, hint.found) > 0
                                          : match_text(rest, hint.found) > 0;
}

std::string equals_hint(std::string_view line, std::string_view word, std::size_t offset) {
  if (word == "if" || word == "elif" || word == "return") return "`=` assigns; compare with `==`";
  if (word == "def") return "parameters have no default values";
  const std::string_view head = line.substr(0, offset);
  return head.find('=') != std::string_view::npos
             ? "write one assignment per line; compare with `==`"
             : "";
}

std::string colon_hint(std::string_view line, std::string_view word, std::size_t offset) {
  if (word == "def") return "parameters have no declared types; shapes are inferred";
  const std::string_view head = line.substr(0, offset);
  if (std::count(head.begin(), head.end(), '[') > std::count(head.begin(), head.end(), ']')) {
    return "an index is `i`, `lo:hi` or `:`, without a step";
  }
  return head.find('(') != std::string_view::npos ? "a function begins with `def`" : "";
}

std::string word_hint(std::string_view line, std::string_view word, std::string_view found) {
  if (found == "if") {
    return word == "else" ? "write `elif`"
                          : "there is no conditional expression; use where(condition, a, b)";
  }
  if (found == "else") return "there is no conditional expression; use where(condition, a, b)";
  if (found == "as") return "modules keep their names";
  if (found == "for" && line.find('[') != std::string_view::npos)
    return "there are no comprehensions";
  if (is_reserved(found)) return fmt::format("`{}` is a word of the language", found);
  return "";
}

std::string at_end(std::string_view line, std::string_view word) {
  if (word == "else" || word == "if" || word == "for" || word == "def" || word == "elif") {
    return fmt::format("the line of `{}` ends with `:`", word);
  }
  if (word == "state" || word == "param")
    return fmt::format("give its shape, as in `{} name : scalar`, `vector[n]` or `matrix[n, m]`", word);
  const char last = line.empty() ? ' ' : line.back();
  return last == '+' || last == '-' || last == '*' || last == '/' || last == ','
             ? "to go on in the next line, put the expression into brackets"
             : "";
}

}  // namespace

std::size_t found_length(std::string_view line, std::size_t offset) {
  const std::string_view rest = line.substr(std::min(offset, line.size()));
  const std::size_t word = first_word(rest).size();
  if (word > 0) return std::min(word, kShown);
  for (const Hint& hint : kFound) {
    if (matches(hint, rest)) return hint.found.size();
  }
  return std::max(
      {match_comparison(rest), match_augmented(rest), match_multiplicative(rest), std::size_t{1}});
}

std::string found_at(std::string_view line, std::size_t offset) {
  if (offset >= line.size()) return "the end of the line";
  return fmt::format("`{}`", line.substr(offset, found_length(line, offset)));
}

std::string hint_at(std::string_view line, std::size_t offset) {
  const std::string_view rest = line.substr(std::min(offset, line.size()));
  const std::string_view word = first_word(line);
  for (const Hint& hint : kFirstWords) {
    if (hint.found == word) return std::string(hint.text);
  }
  if (rest.empty()) return at_end(line, word);
  const std::string_view head = before(line, offset);
  if (rest[0] == '+')
    return !head.empty() && head.back() == '+' ? "write `x += 1`" : "a number needs no leading `+`";
  for (const Hint& hint : kFound) {
    if (matches(hint, rest)) return std::string(hint.text);
  }
  if (rest[0] == '=') return equals_hint(line, word, offset);
  if (rest[0] == ':') return colon_hint(line, word, offset);
  if (rest[0] == ',' && word == "size") return "a list of sizes is written `[1, 2]`";
  if (rest[0] == '*' && word == "from") return "name what is imported: `from nn import lstm, gru`";
  if (rest[0] == '(') return "only a name can be called";
  if (is_digit(rest[0]))
    return "names begin with a letter, and numbers contain no letters but an exponent";
  const std::string_view found = first_word(rest);
  std::string hint = word_hint(line, word, found);
  return hint.empty() && !found.empty() && !head.empty()
             ? "is an operator or a comma missing before it?"
             : hint;
}

}  // namespace mlz::text
