#pragma once
#include <array>
#include <cstdint>

#include "vm/levels.hpp"
#include "vm/maths.hpp"

/// The inner loops of the lanes engine, built for several levels of x86-64 with equal results on
/// all.
namespace mlz::vm::lanes {

/// Numbers of an entry lie next to each other, one per lane; entries of a register follow row by
/// row. The number of lanes is padded to a multiple of this many bytes, whatever the level.
inline constexpr std::int64_t kPadding = 64;

/// One instruction, ready to run. `out` and `in` point to entry 0; steps count entries.
template <class T>
struct Call {
  T* out = nullptr;
  std::array<const T*, 3> in{};
  std::int64_t width = 0;                                           ///< numbers per entry
  std::int64_t rows = 1, cols = 1;                                  ///< of the result
  std::array<std::int64_t, 3> row_step{}, col_step{}, term_step{};  ///< by operand
  std::int64_t terms = 0;  ///< of every sum or other reduction
  const std::int32_t* index = nullptr;
  std::array<const std::int32_t*, 3> entries{};  ///< of operands, by entry of the result
  double value = 0;
};
template <class T>
using Kernel = void (*)(const Call<T>&);

/// Reductions of `terms` entries, in the order of vm/reduce.hpp.
enum class Fold : std::uint8_t { sum, mean, max, min, norm, std, argmax };
inline constexpr std::size_t kFolds = 7;

template <class T>
struct Kernels {
  /// out[k] = op of the entries entries[k] of the operands.
  std::array<Kernel<T>, kOpCount> elementwise;
  /// The same where operands have all entries of the result in its order: out[k] for k < rows *
  /// cols.
  std::array<Kernel<T>, kOpCount> flat;
  /// out[k] = in[0][index[k]], or 0 where the index is negative.
  Kernel<T> gather;
  /// out[index[k]] = in[0][k * col_step[0]].
  Kernel<T> scatter;
  /// out[i, j] = sum over k of in[0][i * row_step[0] + k * term_step[0]] * in[1][j * col_step[1] +
  /// k * term_step[1]].
  Kernel<T> products;
  /// out[i, j] = fold over k of in[0][i * row_step[0] + j * col_step[0] + k * term_step[0]].
  std::array<Kernel<T>, kFolds> fold;
  /// out[n] = fold over k of in[0][index[n * terms + k]].
  std::array<Kernel<T>, kFolds> fold_index;
  /// out[k] = k.
  Kernel<T> iota;
  /// out[i, j] = 1 where floor(in[0][i]) is j, else 0.
  Kernel<T> onehot;
  /// Each row of in[0]; out may be in[0].
  Kernel<T> softmax, log_softmax, layer_norm;
};

template <class T>
const Kernels<T>& kernels(Level level);

}  // namespace mlz::vm::lanes
