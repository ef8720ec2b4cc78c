#include "evolve/general/invent.hpp"

#include <algorithm>
#include <cmath>

#include "lang/core/diagnostics.hpp"
#include "lang/core/infer.hpp"
#include "lang/text/lowering.hpp"

namespace mlz::evolve {
namespace {

/// Draws before giving up.
constexpr int kTries = 24, kOperandTries = 6;
constexpr double kNumberShare = 0.25, kNewRegisterShare = 0.3;

bool is_number(const Operand& operand, double value) {
  return operand.kind == Operand::Kind::constant && operand.constant.kind() == StaticExpr::Kind::number &&
         operand.constant.value() == value;
}

bool is_constant(const Operand& operand) { return operand.kind == Operand::Kind::constant; }

StaticExpr number(double value) { return StaticExpr::number(value); }

bool same_shape(const Source& s, const Shape& shape) { return s.shape == shape; }

/// Whether the register is one of s<i>, v<i>, m<i>, on whose left side a literal index is a fraction.
bool numbered(const Outline& outline, const RegisterRef& ref) {
  const RegisterInfo* info = outline.program().find(ref.name);
  return text::numbered_kind(ref.name) != 0 && (info == nullptr || !info->is_state);
}

/// A dimension of something in scope.
StaticExpr draw_size(const Site& site) {
  const Source* s = site.pick_where([](const Source& source) { return source.shape.kind != Kind::scalar; });
  if (s == nullptr) return number(2);
  const std::size_t at = s->shape.kind == Kind::matrix ? site.draws.below(2) : 0;
  return s->shape.dims[at].expr();
}

std::vector<StaticExpr> shape_attribute(const Shape& shape) {
  std::vector<StaticExpr> dims;
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.kind); ++i) dims.push_back(shape.dims[i].expr());
  return dims;
}

/// -1 for all entries where that is allowed, else 0 or 1.
std::vector<StaticExpr> draw_axis(const CoreLine& line, const OpAttribute& attribute, Kind kind, Draws& draws) {
  if (line.op == OpId::concat) return {number(kind == Kind::matrix ? draws.below(2) : 0)};
  if (kind != Kind::matrix && attribute.optional) return {};
  const bool all = attribute.optional && line.op != OpId::argmax;
  const std::uint32_t choice = draws.below(all ? 3 : 2);
  return choice == 2 ? std::vector<StaticExpr>{} : std::vector<StaticExpr>{number(choice)};
}

/// Fills in attributes; `wanted` may be null.
void draw_attributes(const Site& site, CoreLine& line, const Shape* wanted) {
  const OpInfo& op = op_info(line.op);
  line.attributes.assign(op.attributes.size(), {});
  for (std::size_t i = 0; i < op.attributes.size(); ++i) {
    const OpAttribute& a = op.attributes[i];
    auto& value = line.attributes[i];
    const Shape* first = line.in.empty() || is_constant(line.in[0]) ? nullptr : site.outline.shape(line.in[0].reg);
    if (a.is_shape)
      value = shape_attribute(wanted != nullptr ? *wanted : site.pick()->shape);
    else if (a.name == "axis")
      value = draw_axis(line, a, first == nullptr ? Kind::scalar : first->kind, site.draws);
    else if (a.name == "n")
      value = {draw_size(site)};
    else if (a.name == "times")
      value = {site.draws.below(2) == 0 ? number(2) : draw_size(site)};
    else if (a.name == "value")
      value = {number(site.draws.uniform(-1, 1))};
    else
      value = {number(std::stod(a.default_value))};
  }
}

Operand draw_constant(const Site& site) {
  std::vector<const Declaration*> named;
  for (const Declaration& d : site.outline.program().declarations) {
    if (d.kind == Declaration::Kind::constant) named.push_back(&d);
  }
  if (!named.empty() && site.draws.below(3) == 0) {
    return Operand::of(StaticExpr::name(named[site.draws.below(static_cast<std::uint32_t>(named.size()))]->name));
  }
  return Operand::of(number(site.draws.uniform(-1, 1)));
}

