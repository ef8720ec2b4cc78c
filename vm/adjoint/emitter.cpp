#include "vm/adjoint/emitter.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "lang/core/static_expr.hpp"

namespace mlz::vm::adjoint {
namespace {

BoundInstruction instruction_of(OpId id, std::initializer_list<RegisterId> in, const Emitter::Attributes& attributes,
                                double value) {
  BoundInstruction made;
  made.op = id;
  for (const RegisterId r : in) made.in[made.in_count++] = r;
  made.attr = attributes;
  made.value = value;
  return made;
}

}  // namespace

RegisterId Emitter::add_register(std::string name, const Dims& dims) {
  BoundRegister made;
  made.name = std::move(name);
  made.kind = dims.kind;
  made.rows = dims.rows;
  made.cols = dims.cols;
  program_.registers.push_back(std::move(made));
  return static_cast<RegisterId>(program_.registers.size() - 1);
}

RegisterId Emitter::constant(double value) {
  const auto [found, fresh] = constants_.emplace(std::bit_cast<std::uint64_t>(value), kNoRegister);
  if (!fresh) return found->second;
  found->second = add_register(print_number(value), Dims{});
  program_.registers.back().birth = BoundRegister::Birth::constant;
  program_.registers.back().constant = value;
  return found->second;
}

RegisterId Emitter::zeros(const Dims& dims) {
  const auto [found, fresh] =
      zeros_.emplace(std::array{static_cast<std::int64_t>(dims.kind), dims.rows, dims.cols}, kNoRegister);
  if (fresh) found->second = add_register(fmt::format("0[{}, {}]", dims.rows, dims.cols), dims);
  return found->second;
}

RegisterId Emitter::op(OpId id, std::initializer_list<RegisterId> in, Attributes attributes, std::optional<Dims> shape,
                       double value) {
  BoundInstruction made = instruction_of(id, in, attributes, value);
  if (id != OpId::get) {
    std::vector<Dims> given;
    for (const RegisterId r : in) given.push_back(dims(r));
    std::string why;
    const auto result = result_dims(made, given, shape, shape.value_or(Dims{}), why);
    if (!result) throw std::logic_error(fmt::format("gradient code: `{}`: {}", op_info(id).name(), why));
    shape = result;
  }
  made.out = add_register(fmt::format("t.{}", program_.registers.size()), *shape);
  append(made);
  return made.out;
}

void Emitter::write(RegisterId out, OpId id, std::initializer_list<RegisterId> in, Attributes attributes,
                    double value) {
  BoundInstruction made = instruction_of(id, in, attributes, value);
  made.out = out;
  append(made);
}

void Emitter::append(BoundInstruction instruction) {
  instruction.live = true;
  instruction.line = line_;
  program_.code[static_cast<std::size_t>(function_)].push_back(instruction);
}

}  // namespace mlz::vm::adjoint
