#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vm/bound_program.hpp"

namespace mlz::vm {

enum class DType : std::uint8_t { f64, f32 };
const char* dtype_name(DType dtype);

/// What the engine cuda keeps of the factors of f32 products; results and sums are f32 always.
enum class Factors : std::uint8_t {
  full,
  tf32,  ///< TensorFloat-32, 11 bits: cuBLAS rounds them as it reads them
  bf16,  ///< 8 bits, of factors of matrix products: stored so, which halves what is read
};
const char* factors_name(Factors factors);

/// The values of all params of a program, in the order of BoundProgram::params.
using ParamValues = std::vector<std::vector<double>>;

/// What the lifetime of one lane begins with.
struct Birth {
  std::uint64_t seed = 0;      ///< of every random draw
  std::uint32_t lifetime = 0;  ///< its index
  std::shared_ptr<const ParamValues> params;  ///< null: first values, drawn from the seed
};

struct MachineOptions {
  DType dtype = DType::f64;
  int lanes = 1;                             ///< lifetimes stepped together
  std::uint64_t seed = 0;                    ///< of every random draw
  std::vector<std::uint32_t> lifetimes;      ///< index of each lane's lifetime; empty: 0, 1, 2, ...
  ParamValues params;                        ///< one value per BoundProgram::params, empty: its first value
  std::vector<Birth> births;  ///< one for each lane, in the place of seed, lifetimes and params; empty: from those
  bool blas = true;  ///< dense: large products by BLAS; without it f64 has the bits of `reference`
  bool fuse = true;  ///< dense: join operations; without BLAS no result bit in f64 changes
  Factors factors = Factors::full;  ///< cuda, f32; make_machine sets what the engine's name says
  bool optimise = true;  ///< all but `reference`: the passes of vm/optimise.hpp; without BLAS they change no bit
};

/// The state of all lanes at one moment.
struct Snapshot {
  std::vector<std::byte> memory;
  std::array<std::uint64_t, 3> runs{};
};

/// A bound program with memory for some lifetimes, on one engine. Not thread-safe; make one per thread.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual std::string_view engine() const = 0;
  virtual DType dtype() const = 0;
  virtual int lanes() const = 0;
  virtual const BoundProgram& program() const = 0;

  /// Birth: every register gets its first value and all counts of draws start over.
  virtual void reset() = 0;
  /// What lanes are born with from the next reset() on, one for each lane. Throws InputError where counts or sizes do
  /// not fit; the machine is then as before.
  virtual void set_births(std::span<const Birth> births) = 0;
  /// Runs one function once for every lane.
  virtual void run(Function function) = 0;
  /// Copies a register of one lane out (row by row) or in. Sizes must match exactly.
  virtual void read(RegisterId id, int lane, std::span<double> out) const = 0;
  virtual void write(RegisterId id, int lane, std::span<const double> in) = 0;
  virtual void read(RegisterId id, int lane, std::span<float> out) const = 0;
  virtual void write(RegisterId id, int lane, std::span<const float> in) = 0;

  /// The next run of a function draws what it would after `runs` earlier ones since birth; for replaying a part of a
  /// lifetime whose registers the host has written. Snapshots hold the count, and reset() starts it over.
  virtual void set_runs(Function function, std::uint64_t runs) = 0;

  virtual Snapshot save() const = 0;
  virtual void restore(const Snapshot& snapshot) = 0;
  /// Draws from now on belong to another stream (0 is the lifetime's own); used when a copy of the state is
  /// tested, so that looking never changes the run.
  virtual void set_draw_stream(std::uint32_t stream) = 0;
};

struct EngineInfo {
  std::string_view name;
  std::string_view meaning;
  bool f64, f32;  ///< whether it has that dtype
  std::unique_ptr<Machine> (*make)(const BoundProgram&, const MachineOptions&);
  bool (*usable)() = nullptr;  ///< whether this machine has what it needs; null: every machine has
  Factors factors = Factors::full;

  bool has(DType dtype) const { return dtype == DType::f64 ? f64 : f32; }
};
/// All engines.
const std::vector<EngineInfo>& engines();
/// The one of that name. Throws InputError for an unknown name or a dtype the engine lacks.
const EngineInfo& engine_info(std::string_view name, DType dtype);

/// A machine on the engine of that name; on "auto", the one that vm/engine_choice.hpp finds faster. Throws InputError
/// for an unknown name or a dtype the engine lacks. The program is copied.
std::unique_ptr<Machine> make_machine(std::string_view engine, const BoundProgram& program,
                                      const MachineOptions& options);

/// First values of the params, drawn from the seed.
ParamValues initial_params(const BoundProgram& program, std::uint64_t seed);

}  // namespace mlz::vm