std::optional<Operand> draw_operand(const Site& site, const std::string& kinds) {
  const bool scalar = kinds.find('s') != std::string::npos;
  if (scalar && site.draws.uniform() < kNumberShare) return draw_constant(site);
  const Source* s = site.pick_where(
      [&](const Source& source) { return kinds.find(kind_letter(source.shape.kind)) != std::string::npos; });
  if (s != nullptr) return Operand::of(s->ref);
  return scalar ? std::optional(draw_constant(site)) : std::nullopt;
}

/// Numbers of a sampler as AutoML-Zero draws them.
void draw_sampler_numbers(CoreLine& line, Draws& draws) {
  const bool bell = line.op == OpId::normal || line.op == OpId::truncated_normal;
  for (std::size_t i = 0; i < op_info(line.op).operands.size(); ++i) {
    const bool positive = (bell && i == 1) || line.op == OpId::bernoulli;
    line.in.push_back(Operand::of(number(positive ? draws.uniform() : draws.uniform(-1, 1))));
  }
}

/// An index that is valid for any size: all of it, the first or the last.
std::vector<Index> draw_index(Kind kind, Draws& draws) {
  std::vector<Index> index(static_cast<std::size_t>(kind));
  for (Index& i : index) {
    const std::uint32_t choice = draws.below(3);
    if (choice < 2) i = {Index::Kind::at, number(choice == 0 ? 0 : -1), {}};
  }
  const bool whole = std::all_of(index.begin(), index.end(), [](const Index& i) { return i.kind == Index::Kind::all; });
  if (whole) index[0] = {Index::Kind::at, number(0), {}};
  return index;
}

/// Draws operands one after the other, each a few times until the ones so far fit.
bool draw_operands(const Site& site, CoreLine& line) {
  const OpInfo& op = op_info(line.op);
  const std::size_t count = op.operands.size() + (op.variadic ? site.draws.below(2) : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto operand = draw_operand(site, op.operands[std::min(i, op.operands.size() - 1)]);
    if (!operand) return false;
    line.in.push_back(*operand);
  }
  return true;
}

/// A line without an output, and its shape, by one draw.
std::optional<Shape> draw_value(const Site& site, OpId op, CoreLine& line, const Shape* wanted) {
  line = {};
  line.op = op;
  if (op == OpId::set || op == OpId::set_fraction) return {};
  if (op_info(op).has(kRandom))
    draw_sampler_numbers(line, site.draws);
  else if (!draw_operands(site, line))
    return {};
  if (op == OpId::get) {
    if (const Shape* s = site.outline.shape(line.in[0].reg)) line.index = draw_index(s->kind, site.draws);
  }
  draw_attributes(site, line, wanted);
  auto shape = settle_line(line, site.outline);
  // The second operand is drawn again while it does not fit the first.
  for (int t = 0; !shape && line.in.size() == 2 && t < kOperandTries && !op_info(line.op).has(kRandom); ++t) {
    const auto operand = draw_operand(site, op_info(op).operands.back());
    if (!operand) break;
    line.op = op;
    line.in[1] = *operand;
    shape = settle_line(line, site.outline);
  }
  return shape;
}

/// Shapes of new registers are made of dimensions that the program has, so that programs cannot outgrow their task.
bool has_known_sizes(const Site& site, const Shape& shape) {
  const auto known = [&](const Dim& dim) {
    if (dim.is_one()) return true;
    return std::any_of(site.sources.begin(), site.sources.end(), [&](const Source* s) {
      return (s->shape.kind != Kind::scalar && s->shape.dims[0] == dim) ||
             (s->shape.kind == Kind::matrix && s->shape.dims[1] == dim);
    });
  };
  return shape.kind == Kind::scalar || (known(shape.dims[0]) && known(shape.dims[1]));
}

std::optional<RegisterRef> new_register(const Site& site, const Shape& shape, const GeneralSpace& space,
                                        CoreProgram& program) {
  if (temporaries_of(program) >= space.most_temporaries || !has_known_sizes(site, shape)) return {};
  RegisterInfo info;
  info.name = site.outline.fresh_name();
  info.shape = shape;
  const auto& loops = site.outline.blocks()[site.block].loops;
  for (const Dim& dim : shape.dims) {
    dim.expr().visit_names([&](const std::string& name) {
      const bool active = std::find(loops.begin(), loops.end(), name) != loops.end();
      auto& turns = info.per_iteration;
      if (active && std::find(turns.begin(), turns.end(), name) == turns.end()) turns.push_back(name);
    });
  }
  program.registers.push_back(info);
  return RegisterRef{info.name, {}};
}

