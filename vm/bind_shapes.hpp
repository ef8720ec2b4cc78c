#pragma once
#include <optional>
#include <string>
#include <vector>

#include "vm/bound_program.hpp"

namespace mlz::vm {

/// A shape in numbers. Scalars are 1 x 1, vectors 1 x n.
struct Dims {
  Kind kind = Kind::scalar;
  std::int64_t rows = 1, cols = 1;

  bool operator==(const Dims&) const = default;
  std::int64_t size() const { return rows * cols; }
  std::string print() const;
};

Dims dims_of(const BoundRegister& r);

/// The shape an instruction gives for operands of these shapes, by its attributes, or nothing with
/// the reason in `why`. `asked` is the shape written in the line, if the op takes one; samplers and
/// `fill` without one take that of their result, `out`. Not for get and set.
std::optional<Dims> result_dims(const BoundInstruction& instruction, const std::vector<Dims>& in,
                                const std::optional<Dims>& asked, const Dims& out,
                                std::string& why);

}  // namespace mlz::vm
