#include "lang/text/lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lang/text/characters.hpp"
#include "lang/text/tokens.hpp"

namespace mlz::text {
namespace {

constexpr std::string_view kQuotes = "\"\"\"";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Words that begin a statement and cannot continue an expression: a bracket open before them was
/// forgotten.
bool begins_statement(std::string_view code) {
  static constexpr std::array<std::string_view, 13> kWords{
      "def",  "size", "const", "param", "state",  "if",  "import",
      "from", "for",  "elif",  "else",  "return", "pass"};
  if (code.substr(0, 5) == "@hold") return true;
  const std::string_view word = first_word(code);
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

/// A physical line between its indentation and its end.
struct Physical {
  std::string_view indent, code;
  int number = 0;
};

class Reader {
 public:
  Reader(Lines& out, Diagnostics& diagnostics)
      : out_(out), diagnostics_(diagnostics), text_(out.file->text) {}

  void run() {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") at_ = 3;  // a byte order mark
    if (!acceptable()) return;
    while (!stopped_ && next()) {
      if (now_.code.empty() || now_.code[0] == '#') continue;
      place_in_blocks();
      if (stopped_) return;
      if (now_.code.substr(0, 3) == kQuotes) {
        read_doc();
      } else {
        read_code();
      }
    }
  }

 private:
  struct Bracket {
    char opening;
    Location where;
  };

  bool acceptable() {
    if (text_.size() > kMaxFileBytes) {
      stop({out_.file, 0, 0, 1}, fmt::format("the file has {} bytes; programs may have up to {}",
                                             text_.size(), kMaxFileBytes));
      return false;
    }
    const std::size_t nul = text_.find('\0');
    if (nul == std::string_view::npos) return true;
    const auto before = text_.substr(0, nul);
    const auto line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const auto column = static_cast<int>(nul - (before.rfind('\n') + 1)) + 1;
    stop({out_.file, line, column, 1}, "found a zero byte; expected a program in plain text");
    return false;
  }

  void stop(Location where, std::string message, std::string hint = {}) {
    diagnostics_.error(std::move(where), std::move(message), std::move(hint));
    stopped_ = true;
  }

  /// Takes the next physical line into `now_`; false at the end of the file.
  bool next() {
    if (at_ >= text_.size() || stopped_) return false;
    if (now_.number == kMaxLines) {
      stop({out_.file, now_.number, 1, 1}, fmt::format("more than {} lines", kMaxLines));
      return false;
    }
    line_begin_ = at_;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    at_ = end + 1;
    std::string_view line = text_.substr(line_begin_, end - line_begin_);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::size_t code = std::min(line.find_first_not_of(" \t"), line.size());
    now_ = {line.substr(0, code), line.substr(code), now_.number + 1};
    return true;
  }

  int column_of(const char* place) const {
    const std::size_t line =
        now_.number == 1 ? 0 : line_begin_;  // line 1 begins at its byte order mark
    return static_cast<int>(place - (text_.data() + line)) + 1;
  }
  Location here(const char* place, std::size_t length = 1) const {
    return {out_.file, now_.number, column_of(place), static_cast<int>(length)};
  }

  void place_in_blocks() {
    const std::string_view indent = now_.indent;
    const std::string_view block = blocks_.back();
    if (indent.size() > block.size() && indent.substr(0, block.size()) == block)
      return begin_block();
    while (blocks_.size() > 1 && blocks_.back().size() > indent.size()) blocks_.pop_back();
    if (blocks_.back() == indent) return;
    misplaced();
    if (blocks_.back().size() == indent.size()) blocks_.pop_back();
    begin_block();
  }

  void begin_block() {
    if (blocks_.size() > kMaxLevels) {
      return stop(here(now_.code.data()),
                  fmt::format("more than {} levels of indentation", kMaxLevels));
    }
    blocks_.push_back(now_.indent);
  }

  void misplaced() {
    const bool tabs = now_.indent.find('\t') != std::string_view::npos ||
                      blocks_.back().find('\t') != std::string_view::npos;
    if (tabs) {
      diagnostics_.error(here(now_.code.data()),
                         "this line is indented with other characters than its block",
                         "use only blanks or only tabs");
    } else {
      diagnostics_.error(here(now_.code.data()), "the indentation matches no block above",
                         "begin the line in the same column as the other lines of its block");
    }
  }

  LogicalLine& add_line(std::string_view text) {
    LogicalLine line;
    line.level = static_cast<int>(blocks_.size()) - 1;
    line.text = text;
    line.start = {0, now_.number, column_of(now_.code.data())};
    return out_.lines.emplace_back(std::move(line));
  }

  void read_doc() {
    LogicalLine& line = add_line({});
    line.doc = true;
    const std::size_t begin =
        static_cast<std::size_t>(now_.code.data() - text_.data()) + kQuotes.size();
    const std::size_t end = text_.find(kQuotes, begin);
    if (end == std::string_view::npos) {
      return stop(here(now_.code.data(), 3), "this docstring has no end", "close it with \"\"\"");
    }
    line.text = text_.substr(begin, end - begin);
    while (at_ <= end && next()) {
    }
    if (const std::size_t bad = bad_doc_byte(line.text); bad != std::string_view::npos) {
      line.broken = true;
      diagnostics_.error(
          locate(out_, line, 0, 3),
          fmt::format("this docstring contains {}", describe_character(line.text.substr(bad))),
          "docstrings are text in UTF-8");
    }
    const std::size_t after = end + kQuotes.size();
    const std::size_t line_end = now_.code.data() + now_.code.size() - text_.data();
    const std::string_view rest =
        trimmed(text_.substr(after, line_end - std::min(after, line_end)));
    if (!rest.empty() && rest[0] != '#') {
      diagnostics_.error(here(rest.data(), rest.size()),
                         "expected the end of the line after a docstring");
    }
  }

  void read_code() {
    LogicalLine& line = add_line({});
    brackets_.clear();
    line.text = scan(line);
    std::string* joined = nullptr;
    while (!brackets_.empty()) {
      if (at_end_of_brackets()) {
        line.broken = true;
        const char open = brackets_.back().opening;
        diagnostics_.error(brackets_.back().where, fmt::format("`{}` is never closed", open),
                           fmt::format("expected a closing `{}`", open == '(' ? ')' : ']'));
        break;
      }
      next();
      if (!joined) joined = &out_.joined.emplace_back(line.text);
      append(line, *joined);
    }
    if (line.text.size() > kMaxLineBytes && !line.broken) {
      line.broken = true;
      diagnostics_.error(locate(out_, line, 0, 1),
                         fmt::format("a line of more than {} characters", kMaxLineBytes));
    }
  }

  /// Looks ahead: nothing follows that could close the open bracket.
  bool at_end_of_brackets() {
    if (at_ >= text_.size() || now_.number == kMaxLines ||
        out_.lines.back().text.size() > kMaxLineBytes) {
      return true;
    }
    const std::size_t code = text_.find_first_not_of(" \t", at_);
    return code != std::string_view::npos && begins_statement(text_.substr(code, 16));
  }

  /// Adds the code of the current physical line to a logical line.
  void append(LogicalLine& line, std::string& joined) {
    const std::string_view code = scan(line);
    if (code.empty()) return;
    joined += ' ';
    line.continued.push_back(
        {static_cast<std::uint32_t>(joined.size()), now_.number, column_of(code.data())});
    joined += code;
    line.text = joined;
  }

  /// The code of the current physical line without its comment. Tracks brackets and reports
  /// characters that may not stand in code; after an error the line counts as closed.
  std::string_view scan(LogicalLine& line) {
    const std::string_view code = now_.code;
    std::size_t i = 0;
    bool bad = false;
    while (i < code.size() && code[i] != '#') {
      const char c = code[i];
      if (c == '"' || c == '\'') {
        i = std::min(code.find(c, i + 1), code.size() - 1);
      } else if (!bad) {
        bad = !track(c, code.substr(i));
      }
      ++i;
    }
    if (bad) {
      line.broken = true;
      brackets_.clear();
    }
    return trimmed(code.substr(0, i));
  }

  /// Takes note of one character of code; false when it was reported as an error.
  bool track(char c, std::string_view rest) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 32 && c != '\t') || byte >= 127) {
      diagnostics_.error(here(rest.data()), "unexpected " + describe_character(rest),
                         character_hint(rest));
      return false;
    }
    if (c == '(' || c == '[') return open(c, rest.data());
    if (c != ')' && c != ']') return true;
    if (brackets_.empty()) return true;  // the grammar says what was expected there
    const Bracket last = brackets_.back();
    brackets_.pop_back();
    if ((last.opening == '(') == (c == ')')) return true;
    diagnostics_.error(here(rest.data()), fmt::format("`{}` does not close `{}`", c, last.opening))
        .notes.push_back({last.where, "opened here"});
    return false;
  }

