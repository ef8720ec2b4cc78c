#include "lang/text/grammar.hpp"

#include <fmt/format.h>

#include <boost/spirit/home/x3.hpp>

#include "lang/text/hints.hpp"
#include "lang/text/tokens.hpp"

// Rules have no attributes: what is recognised goes to the Builder at once, so that no expression
// is copied on its way through the levels of precedence. This needs a grammar that never goes back
// over an action: each alternative is chosen by its first token, and what must follow is demanded
// with `>`.

namespace x3 = boost::spirit::x3;

namespace mlz::text::grammar {

using Action = void (Builder::*)(std::string_view);

/// A token: blanks are skipped, and what matched is handed to an action of the Builder. `what`
/// names it in messages: "expected <what>".
struct Token : x3::parser<Token> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  const char* what;
  Match match;
  std::string_view spelling;
  Action action = nullptr;

  constexpr Token(const char* what_, Match match_, std::string_view spelling_ = {})
      : what(what_), match(match_), spelling(spelling_) {}

  constexpr Token then(Action act) const {
    Token changed = *this;
    changed.action = act;
    return changed;
  }

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(const char*& first, const char* const& last, const Context& context, RuleContext&,
             Attribute&) const {
    const char* begin = first;
    while (begin != last && (*begin == ' ' || *begin == '\t')) ++begin;
    const std::string_view rest(begin, static_cast<std::size_t>(last - begin));
    const std::size_t length = match(rest, spelling);
    if (length == 0) return false;
    first = begin + length;
    Builder& builder = x3::get<Builder>(context);
    if (action) (builder.*action)(rest.substr(0, length));
    return true;
  }
};

/// An action of the Builder that consumes nothing.
struct Do : x3::parser<Do> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  Action action;
  constexpr explicit Do(Action act) : action(act) {}

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(const char*& first, const char* const&, const Context& context, RuleContext&,
             Attribute&) const {
    Builder& builder = x3::get<Builder>(context);
    (builder.*action)({first, 0});
    return true;
  }
};

constexpr Token word(std::string_view spelling, const char* what) {
  return {what, match_word, spelling};
}
constexpr Token sign(std::string_view spelling, const char* what) {
  return {what, match_text, spelling};
}
constexpr Token colon(const char* what) { return {what, match_text, ":"}; }

using B = Builder;

// --- tokens --------------------------------------------------------------------------------------
constexpr Token name{"a name", match_name};
constexpr Token comma = sign(",", "`,`");
constexpr Token open_paren = sign("(", "`(`");
constexpr Token close_paren = sign(")", "a closing `)`");
constexpr Token open_bracket = sign("[", "`[`");
constexpr Token close_bracket = sign("]", "a closing `]`");
constexpr Token equals{"`=` and a value", match_assign};

// --- expressions ---------------------------------------------------------------------------------
constexpr x3::rule<struct expression_tag> expression = "an expression";
constexpr x3::rule<struct conjunction_tag> conjunction = "an expression";
constexpr x3::rule<struct negation_tag> negation = "an expression";
constexpr x3::rule<struct comparison_tag> comparison = "an expression";
constexpr x3::rule<struct sum_tag> sum = "an expression";
constexpr x3::rule<struct product_tag> product = "an expression";
constexpr x3::rule<struct signed_tag> signed_ = "an expression";
constexpr x3::rule<struct postfix_tag> postfix = "an expression";
constexpr x3::rule<struct call_tag> call = "arguments";
constexpr x3::rule<struct argument_tag> argument = "an argument";
constexpr x3::rule<struct subscript_tag> subscript = "an index";

constexpr Do fold{&B::finish_infix};

constexpr auto expression_def =
    conjunction >> *(word("or", "or").then(&B::infix) > conjunction > fold);
constexpr auto conjunction_def =
    negation >> *(word("and", "and").then(&B::infix) > negation > fold);
constexpr auto negation_def =
    (word("not", "not").then(&B::prefix) > negation > Do(&B::finish_prefix)) | comparison;

constexpr Token compare{"a comparison", match_comparison};
constexpr auto comparison_def =
    sum >> -((compare.then(&B::infix) > sum > fold) >> -compare.then(&B::no_chain));
constexpr auto sum_def =
    product >> *(Token("+", match_additive).then(&B::infix) > product > fold);
