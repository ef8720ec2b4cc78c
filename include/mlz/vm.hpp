#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mlz/error.hpp"

/// The virtual machine without the language: programs with known sizes, and their lifetimes. Link `mlz::vm`.
///
/// Errors. What comes from outside (program files, options a user chose) gives a Result. Calls that do not fit the
/// program (a wrong number of values, an unknown register) throw std::invalid_argument; calls out of order throw
/// std::logic_error. A call that throws has changed nothing.
///
/// Threads. A BoundProgram never changes: copies share it, and any number of threads may use it at the same time. A
/// Lifetimes belongs to one thread at a time; different objects are independent, also when they run one program. The
/// flag StreamOptions::cancel is the one thing another thread may touch while a call runs.
namespace mlz {

/// "0.1.0"
const char* version();

enum class DType { f64, f32 };

/// A register of a bound program.
struct Register {
  std::string name;                    ///< members of families in brackets: "W[0][1]"
  int rank = 0;                        ///< 0 scalar, 1 vector, 2 matrix
  std::int64_t rows = 1, columns = 1;  ///< 1 x 1 for scalars, 1 x n for vectors
  bool param = false;                  ///< the same at every birth, not changed by the program
  bool readable = false;               ///< y, params, and what was observed when the program was bound

  std::int64_t size() const { return rows * columns; }
};

/// Values of params by name, row by row.
using Params = std::map<std::string, std::vector<double>>;

/// What a file of params holds for one program.
struct Model {
  Params params;  ///< all of the program's
  Params state;   ///< registers that a step reads from the one before, as they were when the file was saved; may be empty
};

/// How lifetimes are run.
struct StartOptions {
  std::string engine = "auto";         ///< "auto" or one of engine_names()
  DType dtype = DType::f64;            ///< number type of the machine; spans of either type are converted
  int lifetimes = 1;                   ///< run in lockstep
  std::uint64_t seed = 0;              ///< of every random draw
  std::vector<std::uint32_t> indices = {};  ///< which lifetimes of that seed these are; empty: 0, 1, 2, ...
  Params params = {};                  ///< those left out are drawn from the seed
  bool blas = true;  ///< large products by BLAS; without it f64 results have the same bits on every engine and machine
  std::int64_t max_bytes = std::int64_t{4} << 30;  ///< for the registers of all lifetimes
};

/// What a program file may ask for.
struct LoadLimits {
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< for the registers of one lifetime, as f64
  std::int64_t max_instructions = 2'000'000;
  double max_operations = 1e11;  ///< arithmetic operations of one call of Setup, Predict or Learn
};

class Lifetimes;

/// A program with all sizes known; immutable, cheap to copy.
class BoundProgram {
 public:
  /// A program written by to_bytes() or by the tool mlzc. Any bytes are safe to read: what is damaged, of another
  /// version or over a limit is an error.
  static Result<BoundProgram> load(std::span<const unsigned char> bytes, const LoadLimits& limits = {});
  /// The form that load() reads; see docs/formats.md.
  std::vector<unsigned char> to_bytes() const;

  std::vector<Register> registers() const;
  std::optional<Register> find(std::string_view name) const;
  /// What the host hands in and takes out; nothing when the program does not use it.
  std::optional<Register> x() const;
  std::optional<Register> y() const;
  std::optional<Register> target() const;
  std::int64_t batch() const;  ///< examples in one step; 0: one, without a dimension of its own

  std::int64_t bytes() const;         ///< registers of one lifetime, as f64
  std::int64_t instructions() const;  ///< that can reach what is observed, in all three functions
  /// Arithmetic operations of one Predict and one Learn, an addition being 1, in one lifetime.
  double operations_per_step() const;

  /// First values of all params for a seed.
  Params initial_params(std::uint64_t seed) const;
  /// The params and the state in the bytes of a .safetensors file, as `mlzrun --save` and `mlzevolve --tune` write it.
  /// `name` is the file's in errors: what is no such file, a name that the program lacks (with the closest one), a
  /// shape that differs, a param that is missing. Any bytes are safe to read.
  Result<Model> read_model(std::span<const unsigned char> safetensors, const std::string& name = "<file>") const;

  /// Lifetimes of this program, not yet born. Errors: an unknown engine, a dtype it lacks, params that do not fit,
  /// more bytes than allowed or there are.
  Result<Lifetimes> start(const StartOptions& options = {}) const;