std::optional<RegisterRef> draw_output(const Site& site, const Shape& shape, const GeneralSpace& space,
                                       CoreProgram& program) {
  const Source* old = site.pick_where([&](const Source& s) { return s.writable && same_shape(s, shape); });
  if (old == nullptr || site.draws.uniform() < kNewRegisterShare) {
    if (auto made = new_register(site, shape, space, program)) return made;
  }
  return old == nullptr ? std::nullopt : std::optional(old->ref);
}

/// A line that writes a part of a register.
std::optional<CoreLine> draw_set(const Site& site, OpId op) {
  CoreLine line;
  line.op = op;
  const bool fraction = op == OpId::set_fraction;
  const Source* out = site.pick_where([&](const Source& s) {
    return s.writable && s.shape.kind != Kind::scalar && numbered(site.outline, s.ref) == fraction;
  });
  if (out == nullptr) return {};
  line.out = out->ref;
  if (fraction) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(out->shape.kind); ++i) {
      line.index.push_back({Index::Kind::fraction, number(site.draws.uniform()), {}});
    }
    line.attributes = {{number(site.draws.uniform(-1, 1))}};
    return line;
  }
  line.index = draw_index(out->shape.kind, site.draws);
  const Inferred part = index_shape(out->shape, line.index, site.outline.program().sizes);
  const Source* value =
      site.pick_where([&](const Source& s) { return s.shape.kind == Kind::scalar || s.shape == part.shape; });
  line.in = {value == nullptr ? draw_constant(site) : Operand::of(value->ref)};
  return line;
}

OpId pick(const std::vector<OpId>& ops, Draws& draws) {
  return ops[draws.below(static_cast<std::uint32_t>(ops.size()))];
}

std::vector<Shape> shapes_of(const CoreLine& line, const Outline& outline) {
  std::vector<Shape> shapes;
  for (const Operand& operand : line.in) {
    const Shape* s = operand.kind == Operand::Kind::reg ? outline.shape(operand.reg) : nullptr;
    shapes.push_back(s == nullptr ? Shape::scalar() : *s);
  }
  return shapes;
}

/// Text of numbers alone is worked out before the run, and some operations have a shorter form with numbers.
bool reads_back(CoreLine& line) {
  const OpInfo& op = op_info(line.op);
  if (line.op == OpId::copy && is_constant(line.in[0])) return false;
  if (op.has(kElementwise) && std::all_of(line.in.begin(), line.in.end(), is_constant)) return false;
  if (line.op == OpId::div && is_number(line.in[0], 1)) {
    line.op = OpId::reciprocal;
    line.in.erase(line.in.begin());
  } else if (line.op == OpId::power && is_number(line.in[1], 2)) {
    line.op = OpId::square;
    line.in.pop_back();
  }
  return true;
}

}  // namespace

std::optional<Shape> settle_line(CoreLine& line, const Outline& outline) {
  const std::vector<Shape> shapes = shapes_of(line, outline);
  std::vector<Kind> kinds;
  for (const Shape& s : shapes) kinds.push_back(s.kind);
  const auto overload = find_overload(op_info(line.op).name(), kinds);
  if (!overload || op_info(*overload).attributes.size() != line.attributes.size()) return {};
  line.op = *overload;
  if (line.op == OpId::reshape && line.attributes[0].empty()) return {};
  if (!reads_back(line)) return {};
  const SizeTable& sizes = outline.program().sizes;
  const Inferred inferred =
      line.op == OpId::get
          ? index_shape(shapes[0], line.index, sizes)
          : infer_shape(op_info(line.op), line.in.size() == shapes.size() ? shapes : shapes_of(line, outline),
                        line.attributes, sizes);
  return inferred.ok() ? std::optional(inferred.shape) : std::nullopt;
}

