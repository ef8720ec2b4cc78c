#pragma once
#include <string>
#include <vector>

#include "lang/core/core_program.hpp"

namespace mlz {

/// The shape of a result, or why there is none.
struct Inferred {
  Shape shape;
  std::string error;  ///< empty when the shapes fit
  std::string hint = {};  ///< what to do about the error; may be empty

  bool ok() const { return error.empty(); }
  static Inferred bad(std::string why) { return {{}, std::move(why)}; }
};

/// Applies the shape rule of an op to the shapes of its operands (constants are scalars). Kinds must already admit
/// the overload. Samplers and `fill` without a shape give a scalar. Not for get, set and set_fraction.
Inferred infer_shape(const OpInfo& op, const std::vector<Shape>& operands,
                     const std::vector<std::vector<StaticExpr>>& attributes, const SizeTable& sizes);

/// The shape of `register[index]`; a full index of single positions gives a scalar.
Inferred index_shape(const Shape& of, const std::vector<Index>& index, const SizeTable& sizes);

}  // namespace mlz
