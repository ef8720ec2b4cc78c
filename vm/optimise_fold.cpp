#include <algorithm>
#include <bit>
#include <unordered_map>

#include "vm/maths.hpp"
#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

template <class T>
double computed(const BoundInstruction& i, const std::array<double, 3>& in) {
  double result = 0;
  visit_elementwise(i.op, [&](auto tag) {
    result = static_cast<double>(
        apply<decltype(tag)::id, T>(static_cast<T>(in[0]), static_cast<T>(in[1]), static_cast<T>(in[2])));
  });
  return result;
}

/// What is known about registers while the code of one function is read.
class Folder {
 public:
  explicit Folder(Optimised& o) : o_(o), constant_(o.program.registers.size(), kNoRegister) {
    for (RegisterId id = 0; id < constant_.size(); ++id) {
      const BoundRegister& r = o.program.registers[id];
      if (r.birth != BoundRegister::Birth::constant) continue;
      constant_[id] = id;
      known_.emplace(std::bit_cast<std::uint64_t>(r.constant), id);
    }
  }

  void fold(std::vector<BoundInstruction>& code) {
    const std::vector<RegisterId> at_entry = constant_;
    for (BoundInstruction& i : code) {
      const bool scalar = o_.program.registers[i.out].kind == Kind::scalar;
      const bool folds = scalar && op_info(i.op).has(kElementwise) && all_constant(i);
      if (folds) become(i, o_.dtype == DType::f64 ? computed<double>(i, inputs(i)) : computed<float>(i, inputs(i)));
      constant_[i.out] = i.op == OpId::copy && scalar ? constant_[i.in[0]] : kNoRegister;
    }
    std::copy(at_entry.begin(), at_entry.end(), constant_.begin());
  }

 private:
  Optimised& o_;
  std::vector<RegisterId> constant_;  // by register: the constant that it equals
  std::unordered_map<std::uint64_t, RegisterId> known_;

  bool all_constant(const BoundInstruction& i) const {
    const auto known = [&](RegisterId r) { return constant_[r] != kNoRegister; };
    return std::all_of(i.in.begin(), i.in.begin() + i.in_count, known);
  }

  std::array<double, 3> inputs(const BoundInstruction& i) const {
    std::array<double, 3> in{};
    for (std::size_t k = 0; k < i.in_count; ++k) in[k] = o_.program.registers[constant_[i.in[k]]].constant;
    return in;
  }

  /// Turns the instruction into a copy of a constant.
  void become(BoundInstruction& i, double value) {
    const auto [found, fresh] = known_.emplace(std::bit_cast<std::uint64_t>(value), kNoRegister);
    if (fresh) {
      found->second = add_constant(o_.program, value);
      constant_.push_back(found->second);
    }
    become_copy(i, found->second);
  }
};

}  // namespace

void fold_constants(Optimised& o) {
  Folder folder(o);
  for (auto& code : o.program.code) folder.fold(code);
  o.kept.resize(o.program.registers.size(), 1);
  o.feeds_fixed.resize(o.program.registers.size(), 0);
}

}  // namespace mlz::vm
