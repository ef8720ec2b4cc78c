#include "lang/text/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/text/grammar.hpp"
#include "lang/text/lines.hpp"
#include "lang/text/tokens.hpp"

namespace mlz::text {
namespace {

/// Puts the lines of a file together: blocks under their headers, marks on what follows them.
class Assembler {
 public:
  Assembler(const Lines& lines, Diagnostics& diagnostics)
      : lines_(lines), diagnostics_(diagnostics) {
    program_.file = lines.file;
  }

  Program run() {
    if (!done() && line().doc && line().level == 0) {
      program_.doc = clean_doc(line().text);
      ++at_;
    }
    int level = 0;
    while (!done()) {
      check_indent(level);
      top_line();
    }
    check_unused_hold();
    return std::move(program_);
  }

 private:
  bool done() const { return at_ >= lines_.lines.size(); }
  const LogicalLine& line() const { return lines_.lines[at_]; }
  bool inside(int level) const { return !done() && line().level > level; }
  bool begins_with(std::string_view word) const { return match_word(line().text, word) > 0; }
  Location here() const { return locate(lines_, line(), 0, first_word(line().text).size()); }

  void error(Location where, std::string message, std::string hint = {}) {
    diagnostics_.error(std::move(where), std::move(message), std::move(hint));
  }

  /// Takes the next line; monostate when it could not be read, which is reported.
  ParsedLine take() {
    const LogicalLine& next = lines_.lines[at_++];
    if (next.broken) return {};
    if (!next.doc) return parse_line(lines_, next, nodes_, diagnostics_);
    error(locate(lines_, next, 0, 3), "a docstring stands first in the file or first in a function",
          "write a comment, `# ...`");
    return {};
  }

  /// Reports a line deeper than the one before it at `level`, which becomes its level.
  void check_indent(int& level) {
    if (line().level > level) {
      error(here(), "unexpected indentation", "only a line that ends with `:` begins a block");
    }
    level = line().level;
  }

  // --- the mark @hold
  // ------------------------------------------------------------------------------
  void remember(const HoldLine& hold) {
    check_unused_hold();
    hold_ = hold.where;
  }

  bool take_hold() {
    const bool held = hold_.line > 0;
    hold_ = {};
    return held;
  }

  void check_unused_hold() {
    const Location where = hold_;
    if (take_hold())
      error(where, "`@hold` marks the line below it; expected a statement, declaration or `def`");
  }

  // --- top level
  // -----------------------------------------------------------------------------------
  void top_line() {
    const Location where = here();
    const int level = line().level;
    const bool was_stray = stray_;
    stray_ = false;
    ParsedLine parsed = take();
    if (auto* hold = std::get_if<HoldLine>(&parsed)) return remember(*hold);
    if (auto* import = std::get_if<Import>(&parsed)) {
      check_unused_hold();
      program_.imports.push_back(std::move(*import));
    } else if (auto* declaration = std::get_if<Declaration>(&parsed)) {
      declaration->hold = take_hold();
      program_.declarations.push_back(std::move(*declaration));
    } else if (auto* function = std::get_if<FunctionDefinition>(&parsed)) {
      add_function(std::move(*function), level, 0);
    } else {
      stray_ = !std::holds_alternative<std::monostate>(parsed);
      if (stray_ && !was_stray) outside(where);
      take_hold();
      skip_block(level, 0);
    }
  }

  /// Reports a statement outside any function; of several in a row only the first.
  void outside(const Location& where) {
    std::string hint = "put it into `def Setup():`, `def Predict():` or `def Learn():`";
    if (!program_.functions.empty() && program_.functions.back().body.empty()) {
      hint = fmt::format("indent it to put it into `{}`", program_.functions.back().name);
    }
    error(where, "statement outside any function; expected a declaration, an import or `def`",
          hint);
  }

  void add_function(FunctionDefinition function, int level, int depth) {
    function.hold = take_hold();
    if (inside(level) && line().doc) {
      function.doc = clean_doc(line().text);
      ++at_;
    }
    if (inside(level)) function.body = block(level, depth + 1);
    program_.functions.push_back(std::move(function));
  }

  // --- blocks
  // --------------------------------------------------------------------------------------
  /// The statements deeper than `level`; `depth` counts the blocks and branches they are in.
  std::vector<Statement> block(int level, int depth) {
    const Location outer_hold = std::exchange(hold_, {});
    std::vector<Statement> body;
    int current = line().level;
    while (inside(level)) {
      check_indent(current);
      statement(body, depth);
    }
    check_unused_hold();
    hold_ = outer_hold;
    return body;
  }

  /// Reads a block that belongs to nothing, for the errors in it.
  void skip_block(int level, int depth) {
    if (inside(level)) block(level, depth + 1);
  }

