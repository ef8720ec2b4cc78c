#pragma once
#include <string>
#include <vector>

#include "vm/adjoint/values.hpp"
#include "vm/adjoint/versions.hpp"

namespace mlz::vm::adjoint {

/// Writes the code of one body of a lifetime: its values once more, each version in a register of its own, then the
/// gradients of its active versions from the last line to the first.
class Sweep {
 public:
  Sweep(const BoundProgram& original, Body& body, Emitter& emitter, std::int64_t max_instructions);

  /// Where a version is found that is not to be computed, as those of entries; `writable` when its register may be
  /// changed.
  void place(int version, RegisterId at, bool writable);
  void recompute();

  /// The gradient of a version is in a register of its own, which may be changed.
  void set_gradient(int version, RegisterId at);
  /// Adds to the gradient of a version; `owned` when nothing else will read the register of `c`.
  void add(int version, const Value& c, bool owned);
  /// Gradients of lines first ... last - 1, the last one first.
  void reverse(std::size_t first, std::size_t last);
  /// kNoRegister when nothing was added to it.
  RegisterId gradient(int version) const { return gradients_[static_cast<std::size_t>(version)].at; }

  std::string name(int version) const;

 private:
  using Window = Emitter::Attributes;
  struct Gradient {
    RegisterId at = kNoRegister;
    bool owned = false;           ///< no other gradient is in the same register
    std::vector<Window> written;  ///< the only parts that are not zero; empty: all of it
  };

  const BoundProgram& original_;
  Body& body_;
  Emitter& emitter_;
  std::int64_t max_instructions_;
  std::vector<RegisterId> at_;  // by version
  std::vector<char> writable_;  // by version
  std::vector<Gradient> gradients_;
  RegisterId first_fresh_ = 0;  // registers from here on belong to the line at hand

  const Version& version(int v) const { return body_.versions[static_cast<std::size_t>(v)]; }
  Dims dims(int v) const { return dims_of(original_.registers[version(v).of]); }
  bool active(int v) const { return v != kNoVersion && version(v).active(); }
  void check_size() const;
  void recompute(const Line& line);
  void reverse(const Line& line);
  void contribute(int to, const Value& c, const Line& line, int uses);
  void add_window(int to, RegisterId c, const Window& window);
  void keep_rest(const Line& line);
  RegisterId made(RegisterId id, int version);
};

}  // namespace mlz::vm::adjoint