std::optional<CoreLine> invent_value(const Site& site, const std::vector<OpId>& ops, const Shape& wanted) {
  CoreLine line;
  for (int t = 0; t < kTries; ++t) {
    const auto shape = draw_value(site, pick(ops, site.draws), line, &wanted);
    if (shape && *shape == wanted) return line;
  }
  return {};
}

std::optional<CoreLine> invent_line(const Site& site, const std::vector<OpId>& ops, const GeneralSpace& space,
                                    CoreProgram& program) {
  for (int t = 0; t < kTries && !site.sources.empty(); ++t) {
    const OpId op = pick(ops, site.draws);
    if (op == OpId::set || op == OpId::set_fraction) {
      if (auto line = draw_set(site, op)) return line;
      continue;
    }
    CoreLine line;
    const auto shape = draw_value(site, op, line, nullptr);
    if (!shape) continue;
    if (const auto out = draw_output(site, *shape, space, program)) {
      line.out = *out;
      return line;
    }
  }
  return {};
}

void draw_attributes_for(const Site& site, CoreLine& line, const Shape& wanted) {
  draw_attributes(site, line, &wanted);
}

bool redraw_operand(const Site& site, CoreLine& line, std::size_t at, const Shape& wanted) {
  const std::string& kinds = op_info(line.op).operands[std::min(at, op_info(line.op).operands.size() - 1)];
  const bool part = line.op == OpId::set;
  for (int t = 0; t < kTries; ++t) {
    // Any kind may come: a vector in place of a scalar is another overload.
    const auto operand = draw_operand(site, t % 2 == 0 ? kinds : "svm");
    if (!operand || *operand == line.in[at]) continue;
    CoreLine changed = line;
    changed.in[at] = *operand;
    const Shape* s = is_constant(*operand) ? nullptr : site.outline.shape(operand->reg);
    // An index that is in range for one shape may not be for another.
    if (line.op == OpId::get && (s == nullptr || !(*s == *site.outline.shape(line.in[0].reg)))) continue;
    if (part) {
      if (s != nullptr && s->kind != Kind::scalar && !(*s == wanted)) continue;
    } else {
      const auto shape = settle_line(changed, site.outline);
      if (!shape || !(*shape == wanted)) continue;
    }
    line = std::move(changed);
    return true;
  }
  return false;
}

bool redraw_output(const Site& site, CoreLine& line, const GeneralSpace& space, CoreProgram& program) {
  const Shape* shape = site.outline.shape(line.out);
  if (shape == nullptr) return false;
  const bool part = line.op == OpId::set || line.op == OpId::set_fraction;
  if (!part && site.draws.uniform() < kNewRegisterShare) {
    if (const auto made = new_register(site, *shape, space, program)) {
      line.out = *made;
      return true;
    }
  }
  const Source* other = site.pick_where([&](const Source& s) {
    return s.writable && s.shape == *shape && !(s.ref == line.out) &&
           (!part || numbered(site.outline, s.ref) == numbered(site.outline, line.out));
  });
  if (other == nullptr) return false;
  line.out = other->ref;
  return true;
}

StaticExpr scaled(const StaticExpr& value, double factor) {
  if (value.kind() == StaticExpr::Kind::number) return number(value.value() * factor);
  const bool product = value.kind() == StaticExpr::Kind::call && value.text() == "*" &&
                       value.args()[0].kind() == StaticExpr::Kind::number;
  if (product) return StaticExpr::call("*", {number(value.args()[0].value() * factor), value.args()[1]});
  return StaticExpr::call("*", {number(factor), value});
}

StaticExpr altered(const StaticExpr& value, ConstantRule rule, Draws& draws) {
  if (value.kind() == StaticExpr::Kind::number && value.value() == 0) return number(draws.uniform(-1, 1));
  const bool flip = draws.uniform() < 0.1;
  const double factor = rule == ConstantRule::lognormal ? std::exp(draws.normal()) : draws.uniform(0.5, 2);
  if (rule == ConstantRule::factor) return scaled(value, flip ? -factor : factor);
  return scaled(value, flip ? -1 : factor);
}

}  // namespace mlz::evolve