  std::vector<Statement> required_block(const Location& header, int level, int depth,
                                        const char* after) {
    if (inside(level)) return block(level, depth + 1);
    error(header, fmt::format("expected an indented block after `{}`", after),
          "write `pass` where nothing is to be done");
    return {};
  }

  void statement(std::vector<Statement>& body, int depth) {
    const Location where = here();
    const int level = line().level;
    ParsedLine parsed = take();
    if (auto* hold = std::get_if<HoldLine>(&parsed)) return remember(*hold);
    if (auto* made = std::get_if<Statement>(&parsed)) {
      made->hold = take_hold();
      finish(*made, level, depth);
      body.push_back(std::move(*made));
      return;
    }
    const bool held = take_hold();
    const bool branch =
        std::holds_alternative<ElifLine>(parsed) || std::holds_alternative<ElseLine>(parsed);
    if (held && branch) {
      error(where, "`@hold` cannot mark one branch", "put it above the `if`, to mark all branches");
      return skip_block(level, depth);
    }
    misplaced(parsed, where, level, depth);
  }

  void finish(Statement& made, int level, int depth) {
    if (made.kind == Statement::Kind::loop) {
      made.body = required_block(made.where, level, depth, "for");
    } else if (made.kind == Statement::Kind::branch) {
      finish_branch(made, "if", level, depth);
    }
  }

  void finish_branch(Statement& branch, const char* word, int level, int depth) {
    branch.body = required_block(branch.where, level, depth, word);
    if (done() || line().level != level) return;
    if (begins_with("else")) {
      const ParsedLine parsed = take();
      const auto* otherwise = std::get_if<ElseLine>(&parsed);
      if (!otherwise) return skip_block(level, depth);
      branch.otherwise = required_block(otherwise->where, level, depth, "else");
    } else if (begins_with("elif")) {
      if (depth >= kMaxLevels)
        return error(here(), fmt::format("more than {} branches in a row", kMaxLevels));
      ParsedLine parsed = take();
      Statement nested;
      nested.kind = Statement::Kind::branch;
      if (auto* elif = std::get_if<ElifLine>(&parsed)) {
        nested.where = elif->where;
        nested.value = std::move(elif->condition);
        finish_branch(nested, "elif", level, depth + 1);
        branch.otherwise.push_back(std::move(nested));
      } else {
        nested.where = branch.where;
        skip_bad_elif(nested, level, depth);
      }
    }
  }

  /// After a bad `elif` the branches that follow still belong to it.
  void skip_bad_elif(Statement& nested, int level, int depth) {
    if (inside(level)) finish_branch(nested, "elif", level, depth + 1);
  }

  /// Reports a line that cannot stand in a function, and reads what is below it.
  void misplaced(ParsedLine& parsed, const Location& where, int level, int depth) {
    if (auto* function = std::get_if<FunctionDefinition>(&parsed)) {
      error(where, fmt::format("function `{}` inside another function", function->name),
            "`def` begins at the left margin");
      return add_function(std::move(*function), level, depth);
    }
    if (auto* declaration = std::get_if<Declaration>(&parsed)) {
      error(where, fmt::format("declaration of `{}` inside a function", declaration->name),
            "declarations stand at the left margin, before the functions");
      program_.declarations.push_back(std::move(*declaration));
    } else if (auto* import = std::get_if<Import>(&parsed)) {
      error(where, "import inside a function", "imports stand at the left margin");
      program_.imports.push_back(std::move(*import));
    } else if (std::holds_alternative<ElifLine>(parsed) ||
               std::holds_alternative<ElseLine>(parsed)) {
      error(where, fmt::format("`{}` without an `if` above it in the same column",
                               std::holds_alternative<ElifLine>(parsed) ? "elif" : "else"));
    }
    skip_block(level, depth);
  }

  const Lines& lines_;
  Diagnostics& diagnostics_;
  Program program_;
  std::size_t at_ = 0;
  long nodes_ = 0;
  Location hold_;       ///< of an `@hold` whose line has not come yet
  bool stray_ = false;  ///< the last line was a statement outside any function
};

}  // namespace

Program parse(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics) {
  const Lines lines = read_lines(std::move(file), diagnostics);
  return Assembler(lines, diagnostics).run();
}

std::optional<Expr> parse_expression(const std::string& text, Diagnostics& diagnostics,
                                     const std::string& source) {
  const auto file = std::make_shared<const SourceFile>(SourceFile{source, text});
  const Lines lines = read_lines(file, diagnostics);
  if (!diagnostics.ok() && lines.lines.empty()) return {};
  if (lines.lines.size() != 1 || lines.lines[0].doc) {
    diagnostics.error({file, 1, 1, 1}, "expected one expression");
    return {};
  }
  if (lines.lines[0].broken) return {};
  long nodes = 0;
  return parse_expression_line(lines, lines.lines[0], nodes, diagnostics);
}

}  // namespace mlz::text