  bool open(char c, const char* place) {
    if (brackets_.size() == kMaxBrackets) {
      diagnostics_.error(here(place),
                         fmt::format("more than {} brackets inside each other", kMaxBrackets));
      return false;
    }
    brackets_.push_back({c, here(place)});
    return true;
  }

  Lines& out_;
  Diagnostics& diagnostics_;
  std::string_view text_;
  std::size_t at_ = 0, line_begin_ = 0;
  Physical now_;
  std::vector<std::string_view> blocks_{std::string_view{}};  ///< indentation of the open blocks
  std::vector<Bracket> brackets_;
  bool stopped_ = false;
};

/// The lines of a docstring without blanks at their ends.
std::vector<std::string_view> doc_lines(std::string_view raw) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin <= raw.size();) {
    const std::size_t end = std::min(raw.find('\n', begin), raw.size());
    const std::string_view line = raw.substr(begin, end - begin);
    lines.push_back(line.substr(0, line.find_last_not_of(" \t\r") + 1));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

Lines read_lines(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics) {
  Lines lines;
  lines.file = std::move(file);
  Reader(lines, diagnostics).run();
  return lines;
}

Location locate(const Lines& lines, const LogicalLine& line, std::size_t offset,
                std::size_t length) {
  const Piece* piece = &line.start;
  for (const Piece& next : line.continued) {
    if (next.offset > offset) break;
    piece = &next;
  }
  const auto column = piece->column + static_cast<int>(offset - piece->offset);
  return {lines.file, piece->line, column, static_cast<int>(std::max<std::size_t>(length, 1))};
}

std::string clean_doc(std::string_view raw) {
  std::vector<std::string_view> lines = doc_lines(raw);
  const auto skip = [](std::string_view line) {
    return std::min(line.find_first_not_of(" \t"), line.size());
  };
  lines[0] = lines[0].substr(skip(lines[0]));
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!lines[i].empty()) common = std::min(common, skip(lines[i]));
  }
  for (std::size_t i = 1; i < lines.size(); ++i)
    lines[i] = lines[i].substr(std::min(common, lines[i].size()));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  const auto begin =
      std::find_if(lines.begin(), lines.end(), [](auto line) { return !line.empty(); });
  return fmt::format("{}", fmt::join(begin, lines.end(), "\n"));
}

}  // namespace mlz::text