constexpr auto product_def =
    signed_ >> *(Token("*", match_multiplicative).then(&B::infix) > signed_ > fold);
constexpr auto signed__def =
    (sign("-", "-").then(&B::prefix) > signed_ > Do(&B::finish_prefix)) |
    (postfix >> -(Token("**", match_power).then(&B::power) > signed_ > Do(&B::finish_power)));

constexpr auto close_call = close_paren.then(&B::close_call);
constexpr auto argument_def =
    ((Token("a name", match_keyword).then(&B::keyword) > equals > expression) | expression) >>
    Do(&B::argument);
constexpr auto call_def =
    open_paren.then(&B::open_call) >
    (close_call |
     ((x3::eps > argument) >> *((comma >> !close_paren) > argument) >> -comma > close_call));

constexpr auto group =
    open_paren.then(&B::open) > expression >
    *((comma.then(&B::comma) >> !close_paren) > expression) > -comma.then(&B::comma) >
    close_paren.then(&B::close_group);
constexpr auto close_list = close_bracket.then(&B::close_list);
constexpr auto list =
    open_bracket.then(&B::open) >
    (close_list |
     ((x3::eps > expression) >> *((comma >> !close_bracket) > expression) >> -comma > close_list));

constexpr auto subscript_def =
    (colon("`:`").then(&B::index_all) >> -(expression >> Do(&B::index_high))) |
    (expression >> Do(&B::index_low) >>
     -(colon("`:`").then(&B::index_colon) >> -(expression >> Do(&B::index_high))));
constexpr auto index =
    open_bracket.then(&B::open_index) > subscript > *(comma > subscript) >
    close_bracket.then(&B::close_index);

constexpr auto atom =
    Token("a number", match_number).then(&B::number) |
    ((sign("?", "`?`").then(&B::hole) | Token("a name", match_dotted).then(&B::name)) >> -call) |
    group | list;
constexpr auto postfix_def = atom >> *(index | Token("`.T`", match_transpose).then(&B::transpose));

BOOST_SPIRIT_DEFINE(expression, conjunction, negation, comparison, sum, product, signed_, postfix,
                    call, argument, subscript)

// --- declarations --------------------------------------------------------------------------------
constexpr x3::rule<struct declared_tag> declared = "`:` and a type, or `=` and a value";
constexpr x3::rule<struct assigned_tag> assigned = "`=` and a value";
constexpr x3::rule<struct line_tag> line_rule = "a statement";

constexpr auto module_line =
    (word("import", "`import`").then(&B::import_line) > name.then(&B::import_module)) |
    (word("from", "`from`").then(&B::import_line) > name.then(&B::import_module) >
     word("import", "`import`") > name.then(&B::import_name) >
     *(comma > name.then(&B::import_name)));

constexpr auto constant_line =
    (word("size", "`size`").then(&B::declaration) |
     word("const", "`const`").then(&B::declaration)) >
    name.then(&B::declared_name) > equals > expression > Do(&B::declared_value);

constexpr auto family_range =
    word("in", "`in`").then(&B::family_variable) > word("range", "`range(count)`") > open_paren >
    expression > close_paren > Do(&B::family_range);
constexpr auto family =
    open_bracket > expression > (family_range | Do(&B::family_count)) > close_bracket;
constexpr auto initial = (equals > expression > Do(&B::declared_value)) |
                     (sign("~", "`~`") > expression > Do(&B::distribution));
constexpr auto dimension = x3::eps > expression > Do(&B::dimension);
constexpr auto type =
    colon("`:`") > Token("a type: scalar, vector[n] or matrix[n, m]", match_name).then(&B::type) >
    -(open_bracket > dimension > *(comma > dimension) > close_bracket) > Do(&B::finish_type);
constexpr auto declared_def = (type > -initial) | initial;
constexpr auto register_line =
    (word("param", "`param`").then(&B::declaration) |
     word("state", "`state`").then(&B::declaration)) >
    name.then(&B::declared_name) > *family > declared;

// --- statements ----------------------------------------------------------------------------------
constexpr auto parameter = name.then(&B::parameter);
constexpr auto function_line =
    word("def", "`def`").then(&B::function) > name.then(&B::function_name) > open_paren >
    -(parameter > *(comma > parameter)) > close_paren > colon("`:` at the end of `def`");
