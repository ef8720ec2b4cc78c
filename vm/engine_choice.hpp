#pragma once
#include <array>
#include <string_view>

#include "vm/machine.hpp"

namespace mlz::vm {

/// Programs whose largest instruction is at most `most` run faster on `lanes` from so many lifetimes on. Programs
/// larger than the last row do not, however many there are.
struct EngineRow {
  std::int64_t most;
  int lanes_f64, lanes_f32;  ///< kNever: not for any number of lifetimes
};
inline constexpr int kNever = 1 << 30;

/// Measured on a processor with AVX-512 and 48 KiB of first cache, one core, with automl_linear at 2 to 64 features
/// and automl_nn at 2 to 64, 1 to 64 lifetimes. Times of a step, dense / lanes, at the row's lifetimes:
///   4: 1.2 to 1.8   64: 0.94 to 2.7   144: 1.1 (f64), 1.4 (f32)   256: 1.2, 1.1   576: -, 2.2   1024: -, 1.4
/// Lanes win as long as the matrices of all lifetimes stay in the first cache, and once a line of it is full of
/// lifetimes. A matrix product that BLAS computes counts with its multiply-adds, which puts it beyond the table.
inline constexpr std::array<EngineRow, 6> kEngineTable{{
    {4, 1, 1},
    {64, 2, 2},
    {144, 2, 2},
    {256, 4, 4},
    {576, kNever, 16},
    {1024, kNever, 16},
}};

/// The most entries that one live instruction of Predict or Learn makes, or the most multiply-adds it needs.
std::int64_t largest_instruction(const BoundProgram& program);

/// "lanes" or "dense", whichever the table says is faster.
std::string_view fitting_engine(const BoundProgram& program, DType dtype, int lanes);

/// So many lifetimes fill the vectors of the lanes engine.
inline constexpr int kFullLanes = 16;

/// Rows of fewer entries than kFullLanes leave vectors over entries half empty, so that lanes win however many rows there
/// are, though products by BLAS are lost. With SFNN of 8 to 64 nodes, rows of 4 and 12 entries and 16 lifetimes, dense took
/// 1.1 to 2 times as long in f64 and 2 to 4 times in f32.
inline constexpr std::int64_t kMostShortRows = 1 << 16;  ///< entries of a register

struct LaneChoice {
  std::string_view engine;
  int lanes = 1;
};
/// Which engine leads many lifetimes fastest, and how many of them should share a machine: kFullLanes on "lanes" where
/// the table says so or most entries that Predict and Learn compute are in short rows, else 1 on "dense".
LaneChoice fitting_lanes(const BoundProgram& program, DType dtype);

}  // namespace mlz::vm
