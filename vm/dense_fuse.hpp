#pragma once
#include "vm/dense_plan.hpp"

namespace mlz::vm::dense {

/// Joins operations of a plan so that large registers are passed over fewer times. Every rule keeps
/// the order and rounding of all arithmetic, so results keep their bits.
void fuse(const BoundProgram& program, const MachineOptions& options, const Tuning& tuning, Plan& plan);

// The rules, each for the code of one function. `live_after` as from live_after_functions.

/// (a) A transpose that only products read, of a register that does not change until the last of
/// them, becomes a mark on these products:   t = W.T; b = t @ d   ->   b = W.T @ d
void fold_transposes(const std::vector<char>& live_after, std::vector<PlanOp>& code);

/// (b) A product of matrices whose sums have one term becomes an entry-by-entry product, so that rule (c) applies to a
/// gradient taken from one example. Zeros may change their sign, so this is for products that BLAS would compute.
///   G = h.T @ d   ->   G[i, j] = h[i] * d[j]
void flatten_products(const BoundProgram& program, std::vector<PlanOp>& code);

/// (c) An entry-by-entry product of the same shape that only one sum or difference reads joins it,
/// and so does a product of two inside that one which has a factor per row. A rank-1 update becomes
/// one pass over W:
///   t = outer(d, h); u = rate * t; W = W + u   ->   W[i, j] = W[i, j] + rate * (d[i] * h[j])
void join_products(const std::vector<char>& live_after, std::vector<PlanOp>& code);

/// (d) A window of a register, its rows repeated or tiled, that only row operations of that shape read becomes a view of
/// theirs, if the register does not change until the last of them and loops over the view stay long:
///   z = W[:, 16:32]; y = sigmoid(z)   ->   y = sigmoid(W[:, 16:32])
/// A sum of repeated rows that only windows are read of is added window by window.
void fold_moves(const BoundProgram& program, const std::vector<char>& live_after, const Tuning& tuning,
                std::size_t entry_bytes, std::vector<PlanOp>& code);

/// (e) A `set` of a large window becomes a row operation that copies into it, so that rule (f) applies:
///   s = sigmoid(z); W[:, 16:32] = s
void open_windows(const BoundProgram& program, const Tuning& tuning, std::size_t entry_bytes, std::vector<PlanOp>& code);

/// (f) Row operations of one shape that depend on each other become a chain, which runs all of them
/// on one tile before the next. Results that nothing else reads live in tile buffers only.
/// Operations in between that the chain does not touch are done before it.
void make_chains(const std::vector<char>& live_after, const Tuning& tuning, std::size_t entry_bytes,
                 std::vector<PlanOp>& code);

/// How many operations the rules look ahead: bounds the time they take on unrolled programs.
inline constexpr int kFusionWindow = 256;
/// Fewest entries that a loop over rows repeated or tiled goes over at once.
inline constexpr std::int64_t kShortestUnit = 64;
/// Most operations in a chain.
inline constexpr int kLongestChain = 32;

}  // namespace mlz::vm::dense
