#include <fmt/format.h>

#include <algorithm>

#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"

namespace mlz::text {
namespace {

using Made = mlz::Declaration;

bool reserved(const std::string& name) {
  return handed_in(name) || name == "n_features";
}

}  // namespace

void Lowering::check_overrides() {
  for (const auto& [name, text] : options_.set) {
    std::vector<std::string> known;
    bool found = false;
    for (const Declaration& d : main_.program.declarations) {
      if (d.kind == Declaration::Kind::state) continue;
      known.push_back(d.name);
      found = found || d.name == name;
    }
    if (found) continue;
    const std::string near = closest(name, known);
    std::string hint = near.empty() ? "the program can be set:" : fmt::format("did you mean `{}`? It has", near);
    for (const std::string& candidate : known) hint += " " + candidate;
    error({main_.program.file, 0, 0, 0}, fmt::format("--set {}: the program declares no such size, const or param", name),
          known.empty() ? "the program declares no size, const or param" : hint);
  }
}

Declaration Lowering::with_override(const Declaration& ast) {
  const auto found = options_.set.find(ast.name);
  if (found == options_.set.end() || ast.kind == Declaration::Kind::state) return ast;
  Declaration changed = ast;
  Diagnostics problems;
  const std::optional<Expr> value = parse_expression(found->second, problems,
                                                     fmt::format("--set {}={}", ast.name, found->second));
  if (!value || !problems.ok()) {
    error(ast.where, fmt::format("--set {}={}: the value is not an expression", ast.name, found->second),
          "expected a number, or for a list of sizes [8, 16]");
    return changed;
  }
  changed.value = *value;
  changed.distribution = {};
  return changed;
}

void Lowering::declare_all() {
  for (const Declaration& d : main_.program.declarations) declare(with_override(d));
  batched_ = declaration("batch") != nullptr;
}

bool Lowering::name_is_free(const Declaration& ast) {
  const auto& sizes = task_size_names();
  if (std::find(sizes.begin(), sizes.end(), ast.name) != sizes.end()) {
    error(ast.where, fmt::format("`{}` is a size that the task hands in", ast.name), "choose another name");
    return false;
  }
  if (reserved(ast.name)) {
    error(ast.where, fmt::format("`{}` is handed in by the task and cannot be declared", ast.name),
          "choose another name");
    return false;
  }
  const bool is_register = ast.kind == Declaration::Kind::param || ast.kind == Declaration::Kind::state;
  if (!is_register && (numbered_kind(ast.name) != 0 || ast.name == "y")) {
    error(ast.where, fmt::format("`{}` is the name of a register", ast.name), "choose another name");
    return false;
  }
  if (const Made* earlier = declaration(ast.name)) {
    error(ast.where, fmt::format("`{}` is declared twice", ast.name)).notes.push_back({earlier->where, "first here"});
    return false;
  }
  return true;
}

void Lowering::declare(const Declaration& ast) {
  current_ = ast.where;
  if (!name_is_free(ast)) return;
  Made made;
  made.kind = static_cast<Made::Kind>(ast.kind);
  made.name = ast.name;
  made.hold = ast.hold;
  made.where = ast.where;
  if (ast.kind == Declaration::Kind::size) {
    declare_size(ast, made);
  } else if (ast.kind == Declaration::Kind::constant) {
    const auto value = need_static(ast.value, "the value of a const");
    made.value = value.value_or(StaticExpr::number(0));
    core_.declarations.push_back(made);
  } else {
    declare_register(ast, made);
  }
}

void Lowering::declare_size(const Declaration& ast, Made& made) {
  made.value = StaticExpr::number(1);
  if (ast.value.kind == Expr::Kind::list) {
    std::vector<StaticExpr> items;
    for (const Expr& item : ast.value.operands) {
      const auto value = need_size(item);
      items.push_back(value.value_or(StaticExpr::number(1)));
    }
    if (items.empty()) error(ast.where, "a list of sizes needs at least one entry");
    made.value = StaticExpr::list(items);
    core_.sizes.lists[ast.name] = made.value;
  } else if (const auto value = need_size(ast.value)) {
    made.value = *value;
    if (value->kind() != StaticExpr::Kind::number) core_.sizes.aliases[ast.name] = *value;
    else if (value->value() < 1) error(ast.value.where, fmt::format("a size must be at least 1, not {}", value->print()));
  }
  core_.declarations.push_back(made);
}

bool Lowering::declare_family(const Declaration& ast, Made& made) {
  for (const FamilyDimension& dimension : ast.family) {
    const auto count = need_size(dimension.count);
    if (!count) return false;
    std::string variable = dimension.variable;
    const bool taken = declaration(variable) != nullptr || scope_->names.count(variable) != 0;
    if (variable.empty() || taken) variable = fresh("i");
    // The short form lets the name of the count stand for the index inside the shape.
    if (dimension.count.kind == Expr::Kind::name) {
      Value index{Value::Kind::constant, ast.where, StaticExpr::name(variable), {}, {}, variable};
      if (dimension.variable == dimension.count.text) scope_->names[dimension.count.text] = index;
    }
    scope_->names[variable] = {Value::Kind::constant, ast.where, StaticExpr::name(variable), {}, {}, variable};
    made.family.push_back({variable, *count});
  }
  return true;
}

std::optional<Shape> Lowering::declared_shape(const Declaration& ast) {
  const std::size_t wanted = ast.type == "vector" ? 1 : ast.type == "matrix" ? 2 : 0;
  if (ast.type != "scalar" && wanted == 0) {
    error(ast.type_where, fmt::format("`{}` is not a type; expected scalar, vector[n] or matrix[rows, columns]", ast.type));
    return {};
  }
  if (ast.dimensions.size() != wanted) {
    error(ast.type_where, fmt::format("{} takes {} size{}, not {}", ast.type, wanted, wanted == 1 ? "" : "s",
                                      ast.dimensions.size()));
    return {};
  }
  std::vector<Dim> dims;
  for (const Expr& e : ast.dimensions) {
    const auto size = need_size(e);
    if (!size) return {};
    const auto dim = Dim::of(*size, core_.sizes);
    if (!dim) {
      error(e.where, fmt::format("`{}` is not a whole number, so it cannot be a size", size->print()));
      return {};
    }
    dims.push_back(*dim);
  }
  if (wanted == 0) return Shape::scalar();
  return wanted == 1 ? Shape::vector(dims[0]) : Shape::matrix(dims[0], dims[1]);
}

void Lowering::declare_register(const Declaration& ast, Made& made) {
  const std::map<std::string, Value> outer = scope_->names;
  bool ok = declare_family(ast, made);
  if (ok && !ast.type.empty()) {
    const auto shape = declared_shape(ast);
    ok = shape.has_value();
    made.shape = shape.value_or(Shape::scalar());
  } else if (ok && ast.value.kind != Expr::Kind::name) {
    error(ast.where, fmt::format("`{}` needs a shape", ast.name), "for example: state w : vector[features]");
    ok = false;
  }
  if (ok) declare_start(ast, made);
  scope_->names = outer;
  if (!ok || poisoned_.count(ast.name)) {
    poisoned_.insert(ast.name);
    return;
  }
  core_.declarations.push_back(made);
  RegisterInfo& info = add_register(ast.name, made.shape, ast.where);
  info.family = made.family;
  info.is_state = ast.kind == Declaration::Kind::state;
  info.is_param = ast.kind == Declaration::Kind::param;
}

void Lowering::declare_start(const Declaration& ast, Made& made) {
  if (ast.distribution.kind != Expr::Kind::none) declare_draw(ast, made);
  if (ast.value.kind == Expr::Kind::none) return;
  if (ast.kind == Declaration::Kind::param) {
    if (const auto value = need_static(ast.value, "the value of a param")) made.value = *value;
    return;
  }
  const RegisterInfo* source = ast.value.kind == Expr::Kind::name ? find_register(ast.value.text) : nullptr;
  if (source == nullptr && ast.value.kind == Expr::Kind::name && declared_below(ast.value)) {
    poisoned_.insert(ast.name);
    return;
  }
  if (source == nullptr || !source->is_param) {
    error(ast.value.where, "a state starts at zero or as a param", "declare a param with that value, or assign in Setup");
    poisoned_.insert(ast.name);
    return;
  }
  const std::size_t indices = made.family.size();
  if (ast.type.empty()) made.shape = source->shape;
  if (ast.type.empty() && indices == 0) made.family = source->family;
  made.starts_as = source->name;
  std::map<std::string, StaticExpr> rename;
  for (std::size_t i = 0; i < std::min(made.family.size(), source->family.size()); ++i) {
    rename[source->family[i].variable] = StaticExpr::name(made.family[i].variable);
  }
  const Shape theirs = substitute(source->shape, rename, core_.sizes);
  if (ast.type.empty()) made.shape = theirs;
  if (made.family.size() != source->family.size() || !(made.shape == theirs)) {
    error(ast.value.where, fmt::format("`{}` is {} and cannot start as `{}`, which is {}", ast.name,
                                       made.shape.print(), source->name, source->shape.print()))
        .notes.push_back({first_seen_[source->name], "declared here"});
    poisoned_.insert(ast.name);
  }
}

void Lowering::declare_draw(const Declaration& ast, Made& made) {
  const Expr& call = ast.distribution;
  const std::vector<OpId> ops = find_ops(call.text);
  if (ast.kind != Declaration::Kind::param) {
    error(call.where, "only a param is drawn", "give a state its value in Setup: W = normal(0, 0.1)");
    poisoned_.insert(ast.name);
  } else if (ops.empty() || !op_info(ops[0]).has(kRandom)) {
    error(call.where, fmt::format("`{}` is not a distribution", call.text),
          "one of normal, truncated_normal, uniform, bernoulli");
    poisoned_.insert(ast.name);
  } else if (call.arguments.size() != op_info(ops[0]).operands.size()) {
    error(call.where, fmt::format("`{}` takes {} numbers", call.text, op_info(ops[0]).operands.size()));
    poisoned_.insert(ast.name);
  } else {
    made.draw = ops[0];
    for (const Argument& argument : call.arguments) {
      const auto value = need_static(argument.value, "an argument of a distribution");
      made.draw_args.push_back(value.value_or(StaticExpr::number(0)));
    }
  }
}

}  // namespace mlz::text
