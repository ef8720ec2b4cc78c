#include <fmt/format.h>

#include "vm/compact.hpp"

namespace mlz::vm {
namespace {

/// Raised inside this file where a program does not fit.
struct Misfit {
  std::string why;
};

Bank bank_of(Kind kind) {
  return kind == Kind::scalar ? Bank::scalar : kind == Kind::vector ? Bank::vector : Bank::matrix;
}

bool is_float(double value) {
  return static_cast<double>(static_cast<float>(value)) == value || value != value;
}

class Compactor {
 public:
  Compactor(const BoundProgram& program, std::int64_t features)
      : program_(program), features_(features), number_(program.registers.size(), -1) {
    if (features > 1'000'000) throw Misfit{"vectors are too long"};
    give(program.with_role(Role::target), Bank::scalar, 0);
    give(program.with_role(Role::y), Bank::scalar, 1);
    give(program.with_role(Role::x), Bank::vector, 0);
  }

  CompactProgram run() {
    for (std::size_t f = 0; f < 3; ++f) {
      for (const BoundInstruction& i : program_.code[f]) {
        if (i.live) out_.code[f].push_back(convert(i));
      }
    }
    return std::move(out_);
  }

 private:
  const BoundProgram& program_;
  std::int64_t features_;
  std::vector<int> number_;  // of each register in its bank; -1: not met yet
  std::array<int, 4> next_{0, 2, 1, 0};
  CompactProgram out_;

  const BoundRegister& reg(RegisterId id) const { return program_.registers[id]; }
  bool constant(RegisterId id) const { return reg(id).birth == BoundRegister::Birth::constant; }

  void check_shape(const BoundRegister& r) const {
    const bool fits = r.kind == Kind::scalar || (r.cols == features_ && (r.kind == Kind::vector || r.rows == features_));
    if (!fits) throw Misfit{fmt::format("`{}` has neither one entry per feature nor a square of them", r.name)};
  }

  void give(RegisterId id, Bank bank, int number) {
    if (id == kNoRegister) return;
    check_shape(reg(id));
    if (bank_of(reg(id).kind) != bank) throw Misfit{fmt::format("`{}` has another kind", reg(id).name)};
    if (reg(id).birth != BoundRegister::Birth::zero) throw Misfit{fmt::format("`{}` is not born as 0", reg(id).name)};
    number_[id] = number;
  }

  std::uint8_t number(RegisterId id) {
    if (number_[id] < 0) {
      const BoundRegister& r = reg(id);
      check_shape(r);
      int& next = next_[static_cast<std::size_t>(bank_of(r.kind))];
      if (next >= 64) throw Misfit{"there are more than 64 registers of a kind"};
      if (r.birth == BoundRegister::Birth::param || r.birth == BoundRegister::Birth::copy) {
        throw Misfit{fmt::format("`{}` starts from a param", r.name)};
      }
      if (constant(id)) {
        if (r.kind != Kind::scalar) throw Misfit{fmt::format("`{}` is a constant vector or matrix", r.name)};
        out_.constants.push_back({static_cast<std::uint8_t>(next), r.constant});
      }
      number_[id] = next++;
    }
    return static_cast<std::uint8_t>(number_[id]);
  }

  CompactInstruction convert(const BoundInstruction& i) {
    const Kind out = reg(i.out).kind;
    if (i.op == OpId::copy) return copy(i);
    if (i.op == OpId::set) return set_entry(i);
    if (op_info(i.op).has(kRandom)) return draw(i);
    std::vector<Kind> kinds;
    for (std::size_t k = 0; k < i.in_count; ++k) kinds.push_back(reg(i.in[k]).kind);
    const bool swap = i.op == OpId::mul && kinds.size() == 2 && kinds[0] != Kind::scalar && kinds[1] == Kind::scalar;
    if (swap) std::swap(kinds[0], kinds[1]);
    const ShapeRule rule = op_info(i.op).rule;
    const bool has_axis = rule == ShapeRule::reduce || rule == ShapeRule::square;
    const int op = automl_number(i.op, kinds, out, has_axis ? static_cast<int>(i.attr[0]) : -1);
    if (op < 0) throw Misfit{fmt::format("{} has no compact form for these operands", op_info(i.op).name())};
    CompactInstruction made;
    made.op = static_cast<std::uint8_t>(op);
    if (i.in_count > 0) made.a = number(i.in[swap ? 1 : 0]);
    if (i.in_count > 1) made.b = number(i.in[swap ? 0 : 1]);
    made.out = number(i.out);
    return made;
  }

  CompactInstruction copy(const BoundInstruction& i) {
    CompactInstruction made;
    if (constant(i.in[0]) && reg(i.out).kind == Kind::scalar) {
      made.op = kScalarConstant;
      made.set(reg(i.in[0]).constant);
    } else {
      if (reg(i.out).kind != reg(i.in[0]).kind) throw Misfit{"a copy changes the kind of a register"};
      made.op = kind_op(kCopy, i.out);
      made.a = number(i.in[0]);
    }
    made.out = number(i.out);
    return made;
  }

  std::uint8_t kind_op(int first, RegisterId out) const {
    return static_cast<std::uint8_t>(first + static_cast<int>(bank_of(reg(out).kind)) - 1);
  }

  CompactInstruction set_entry(const BoundInstruction& i) {
    if (i.attr[2] != 1 || i.attr[3] != 1 || i.value != 0 || reg(i.out).kind == Kind::scalar) {
      throw Misfit{"only single entries can be set"};
    }
    const auto fraction = [&](std::int64_t place) {
      return (static_cast<float>(place) + 0.5f) / static_cast<float>(features_);
    };
    const bool vector = reg(i.out).kind == Kind::vector;
    const bool literal = constant(i.in[0]) && is_float(reg(i.in[0]).constant);
    const auto value = static_cast<float>(reg(i.in[0]).constant);
    CompactInstruction made;
    made.op = static_cast<std::uint8_t>((literal ? kVectorEntry : kSetVectorEntry) + (vector ? 0 : 1));
    if (vector) made.set(fraction(i.attr[1]), literal ? value : 0.0f);
    else made.set(fraction(i.attr[0]), fraction(i.attr[1]));
    if (!vector && literal) made.third = value;
    if (!literal) made.a = number(i.in[0]);
    made.out = number(i.out);
    return made;
  }

  CompactInstruction draw(const BoundInstruction& i) {
    if (i.op != OpId::uniform && i.op != OpId::normal) {
      throw Misfit{fmt::format("{} has no compact form", op_info(i.op).name())};
    }
    if (i.draw_stride != 1) throw Misfit{"a draw inside a loop has no compact form"};
    const auto literal = [&](RegisterId id) { return constant(id) && is_float(reg(id).constant); };
    CompactInstruction made;
    if (literal(i.in[0]) && literal(i.in[1])) {
      made.op = kind_op(i.op == OpId::uniform ? kScalarUniform : kScalarNormal, i.out);
      made.set(static_cast<float>(reg(i.in[0]).constant), static_cast<float>(reg(i.in[1]).constant));
    } else {
      made.op = kind_op(i.op == OpId::uniform ? kUniformOf : kNormalOf, i.out);
      made.a = number(i.in[0]);
      made.b = number(i.in[1]);
    }
    made.out = number(i.out);
    return made;
  }
};

}  // namespace

std::optional<CompactProgram> compact(const BoundProgram& program, std::int64_t features, std::string* why) {
  try {
    return Compactor(program, features).run();
  } catch (const Misfit& misfit) {
    if (why != nullptr) *why = misfit.why;
    return std::nullopt;
  }
}

}  // namespace mlz::vm
