#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/core/shape.hpp"

namespace mlz {

enum class OpId : std::uint8_t {
#define MLZ_ELEMENTWISE(id, ...) id,
#define MLZ_OP(id, ...) id,
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
  hole,  ///< `?`: an op to be found by search; not in the table
};

/// How the shape of a result follows from operands and attributes; `infer_shape` implements each.
enum class ShapeRule : std::uint8_t {
  broadcast, none, constant, same, index_get, index_set, shaped, iota, features_vector, square, reshape,
  concat, transpose, onehot, repeat, group, dot, matvec, vecmat, matmul, outer, reduce, argmax, unfold, pool,
};

enum OpFlags : std::uint32_t {
  kCommutative = 1,   ///< operands may be exchanged
  kReduces = 2,       ///< sums or compares entries: needs the written reduction order
  kRandom = 4,        ///< draws random numbers
  kPrintsAsCall = 8,  ///< has a symbol but prints as a call
  kElementwise = 16,
};

/// A bind-time argument of an op.
struct OpAttribute {
  std::string name;
  bool optional = false;      ///< may be left out with no default value
  bool is_shape = false;      ///< one or two dimensions
  std::string default_value;  ///< text of the default; empty when there is none
};

/// One row of the op table.
struct OpInfo {
  OpId id;
  std::vector<std::string> names;
  std::string symbol;
  std::vector<std::string> operands;  ///< admitted kind letters of each operand
  bool variadic = false;              ///< the last operand may repeat
  std::vector<OpAttribute> attributes;
  ShapeRule rule;
  std::uint32_t flags;
  double cost;
  std::string automl;  ///< "number:kinds number:kinds ..."
  /// What the gradient of each operand gains, as the table has it; `set` has one more for what it keeps. Empty where no
  /// bound program has the op, or it has no operands.
  std::vector<std::string> gradients;
  std::string meaning;

  /// Whether a gradient flows from the result to operand `k` (of `set`: 1 is what it keeps).
  bool passes_gradient(std::size_t k) const { return k < gradients.size() && gradients[k] != "zero"; }
  const std::string& name() const { return names.front(); }
  bool has(OpFlags flag) const { return (flags & flag) != 0; }
  int attribute(std::string_view name) const;  ///< its index, or -1
};

const std::vector<OpInfo>& op_table();
const OpInfo& op_info(OpId id);

/// All rows that a name or symbol in program text can mean, in table order.
std::vector<OpId> find_ops(std::string_view name_or_symbol);
/// The first of those whose operands admit these kinds.
std::optional<OpId> find_overload(std::string_view name_or_symbol, const std::vector<Kind>& kinds);
/// The AutoML-Zero number of an op with operands of these kinds (and axis, where it tells two numbers
/// apart; and the kind of the result for samplers and entry sets), or -1.
int automl_number(OpId id, const std::vector<Kind>& operands, Kind result, int axis);

std::vector<std::string> op_names();  ///< every name a program may call

}  // namespace mlz
