#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

/// Searches over the params of a program: a vector of numbers is asked for, judged, and told.
namespace mlz::outer {

using Vector = std::vector<double>;

/// All a loop needs to go on as if it had not stopped: numbers by name.
struct LoopState {
  std::int64_t generation = 0;
  std::map<std::string, Vector> parts;

  /// Throws std::invalid_argument for a part that is missing or has another size.
  const Vector& part(const std::string& name, std::size_t size) const;
};

/// A search for the vector of lowest loss. Its draws are a pure function of seed and generation.
class OuterLoop {
 public:
  virtual ~OuterLoop() = default;
  /// The candidates of the current generation; the same until tell() is called.
  virtual std::vector<Vector> ask() const = 0;
  /// Takes a loss for each candidate of ask(), in that order, and goes on to the next generation.
  virtual void tell(std::span<const double> losses) = 0;
  /// Likewise, with what its lifetime made of each candidate: a vector of the same size, empty where the lifetime failed.
  /// Loops that hand nothing on take the losses alone.
  virtual void tell_lived(std::span<const double> losses, std::span<const Vector> /*finals*/) { tell(losses); }
  /// The best guess so far.
  virtual const Vector& mean() const = 0;
  /// Numbers for the log that are the loop's own.
  virtual std::map<std::string, double> notes() const { return {}; }
  virtual std::int64_t generation() const = 0;
  virtual LoopState saved() const = 0;
  /// Goes on from what a loop with the same options saved. Throws std::invalid_argument where it does not fit.
  virtual void restore(const LoopState& state) = 0;
};

}  // namespace mlz::outer