constexpr auto loop_line =
    word("for", "`for`").then(&B::loop) > name.then(&B::loop_variable) > word("in", "`in`") >
    expression > colon("`:` at the end of `for`") > Do(&B::finish_loop);
constexpr auto branch_line =
    (word("if", "`if`").then(&B::branch) > expression > colon("`:` at the end of `if`") >
     Do(&B::finish_branch)) |
    (word("elif", "`elif`").then(&B::elif) > expression > colon("`:` at the end of `elif`") >
     Do(&B::finish_elif)) |
    (word("else", "`else`").then(&B::otherwise) > colon("`:` after `else`"));

constexpr auto expressions = expression >> *(comma > expression);
constexpr auto result_line =
    word("return", "`return`").then(&B::result) > expressions > Do(&B::finish_result);
constexpr auto assigned_def =
    (equals.then(&B::assign) > expression > *(comma > expression) > Do(&B::finish_assign)) |
    (Token("`+=`", match_augmented).then(&B::augmented) > expression > Do(&B::finish_augmented)) |
    (x3::eoi >> Do(&B::lone_expression));
constexpr auto plain_line =
    word("pass", "`pass`").then(&B::pass) | word("@hold", "`@hold`").then(&B::hold) |
    Token("`?`", match_hole_line).then(&B::hole_line) | (expressions > assigned);

constexpr auto line_rule_def = module_line | constant_line | register_line | function_line |
                               loop_line | branch_line | result_line | plain_line;

BOOST_SPIRIT_DEFINE(declared, assigned, line_rule)

}  // namespace mlz::text::grammar

namespace boost::spirit::x3 {
template <>
struct get_info<mlz::text::grammar::Token> {
  using result_type = std::string;
  std::string operator()(const mlz::text::grammar::Token& token) const { return token.what; }
};
}  // namespace boost::spirit::x3

namespace mlz::text {
namespace {

class LineParser {
 public:
  LineParser(const Lines& lines, const LogicalLine& line, Diagnostics& diagnostics)
      : lines_(lines), line_(line), diagnostics_(diagnostics) {}

  /// Whether `rule` matches the whole line; if not, the error is reported.
  template <typename Rule>
  bool parse(const Rule& rule, Builder& builder) {
    const char* first = begin();
    const char* const last = first + line_.text.size();
    try {
      const bool matched = x3::parse(first, last, x3::with<Builder>(builder)[rule]);
      if (matched && first == last) return true;
      report(first, matched ? "" : "a statement");
    } catch (const x3::expectation_failure<const char*>& failure) {
      report(failure.where(), failure.which());
    } catch (const SyntaxError& error) {
      diagnostics_.error(error.where, error.message, error.hint);
    }
    return false;
  }

 private:
  const char* begin() const { return line_.text.data(); }

  void report(const char* where, const std::string& expected) {
    while (where != begin() + line_.text.size() && (*where == ' ' || *where == '\t')) ++where;
    const auto offset = static_cast<std::size_t>(where - begin());
    const std::string found = found_at(line_.text, offset);
    const Location place = locate(lines_, line_, offset, found_length(line_.text, offset));
    diagnostics_.error(place,
                       expected.empty() ? fmt::format("unexpected {}", found)
                                        : fmt::format("expected {}, found {}", expected, found),
                       hint_at(line_.text, offset));
  }

  const Lines& lines_;
  const LogicalLine& line_;
  Diagnostics& diagnostics_;
};

}  // namespace

ParsedLine parse_line(const Lines& lines, const LogicalLine& line, long& nodes,
                      Diagnostics& diagnostics) {
  Builder builder(lines, line, nodes);
  LineParser parser(lines, line, diagnostics);
  if (!parser.parse(grammar::line_rule, builder)) return {};
  return builder.take_line();
}

std::optional<Expr> parse_expression_line(const Lines& lines, const LogicalLine& line, long& nodes,
                                          Diagnostics& diagnostics) {
  Builder builder(lines, line, nodes);
  LineParser parser(lines, line, diagnostics);
  if (!parser.parse(x3::eps > grammar::expression, builder)) return {};
  return builder.take_expression();
}

}  // namespace mlz::text
