#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lang/core/core_program.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::vm {

using RegisterId = std::uint32_t;
inline constexpr RegisterId kNoRegister = 0xffffffff;

/// A register with its real shape. Vectors are stored as one row, scalars as one entry; matrices row by row.
struct BoundRegister {
  std::string name;  ///< with members filled in: "W[0][1]"
  Kind kind = Kind::scalar;
  std::int64_t rows = 1;  ///< 1 for scalars and vectors
  std::int64_t cols = 1;
  enum class Birth { zero, constant, param, copy } birth = Birth::zero;
  double constant = 0;               ///< Birth::constant: every entry
  RegisterId copy_of = kNoRegister;  ///< Birth::copy: the param it starts as
  bool observed = false;             ///< may be read after a run
  bool input = false;                ///< the host writes it from step to step, as it does those with a role

  std::int64_t size() const { return rows * cols; }
};

/// One operation on registers. Its numbers:
///   get, set         attr = {row, column, rows, columns} of the window in the larger register
///   reductions       attr[0] = axis, -1 for all entries
///   repeat/tile/sum_*/mean_*   attr[0] = times
///   broadcast_vector attr[0] = axis;  layer_norm value = eps
///   unfold           attr = {height, width, channels, kernel};  pools attr = {height, width, window}
/// Constants are registers. Some ops do not occur: `constant` is a `copy` of a constant register, concat and
/// set_fraction are `set`s, noop is nothing. The first `set` of a concat has value 1: together with the ones that
/// follow it writes every entry, so what the register held before does not matter.
struct BoundInstruction {
  OpId op = OpId::noop;
  RegisterId out = kNoRegister;
  std::array<RegisterId, 3> in{kNoRegister, kNoRegister, kNoRegister};
  std::uint8_t in_count = 0;
  std::array<std::int64_t, 4> attr{};
  double value = 0;
  bool live = true;           ///< can reach a prediction or an observed register
  std::uint32_t line = 0;     ///< index into BoundProgram::lines
  std::uint32_t sampler = 0;  ///< random ops: number of the sampler, and which of its draws this is:
  std::uint64_t draw_first = 0;   ///<   draw_first + draw_stride * (runs of this function so far)
  std::uint64_t draw_stride = 1;
};

/// Where an instruction came from, for traces and errors.
struct BoundLine {
  Function function = Function::setup;
  std::string text;  ///< canonical core text
  Location where;
};

/// A program with all shapes known, loops unrolled and branches taken.
struct BoundProgram {
  std::vector<BoundRegister> registers;
  std::array<std::vector<BoundInstruction>, 3> code;
  std::vector<BoundLine> lines;
  /// By Role; kNoRegister when the program lacks it.
  std::array<RegisterId, 7> role{kNoRegister, kNoRegister, kNoRegister, kNoRegister,
                                 kNoRegister, kNoRegister, kNoRegister};
  std::map<std::string, RegisterId> by_name;
  std::int64_t batch = 0;  ///< 0: one example a step, without a batch dimension
  std::int64_t bytes_f64 = 0;
  bool registers_are_roots = false;  ///< observed registers count as results, as mark_live was told
  /// Params in declared order with the distribution of their first value.
  struct Param {
    RegisterId id;
    OpId draw;  ///< noop: `args[0]` everywhere (0 when there is none)
    std::vector<double> args;
  };
  std::vector<Param> params;

  RegisterId with_role(Role r) const { return role[static_cast<std::size_t>(r)]; }
};

/// Which registers stay readable, and so count as results, besides the prediction.
enum class Observe { predictions, named, all };

struct BindOptions {
  std::map<std::string, std::int64_t> sizes;  ///< what the task hands in: features, outputs, ...
  Observe observe = Observe::predictions;
  std::vector<std::string> observed;               ///< Observe::named: names or families
  std::int64_t max_bytes = std::int64_t{4} << 30;  ///< of all registers, as f64
  std::int64_t max_instructions = 2'000'000;       ///< after unrolling
};

/// Gives a core program its sizes. Errors (a missing or non-positive size, an index out of range, a limit, a
/// hole) go to `diagnostics`; the result is then unusable.
BoundProgram bind(const CoreProgram& program, const BindOptions& options, Diagnostics& diagnostics);

/// Marks instructions live or dead for the given observation and numbers the samplers. Part of bind.
void mark_live(BoundProgram& program, bool registers_are_roots);

std::string print(const BoundProgram& program);  ///< --dump=bound
/// Parts of it: one line about a register, and a line for each instruction.
std::string print_register(const BoundProgram& program, RegisterId id);
std::string print_code(const BoundProgram& program, const std::vector<BoundInstruction>& code);

}  // namespace mlz::vm
