#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lang/text/builder.hpp"

namespace mlz::text {
namespace {

constexpr int kMaxHoles = 1000;  // instructions of one `?8`

bool is_plain_name(const Expr& expr) {
  return expr.kind == Expr::Kind::name && expr.text.find('.') == std::string::npos;
}

bool is_range(const Expr& expr) { return expr.kind == Expr::Kind::call && expr.text == "range"; }

}  // namespace

void Builder::import_line(std::string_view) { parsed_.emplace<Import>(); }

void Builder::import_module(std::string_view token) {
  std::get<Import>(parsed_).module = token;
  std::get<Import>(parsed_).where = locate(token);
}

void Builder::import_name(std::string_view token) {
  std::get<Import>(parsed_).names.emplace_back(token);
}

void Builder::declaration(std::string_view token) {
  using Kind = Declaration::Kind;
  Declaration& made = parsed_.emplace<Declaration>();
  made.kind = token == "size"    ? Kind::size
              : token == "const" ? Kind::constant
              : token == "param" ? Kind::param
                                 : Kind::state;
}

void Builder::declared_name(std::string_view token) {
  declared().name = token;
  declared().where = locate(token);
}

void Builder::family_count(std::string_view) {
  Expr count = pop().expr;
  const std::string variable = is_plain_name(count) ? count.text : std::string();
  declared().family.push_back({variable, std::move(count)});
}

void Builder::family_variable(std::string_view) {
  const Expr& variable = operands_.back().expr;
  if (!is_plain_name(variable)) fail(variable.where, "expected a name for the index before `in`");
}

void Builder::family_range(std::string_view) {
  Expr count = pop().expr;
  const std::string variable = pop().expr.text;
  declared().family.push_back({variable, std::move(count)});
}

void Builder::type(std::string_view token) {
  if (token != "scalar" && token != "vector" && token != "matrix") {
    fail(token, fmt::format("expected a type, found `{}`", token),
         "types are scalar, vector[n] and matrix[n, m]");
  }
  declared().type = token;
  declared().type_where = locate(token);
}

void Builder::dimension(std::string_view) { declared().dimensions.push_back(pop().expr); }

void Builder::finish_type(std::string_view) {
  const Declaration& d = declared();
  const std::size_t expected = d.type == "scalar" ? 0 : d.type == "vector" ? 1 : 2;
  if (d.dimensions.size() == expected) return;
  const char* form = expected == 0 ? "scalar" : expected == 1 ? "vector[n]" : "matrix[n, m]";
  fail(d.type_where,
       fmt::format("a {} has {} dimension{}, found {}", d.type, expected, expected == 1 ? "" : "s",
                   d.dimensions.size()),
       fmt::format("write `{}`", form));
}

void Builder::declared_value(std::string_view) { declared().value = pop().expr; }

void Builder::distribution(std::string_view) {
  Expr draw = pop().expr;
  if (declared().kind != Declaration::Kind::param) {
    fail(draw.where, "only a param can be drawn where it is declared", "draw the state in Setup");
  }
  if (draw.kind != Expr::Kind::call) {
    fail(draw.where, "expected a distribution after `~`", "for example `~ normal(0, 0.1)`");
  }
  declared().distribution = std::move(draw);
}

void Builder::function(std::string_view) { parsed_.emplace<FunctionDefinition>(); }

void Builder::function_name(std::string_view token) {
  std::get<FunctionDefinition>(parsed_).name = token;
  std::get<FunctionDefinition>(parsed_).where = locate(token);
}

void Builder::parameter(std::string_view token) {
  auto& parameters = std::get<FunctionDefinition>(parsed_).parameters;
  const auto same = [&](const Parameter& p) { return p.name == token; };
  if (std::any_of(parameters.begin(), parameters.end(), same)) {
    fail(token, fmt::format("two parameters are named `{}`", token));
  }
  parameters.push_back({std::string(token), locate(token)});
}

Statement& Builder::statement(Statement::Kind kind, std::string_view token) {
  Statement& made = parsed_.emplace<Statement>();
  made.kind = kind;
  made.where = locate(token);
  return made;
}

void Builder::loop(std::string_view token) { statement(Statement::Kind::loop, token); }

void Builder::loop_variable(std::string_view token) { current().variable = token; }

void Builder::finish_loop(std::string_view) {
  Expr over = pop().expr;
  const bool reversed = over.kind == Expr::Kind::call && over.text == "reversed" &&
                        over.arguments.size() == 1 && over.arguments[0].keyword.empty() &&
                        is_range(over.arguments[0].value);
  if (!reversed && !is_range(over)) {
    fail(over.where, "a loop counts through `range(...)` or `reversed(range(...))`",
         "write `for i in range(n):`");
  }
  current().value = std::move(over);
}

void Builder::branch(std::string_view token) { statement(Statement::Kind::branch, token); }
void Builder::finish_branch(std::string_view) { current().value = pop().expr; }

void Builder::elif (std::string_view token) { parsed_.emplace<ElifLine>().where = locate(token); }
void Builder::finish_elif(std::string_view) { std::get<ElifLine>(parsed_).condition = pop().expr; }

void Builder::otherwise(std::string_view token) {
  parsed_.emplace<ElseLine>().where = locate(token);
}
void Builder::hold(std::string_view token) { parsed_.emplace<HoldLine>().where = locate(token); }
void Builder::pass(std::string_view token) { statement(Statement::Kind::pass, token); }

void Builder::hole_line(std::string_view token) {
  Statement& made = statement(Statement::Kind::hole, token);
  if (token.size() == 1) return;
  const auto read = std::from_chars(token.data() + 1, token.data() + token.size(), made.hole_count);
  if (read.ec != std::errc() || made.hole_count < 1 || made.hole_count > kMaxHoles) {
    fail(token, fmt::format("expected a number of instructions from 1 to {} after `?`", kMaxHoles));
  }
}

Expr Builder::bare_list() {
  if (operands_.size() == 1) return pop().expr;
  Expr list = make(Expr::Kind::tuple, line_.text.substr(0, 1));
  list.where = operands_.front().expr.where;
  int depth = 0;
  list.operands = pop_from(0, depth);
  return list;
}

void Builder::result(std::string_view token) { statement(Statement::Kind::result, token); }
void Builder::finish_result(std::string_view) { current().value = bare_list(); }

void Builder::check_target(const Expr& target) const {
  const Expr* base = &target;
  while (base->kind == Expr::Kind::index) base = &base->operands[0];
  if (is_plain_name(*base)) return;
  const bool compared = target.kind == Expr::Kind::binary;
  fail(base->where, "only a name, or a part of it in brackets, can be assigned to",
       compared ? "the left side of `=` is one name: `y = a + b`" : "");
}

void Builder::assign(std::string_view) {
  Expr left = bare_list();
  Statement& made = parsed_.emplace<Statement>();
  made.kind = Statement::Kind::assign;
  if (left.kind == Expr::Kind::tuple && left.operands.size() > 1) {
    made.targets = std::move(left.operands);
  } else {
    made.targets.push_back(std::move(left));
  }
  for (const Expr& target : made.targets) check_target(target);
  made.where = made.targets[0].where;
}

void Builder::finish_assign(std::string_view) { current().value = bare_list(); }

void Builder::augmented(std::string_view token) {
  if (operands_.size() > 1) fail(token, fmt::format("`{}` has one name on its left", token));
  check_target(operands_[0].expr);
  statement(Statement::Kind::assign, token).targets.push_back(operands_[0].expr);
  current().where = operands_[0].expr.where;
  infix(token.substr(0, 1));
}

void Builder::finish_augmented(std::string_view token) {
  finish_infix(token);
  current().value = pop().expr;
}

void Builder::lone_expression(std::string_view) {
  Expr value = bare_list();
  if (value.kind != Expr::Kind::call) {
    const bool compared = value.kind == Expr::Kind::binary && value.text == "==";
    fail(value.where, "this line computes a value and does nothing with it",
         compared ? "`==` compares; assign with `=`" : "assign it to a name: `y = ...`");
  }
  Statement& made = parsed_.emplace<Statement>();
  made.kind = Statement::Kind::expression;
  made.where = value.where;
  made.value = std::move(value);
}

}  // namespace mlz::text