  struct Impl;
  explicit BoundProgram(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// The state of all lifetimes at one moment; immutable, cheap to copy. Fits machines that were started from the same
/// program with the same engine, dtype and number of lifetimes.
class Snapshot {
 public:
  std::size_t bytes() const;

  struct Impl;
  explicit Snapshot(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// How far a stream is run.
struct StreamOptions {
  bool each = false;            ///< each lifetime has values of its own; otherwise all see the same ones
  bool learn = true;            ///< false: predictions only, targets may be empty
  std::int64_t max_steps = 0;   ///< 0: no limit
  double max_seconds = 0;       ///< of wall-clock time; 0: no limit
  const std::atomic<bool>* cancel = nullptr;  ///< looked at before every step
  bool stop_on_non_finite = false;  ///< end after a prediction with a NaN or an infinity, before it is learnt from
};

enum class StreamEnd { finished, steps, seconds, cancelled, non_finite };
const char* stream_end_text(StreamEnd end);  ///< in words, for people

struct StreamResult {
  StreamEnd end = StreamEnd::finished;
  std::int64_t steps = 0;  ///< predictions made
};

/// Some lifetimes of one program, stepped together by the host.
///
/// Wherever values of x, y or target are handed over, a matrix goes row by row, and several lifetimes one after the
/// other. An x or target with the values of one lifetime is given to all of them. Where a program does not use x or
/// target, they are ignored; where it has no y, predictions are one zero for each lifetime.
class Lifetimes {
 public:
  Lifetimes(Lifetimes&&) noexcept;
  Lifetimes& operator=(Lifetimes&&) noexcept;
  ~Lifetimes();

  const BoundProgram& program() const;
  int count() const;
  std::string_view engine() const;
  DType dtype() const;

  /// Birth: all registers take their first values, then Setup runs once. To be called first; again for a new life.
  void setup();
  /// Birth of all lifetimes with the params of a model, whose state they then take over.
  void setup(const Model& model);
  /// x is assigned, target is zero, Predict runs. The result is valid until the next call.
  std::span<const double> predict(std::span<const double> x);
  std::span<const float> predict(std::span<const float> x);
  /// x and target are assigned, Learn runs.
  void learn(std::span<const double> x, std::span<const double> target);
  void learn(std::span<const float> x, std::span<const float> target);
  void learn(std::span<const double> x, double target) { learn(x, std::span<const double>(&target, 1)); }
  void learn(std::span<const float> x, float target) { learn(x, std::span<const float>(&target, 1)); }

  /// predict and learn for every row of `xs` and `targets`. `predictions` receives every y, or is empty.
  StreamResult run_stream(std::span<const double> xs, std::span<const double> targets,
                          const StreamOptions& options = {}, std::span<double> predictions = {});
  StreamResult run_stream(std::span<const float> xs, std::span<const float> targets,
                          const StreamOptions& options = {}, std::span<float> predictions = {});

  /// A register of one lifetime. Throws std::invalid_argument when it is not readable.
  std::vector<double> read(std::string_view name, int lifetime = 0) const;
  void read(std::string_view name, std::span<double> out, int lifetime = 0) const;
  void read(std::string_view name, std::span<float> out, int lifetime = 0) const;
  /// Any register but a param, from now on: a state, or `reward`, `action`, `done` of a control program.
  void write(std::string_view name, std::span<const double> values, int lifetime = 0);
  void write(std::string_view name, std::span<const float> values, int lifetime = 0);

  /// The params from the next setup() on: of all lifetimes, or of one. Those not named keep their value.
  void set_params(const Params& params);
  void set_params(const Params& params, int lifetime);
  Params params(int lifetime = 0) const;

  Snapshot save() const;
  /// Throws std::invalid_argument for a snapshot that does not fit.
  void restore(const Snapshot& snapshot);
  /// Calls `f` and then takes back what it did to the state; random draws in between are others than those of the
  /// lifetime. So a test in the middle of a life does not change the life.
  void look(const std::function<void()>& f);

  struct Impl;
  explicit Lifetimes(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
  void set_looking(bool looking);
};

/// Names that StartOptions::engine may have besides "auto" on this machine and with this number type: those of a GPU
/// only where there is one.
std::vector<std::string> engine_names(DType dtype = DType::f64);

}  // namespace mlz
