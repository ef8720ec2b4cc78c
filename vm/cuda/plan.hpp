#pragma once
#include <vector>

#include "vm/cuda/launch.hpp"
#include "vm/dense_plan.hpp"
#include "vm/memory_plan.hpp"

/// The plan of the cuda engine: what is launched for each function, in which order, on which memory. Plain C++.
namespace mlz::vm::cuda {

/// Limits of planning; tests make them small.
struct Tuning {
  bool share = true;                 ///< store registers once that have the same value in all lanes
  std::int64_t gemm_work = 4096;     ///< multiply-adds from which on a product of matrices goes to cuBLAS
  std::int64_t gemv_entries = 4096;  ///< entries of a matrix from which on its product with a vector does
  std::int64_t team_terms = 33;      ///< terms from which on a team of threads computes a result
  std::int64_t block_terms = 8192;   ///< terms from which on a block does; such sums have an order of their own
  bool keep_rounded = true;          ///< use a factor in bf16 again as long as its register is not written
};

/// Where registers lie: first those that all lanes share, then lane after lane, then room for what is copied to and
/// from the host, then factors in bf16. In entries of the number type; every register begins a multiple of 64 bytes.
struct Layout {
  std::vector<std::int64_t> offset;  ///< by register: within a lane, or within the shared part; kNowhere: no room
  std::vector<char> shared;          ///< by register
  std::int64_t shared_entries = 0, lane_entries = 0;
  std::int64_t shared_scratch = 0, lane_scratch = 0;  ///< where results are put aside, as offset
  std::int64_t io_entries = 0;
  std::int64_t bf16_entries = 0;  ///< numbers of 16 bits; even, and 0 unless the program is f32
  int lanes = 1;

  Place place(RegisterId id) const {
    return shared[id] != 0 ? Place{offset[id], 0} : Place{shared_entries + offset[id], lane_entries};
  }
  /// Room for a result that may not be written where it belongs while it is made.
  Place scratch(RegisterId id) const {
    return shared[id] != 0 ? Place{shared_scratch, 0} : Place{shared_entries + lane_scratch, lane_entries};
  }
  std::int64_t io_offset() const { return shared_entries + lane_entries * lanes; }
  std::int64_t total_entries() const { return io_offset() + io_entries + bf16_entries / 2; }
};

struct CudaPlan {
  Layout layout;
  std::array<std::vector<Launch>, 4> code;  ///< as dense::Plan::code; each ends with a CountLaunch, but kFixed
  std::vector<char> rounded_once;           ///< by register: kFixed makes what Predict and Learn use of it in bf16
};

/// Plans a program for a number of lanes. `apart` by register, or empty: those that lanes do not begin life with in
/// common. Throws InputError when a register of all lanes has 2^31 entries or more.
CudaPlan make_plan(const Optimised& optimised, const MachineOptions& options, const Tuning& tuning,
                   const std::vector<char>& apart = {});

/// One line per launch: the kernel or cuBLAS call, sizes, result and operands.
std::string print(const CudaPlan& plan, const BoundProgram& program);

// The parts of make_plan.

/// The plan of the dense engine's rules, with these on top: chains at any size, and products that are added to a
/// register (W = W + rate * (d.T @ h), rate a constant) become one product that accumulates.
dense::Plan fused_plan(const Optimised& optimised, const MachineOptions& options);

/// By register: whether its value is the same in all lanes whatever the program does, so long as the host writes the
/// same to all. Inputs and those with a role are handed in lane by lane, those in `apart` are not shared from the start.
std::vector<char> shared_registers(const Optimised& optimised, const dense::Plan& plan, const std::vector<char>& apart);

Layout make_layout(const Optimised& optimised, const dense::Plan& plan, const MachineOptions& options,
                   std::vector<char> shared);

/// What the makers of launches need.
struct Context {
  const BoundProgram& program;
  const Layout& layout;
  const Tuning& tuning;
  DType dtype;
  bool use_blas;

  const BoundRegister& at(RegisterId id) const { return program.registers[id]; }
  Place place(RegisterId id) const { return layout.place(id); }
  /// 1 where the result is the same in all lanes.
  std::int64_t lanes(RegisterId out) const { return layout.shared[out] != 0 ? 1 : layout.lanes; }
  /// Items of all lanes.
  std::uint32_t total(RegisterId out, std::int64_t per_lane) const;
  std::uint8_t threads_for(std::int64_t terms) const;
};

/// One operation of a plan as a launch that writes to `to`; each returns false for operations that it does not know.
Launch chain_launch(const Context& context, const dense::PlanOp& op);
bool plan_move(const Context& context, const dense::PlanOp& op, const Place& to, Launch& out);
bool plan_fold(const Context& context, const dense::PlanOp& op, const Place& to, Launch& out);
bool plan_product(const Context& context, const dense::PlanOp& op, const Place& to, Launch& out);
bool plan_draw(const Context& context, const dense::PlanOp& op, int function, const Place& to, Launch& out);

/// Factors of products in bf16: room for them, and the launches that make them. What neither the host nor Predict and
/// Learn write from step to step is rounded by kFixed; all else before the first product of a function that reads it
/// after it was written. The last function that is planned is kFixed.
class RoundedFactors {
 public:
  RoundedFactors(const BoundProgram& program, const dense::Plan& fused, const Tuning& tuning, CudaPlan& plan);

  void begin(std::size_t function);
  /// Makes a product take factors in bf16, which are rounded before it where they must be.
  void use(const dense::PlanOp& op, GemmLaunch& gemm);
  /// What an operation writes is to be rounded again.
  void written(const dense::PlanOp& op);
  /// At the end of kFixed.
  void round_once();

 private:
  struct Once {
    RegisterId id;
    std::uint32_t line;
  };
  const BoundProgram& program_;
  bool keep_;
  CudaPlan& plan_;
  std::size_t function_ = 0;
  std::vector<Place> place_;           // by register; kNowhere: not a factor so far
  std::vector<char> steady_, fresh_;  // by register
  std::vector<Once> once_;

  Place rounded(RegisterId id, std::uint32_t line);
  void make_room(RegisterId id);
  void round(RegisterId id, std::uint32_t line);
};

/// Copies `size` entries of each lane.
Launch copy_launch(const Place& from, const Place& to, std::int64_t size, std::int64_t lanes);

}  // namespace mlz::vm::cuda
