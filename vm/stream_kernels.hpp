#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "vm/compact_ops.hpp"
#include "vm/levels.hpp"

/// Threaded code of the batch evaluator: one function per operation, which ends by calling the next one. Built for
/// several levels of x86-64 with equal results on all.
namespace mlz::vm::stream {

struct Code;
using Handler = void (*)(const Code*, std::byte* base);

/// One operation for all lanes of one candidate. Numbers are offsets from `base` in bytes, or as the operation says.
struct Code {
  Handler run = nullptr;
  std::uint32_t out = 0, a = 0, b = 0, c = 0;
};

/// What handlers find at `base`.
struct Header {
  std::uint32_t features = 0;
  std::uint32_t event = 0;      ///< set when lanes of some candidate crossed the error limit
  std::uint32_t tasks = 0;      ///< lanes that are not padding
  std::uint32_t scratch = 0;    ///< offset of room for kRooms matrices
  std::uint32_t watch_validation = 0;  ///< whether crossing the limit in a validation is an event
  std::uint32_t label = 0;      ///< offset of the label, which the features follow
  std::uint64_t example = 0;    ///< number of the current one, from 0 in each call of Kernels::run
  double limit = 0, valid_count = 0;
  void (*draw)(void* context, std::uint32_t number) = nullptr;
  void* context = nullptr;
};

/// What is kept of one candidate besides its registers: entries of a scalar each, one after the other.
enum State : std::uint32_t {
  kAlive,      ///< mask: lanes that still train
  kBad,        ///< mask: lanes that crossed the limit in this step
  kBroken,     ///< mask: those of them whose prediction was infinite or NaN, in training
  kValidBad,   ///< mask: lanes that crossed the limit in this validation
  kSum,        ///< of squared errors or correct answers in this validation
  kBest,       ///< fitness so far
  kStateEntries,
};

/// Operations besides those of compact programs.
enum StreamOp : std::uint8_t {
  kEnd = kCompactOps,
  kSigmoid,         ///< s = sigmoid(sa)
  kTrainCheck,      ///< a prediction, b label, c state
  kValidRms,        ///< the same
  kValidAccuracy,   ///< the same
  kFinishRms,       ///< c state
  kFinishAccuracy,  ///< c state
  kFirstFused,
  // v = vb + sa * vc and so on: products of a scalar and a vector that are used once
  kAddScaled = kFirstFused,  ///< v = vc + sa * vb
  kSubScaled,                ///< v = vc - sa * vb
  kScaledSub,                ///< v = sa * vb - vc
  kAddOuter,                 ///< m = mc + outer(va, vb)
  kSubOuter,                 ///< m = mc - outer(va, vb)
  kOuterSub,                 ///< m = outer(va, vb) - mc
  kMatvecAdd,                ///< v = ma @ vb + vc
  // s = (sa x sb) y sc, for x and y of +, -, *; "Reverse": sc - (sa x sb)
  kScalarPair,
  kStreamOps = kScalarPair + 12,
};
/// The pair of x in {0 +, 1 -, 2 *} and y in {0 +, 1 -, 2 *, 3 reversed -}.
constexpr int scalar_pair(int x, int y) { return kScalarPair + 4 * x + y; }

/// Runs the code for examples one after the other, each `stride` bytes: label and features with a number for each of
/// Header::tasks; lanes of padding see what follows, for which there must be room behind the last example. Stops after an
/// example that set Header::event; returns how many it ran.
using Runner = std::size_t (*)(const Code* code, std::byte* base, const std::byte* examples, std::size_t stride,
                               std::size_t count);

/// Matrices that Header::scratch has room for.
inline constexpr std::uint32_t kRooms = 4;

struct Kernels {
  std::array<Handler, kStreamOps> handlers{};
  Runner run = nullptr;
  /// Matrices are not held with a number per lane, but one after the other: that of each task column by column.
  bool apart = false;
};

/// Offsets have 32 bits, so matrices may not be larger.
inline constexpr std::int64_t kMostFeatures = 1024;

/// Lanes of one pass; candidates with more take several.
inline constexpr int kNarrow = 8, kWide = 16;

template <class T>
const Kernels& kernels(Level level, int lanes, std::int64_t features);

}  // namespace mlz::vm::stream
