#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "vm/binder.hpp"

namespace mlz::vm {
namespace {

const std::vector<StaticExpr>* written(const CoreLine& line, std::size_t i) {
  return i < line.attributes.size() && !line.attributes[i].empty() ? &line.attributes[i] : nullptr;
}

BoundInstruction set_window(RegisterId out, RegisterId value, const Window& w) {
  BoundInstruction made;
  made.op = OpId::set;
  made.out = out;
  made.in[0] = value;
  made.in_count = 1;
  made.attr = {w.row, w.col, w.rows, w.cols};
  return made;
}

}  // namespace

Dims Window::dims() const {
  if (kind == Kind::vector) return {kind, 1, size()};
  return {kind, rows, cols};
}

void Binder::bind_instruction(const CoreLine& line) {
  switch (line.op) {
    case OpId::noop:
      return;
    case OpId::hole:
      return scope_.fail(line.where,
                         "the operation `?` is still to be found; a program with holes cannot run",
                         "mlzevolve --init fills them");
    case OpId::constant:
      return bind_constant(line);
    case OpId::get:
      return bind_get(line);
    case OpId::set:
    case OpId::set_fraction:
      return bind_set(line);
    case OpId::concat:
      return bind_concat(line);
    default:
      return bind_plain(line);
  }
}

RegisterId Binder::bind_operand(const Operand& operand, const Location& where) {
  if (operand.kind == Operand::Kind::reg) return register_of(operand.reg, where);
  if (operand.kind == Operand::Kind::constant) {
    const auto value =
        scope_.number(operand.constant, where, fmt::format("`{}`", operand.constant.print()));
    return value ? constant_register(*value, where) : kNoRegister;
  }
  scope_.fail(where, "the argument `?` is still to be found; a program with holes cannot run",
              "mlzevolve --init fills them");
  return kNoRegister;
}

bool Binder::bind_operands(const CoreLine& line, BoundInstruction& instruction) {
  instruction.op = line.op;
  instruction.out = bind_target(line);
  bool ok = instruction.out != kNoRegister;
  if (line.in.size() > instruction.in.size()) {
    scope_.fail(line.where, fmt::format("`{}` has too many operands", op_info(line.op).name()));
    return false;
  }
  for (std::size_t i = 0; i < line.in.size(); ++i) {
    instruction.in[i] = bind_operand(line.in[i], line.where);
    ok = ok && instruction.in[i] != kNoRegister;
  }
  instruction.in_count = static_cast<std::uint8_t>(line.in.size());
  return ok;
}

RegisterId Binder::bind_target(const CoreLine& line) {
  const RegisterId id = register_of(line.out, line.where);
  if (id == kNoRegister || out_.registers[id].birth != BoundRegister::Birth::param) return id;
  scope_.fail(line.where,
              fmt::format("`{}` is a param, which a program cannot change", line.out.name));
  return kNoRegister;
}

void Binder::bind_constant(const CoreLine& line) {
  BoundInstruction made;
  const auto value = scalar_attribute(line, "value");
  if (!value || !bind_operands(line, made)) return;
  made.op = OpId::copy;
  made.in[0] = constant_register(*value, line.where);
  made.in_count = 1;
  if (made.in[0] == kNoRegister) return;
  const Dims out = dims_of(out_.registers[made.out]);
  if (out.kind != Kind::scalar) return clash(line, {Dims{}}, out, "a constant is a scalar");
  emit(line, made);
}

void Binder::bind_plain(const CoreLine& line) {
  BoundInstruction made;
  std::optional<Dims> asked;
  if (!bind_operands(line, made) || !bind_attributes(line, made, asked)) return;
  std::vector<Dims> in;
  for (int i = 0; i < made.in_count; ++i) in.push_back(dims_of(out_.registers[made.in[i]]));
  const OpInfo& op = op_info(line.op);
  const bool along_vector = !in.empty() && in[0].kind == Kind::vector;
  if ((op.rule == ShapeRule::reduce || op.rule == ShapeRule::argmax) && along_vector &&
      made.attr[0] == 0) {
    made.attr[0] = -1;
  }
  const Dims out = dims_of(out_.registers[made.out]);
  std::string why;
  const std::optional<Dims> result = result_dims(made, in, asked, out, why);
  if (!result) return clash(line, in, out, why);
  if (!(*result == out)) return clash(line, in, out, "the result is " + result->print());
  emit(line, made);
}

void Binder::bind_get(const CoreLine& line) {
  BoundInstruction made;
  if (!bind_operands(line, made)) return;
  if (made.in_count != 1) return scope_.fail(line.where, "an index needs a register to read from");
  const auto window = window_of(line, out_.registers[made.in[0]]);
  if (!window) return;
  made.attr = {window->row, window->col, window->rows, window->cols};
  const Dims out = dims_of(out_.registers[made.out]);
  if (!(window->dims() == out)) {
    return clash(line, {dims_of(out_.registers[made.in[0]])}, out,
                 "the window is " + window->dims().print());
  }
  emit(line, made);
}

void Binder::bind_set(const CoreLine& line) {
  BoundInstruction made;
  if (!bind_operands(line, made)) return;
  if (line.op == OpId::set_fraction) {
    const auto value = scalar_attribute(line, "value");
    if (!value) return;
    made.in[0] = constant_register(*value, line.where);
  } else if (made.in_count != 1) {
    return scope_.fail(line.where, "an indexed assignment needs one value");
  }
  const auto window = window_of(line, out_.registers[made.out]);
  if (!window || made.in[0] == kNoRegister) return;
  const Dims value = dims_of(out_.registers[made.in[0]]);
  if (value.kind != Kind::scalar && !(value == window->dims())) {
    return clash(line, {value}, dims_of(out_.registers[made.out]),
                 "the window is " + window->dims().print());
  }
  emit(line, set_window(made.out, made.in[0], *window));
}

void Binder::bind_concat(const CoreLine& line) {
  const RegisterId out = bind_target(line);
  const auto axis = scalar_attribute(line, "axis");
  if (out == kNoRegister || !axis) return;
  const Dims target = dims_of(out_.registers[out]);
  const bool down = target.kind == Kind::matrix && *axis == 0;
  std::vector<BoundInstruction> parts;
  std::vector<Dims> in;
  Window w{0, 0, 0, 0, target.kind};
  for (const Operand& operand : line.in) {
    const RegisterId id = bind_operand(operand, line.where);
    if (id == kNoRegister) return;
    const Dims d = dims_of(out_.registers[id]);
    in.push_back(d);
    w.rows = d.rows;
    w.cols = d.cols;
    const bool fits = (down ? d.cols == target.cols && w.row + d.rows <= target.rows
                            : d.rows == target.rows && w.col + d.cols <= target.cols) &&
                      d.kind <= target.kind;
    if (!fits) return clash(line, in, target, "the parts do not add up to the result");
    parts.push_back(set_window(out, id, w));
    (down ? w.row : w.col) += down ? d.rows : d.cols;
  }
  if (parts.empty() || (down ? w.row != target.rows : w.col != target.cols)) {
    return clash(line, in, target, "the parts do not add up to the result");
  }
  parts.front().value = 1;
  for (const BoundInstruction& part : parts) emit(line, part);
}

void Binder::clash(const CoreLine& line, const std::vector<Dims>& in, const Dims& out,
                   const std::string& why) {
  std::string operands;
  for (const Dims& d : in) operands += (operands.empty() ? "" : ", ") + d.print();
  scope_.fail(
      line.where,
      fmt::format("with the sizes of this task `{}` of {} does not fit `{}`, which is {}: {}",
                  op_info(line.op).name(), operands.empty() ? "nothing" : operands, line.out.name,
                  out.print(), why));
}

void Binder::emit(const CoreLine& line, BoundInstruction instruction) {
  if (++instructions_ > options_.max_instructions) {
    stop_ = true;
    return scope_.fail(line.where,
                       fmt::format("unrolled, the program has more than {} instructions",
                                   options_.max_instructions));
  }
  instruction.line = line_numbers_.at(&line);
  out_.code[static_cast<std::size_t>(function_)].push_back(instruction);
}

std::optional<double> Binder::scalar_attribute(const CoreLine& line, std::string_view name) {
  const OpInfo& op = op_info(line.op);
  const auto i = static_cast<std::size_t>(op.attribute(name));
  if (const auto* values = written(line, i)) {
    return scope_.number((*values)[0], line.where, fmt::format("`{}` of `{}`", name, op.name()));
  }
  if (!op.attributes[i].default_value.empty())
    return std::strtod(op.attributes[i].default_value.c_str(), nullptr);
  scope_.fail(line.where, fmt::format("`{}` needs `{}`", op.name(), name));
  return {};
}

bool Binder::bind_attributes(const CoreLine& line, BoundInstruction& made,
                             std::optional<Dims>& asked) {
  const OpInfo& op = op_info(line.op);
  if (op.rule == ShapeRule::reduce || op.rule == ShapeRule::argmax) made.attr[0] = -1;
  for (std::size_t i = 0; i < op.attributes.size(); ++i) {
    if (written(line, i) == nullptr && op.attributes[i].optional) continue;
    if (!set_attribute(line, i, made, asked)) return false;
  }
  return true;
}

bool Binder::set_attribute(const CoreLine& line, std::size_t i, BoundInstruction& made,
                           std::optional<Dims>& asked) {
  const OpInfo& op = op_info(line.op);
  const OpAttribute& attribute = op.attributes[i];
  const std::string what = fmt::format("`{}` of `{}`", attribute.name, op.name());
  const std::vector<StaticExpr>* values = written(line, i);
  if (attribute.name == "eps") {
    const auto eps = scalar_attribute(line, attribute.name);
    made.value = eps.value_or(0);
    return eps.has_value();
  }
  if (values == nullptr) {
    scope_.fail(line.where, fmt::format("`{}` needs `{}`", op.name(), attribute.name));
    return false;
  }
  if (attribute.is_shape) {
    const auto first = scope_.positive(values->front(), line.where, what);
    const auto second = scope_.positive(values->back(), line.where, what);
    if (first && second)
      asked =
          values->size() == 1 ? Dims{Kind::vector, 1, *first} : Dims{Kind::matrix, *first, *second};
    return asked.has_value();
  }
  const bool axis = attribute.name == "axis";
  const auto value = axis ? scope_.whole(values->front(), line.where, what)
                          : scope_.positive(values->front(), line.where, what);
  if (!value) return false;
  if (axis && *value != 0 && *value != 1) {
    scope_.fail(line.where, fmt::format("{} must be 0 or 1, it is {}", what, *value));
    return false;
  }
  made.attr[i] = *value;
  return true;
}

std::optional<Window> Binder::window_of(const CoreLine& line, const BoundRegister& r) {
  const auto rank = static_cast<std::size_t>(r.kind);
  if (rank == 0 || line.index.size() > rank) {
    scope_.fail(line.where,
                fmt::format("`{}` is {}, so it cannot take {} ind{}", r.name, dims_of(r).print(),
                            line.index.size(), line.index.size() == 1 ? "ex" : "ices"));
    return {};
  }
  const auto position = [&](std::size_t i) {
    return i < line.index.size() ? line.index[i] : Index{};
  };
  Window w{0, 0, r.rows, r.cols, Kind::scalar};
  if (rank == 2 && !place(position(0), r.rows, line, w.row, w.rows)) return {};
  if (!place(position(rank - 1), r.cols, line, w.col, w.cols)) return {};
  int kept = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    const Index::Kind kind = position(i).kind;
    kept += kind == Index::Kind::all || kind == Index::Kind::range;
  }
  w.kind = static_cast<Kind>(kept);
  return w;
}

