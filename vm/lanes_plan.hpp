#pragma once
#include <deque>
#include <span>
#include <vector>

#include "vm/lanes_kernels.hpp"
#include "vm/lanes_views.hpp"
#include "vm/memory_plan.hpp"
#include "vm/optimise.hpp"

namespace mlz::vm::lanes {

/// One live instruction as the engine runs it.
template <class T>
struct Step {
  Kernel<T> kernel = nullptr;  ///< null: a random draw
  Call<T> call;
  T* copy_to = nullptr;  ///< where a result goes that had to be made apart from its operands
  std::int64_t copy_count = 0;
  const BoundInstruction* draw = nullptr;
};

/// Memory and prepared instructions of a program for some number of lanes. Pointers lead into
/// itself: not copyable.
template <class T>
class Plan {
 public:
  Plan(const Optimised& optimised, int lanes, Level level);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  std::int64_t width() const { return width_; }
  /// Where a register lies; only for those that are kept, or used.
  T* at(RegisterId id) { return memory_.data() + places_.offset[id]; }
  const T* at(RegisterId id) const { return memory_.data() + places_.offset[id]; }
  /// All registers, without scratch.
  std::span<T> registers() { return {memory_.data(), registers_end_}; }
  std::span<const T> registers() const { return {memory_.data(), registers_end_}; }
  const std::vector<Step<T>>& steps(Function f) const {
    return steps_[static_cast<std::size_t>(f)];
  }
  /// What Optimised::fixed asks for.
  const std::vector<Step<T>>& fixed_steps() const { return steps_[3]; }
  std::int64_t largest_draw() const { return largest_draw_; }
  const MemoryPlan& places() const { return places_; }

 private:
  /// Memory that begins a cache line.
  struct Aligned {
    std::vector<std::byte> bytes;
    T* begin = nullptr;
    T* data() { return begin; }
    const T* data() const { return begin; }
    void resize(std::size_t n);
  };

  const BoundProgram& program_;
  std::array<std::span<const BoundInstruction>, 4> code_;  // of the functions, and `fixed`
  std::vector<Views> views_;                               // likewise
  const Kernels<T>& kernels_;
  std::int64_t width_;
  MemoryPlan places_;
  std::size_t registers_end_ = 0;
  std::int64_t largest_draw_ = 0;
  Aligned memory_;
  std::deque<std::vector<std::int32_t>> indices_;
  std::array<std::vector<Step<T>>, 4> steps_;

  const BoundRegister& reg(RegisterId id) const { return program_.registers[id]; }
  std::size_t lay_out(const std::vector<char>& kept);
  Step<T> prepare(const BoundInstruction& i, const std::array<View, 3>& operands);
  Step<T> start(const BoundInstruction& i, const std::array<View, 3>& operands);
  void keep_operands(const BoundInstruction& i, Step<T>& step);
  bool elementwise(const BoundInstruction& i, const std::array<View, 3>& operands, Step<T>& step);
  bool moves(const BoundInstruction& i, const std::array<View, 3>& operands, Step<T>& step);
  bool products(const BoundInstruction& i, Step<T>& step);
  bool reduces(const BoundInstruction& i, Step<T>& step);
  bool reduces_groups(const BoundInstruction& i, Step<T>& step);
  bool rows(const BoundInstruction& i, Step<T>& step);
  const std::int32_t* index(std::vector<std::int32_t> list);
  template <class F>
  const std::int32_t* index(std::int64_t n, F f);  ///< f(0) ... f(n - 1)
};

}  // namespace mlz::vm::lanes