/// Finds the entries one position of an index stands for, in a dimension of `size` entries.
bool Binder::place(const Index& index, std::int64_t size, const CoreLine& line, std::int64_t& first,
                   std::int64_t& count) {
  if (index.kind == Index::Kind::all) return true;
  count = 1;
  if (index.kind == Index::Kind::fraction) {
    const auto fraction = scope_.number(index.lo, line.where, "the fraction");
    if (!fraction) return false;
    if (!(*fraction >= 0 && *fraction <= 1)) {
      scope_.fail(line.where, fmt::format("a fraction must lie in 0 to 1, `{}` is {}",
                                          index.lo.print(), print_number(*fraction)));
      return false;
    }
    first = std::min(static_cast<std::int64_t>(std::floor(static_cast<double>(size) * *fraction)),
                     size - 1);
    return true;
  }
  const bool at = index.kind == Index::Kind::at;
  const auto lo =
      index.lo ? entry(index.lo, size, at ? size - 1 : size, line) : std::optional<std::int64_t>(0);
  const auto hi =
      at || !index.hi ? std::optional<std::int64_t>(size) : entry(index.hi, size, size, line);
  if (!lo || !hi) return false;
  first = *lo;
  if (!at) count = *hi - *lo;
  if (count > 0) return true;
  scope_.fail(line.where,
              fmt::format("the slice {} of a dimension of {} is empty", index.print(), size));
  return false;
}

std::optional<std::int64_t> Binder::entry(const StaticExpr& expr, std::int64_t size,
                                          std::int64_t last, const CoreLine& line) {
  const auto value = scope_.whole(expr, line.where, fmt::format("the index `{}`", expr.print()));
  if (!value) return {};
  const std::int64_t at = *value < 0 ? *value + size : *value;
  if (at >= 0 && at <= last) return at;
  scope_.fail(line.where, fmt::format("index {} (`{}`) is outside a dimension of {}", *value,
                                      expr.print(), size));
  return {};
}

}  // namespace mlz::vm
