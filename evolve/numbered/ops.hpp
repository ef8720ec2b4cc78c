#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lang/core/op_table.hpp"

/// Programs in the form of AutoML-Zero: numbered scalars, vectors and square matrices, and its 65 operations.
namespace mlz::evolve {

/// What an instruction carries besides addresses.
enum class Data : std::uint8_t {
  none,
  number,   ///< f64 of a scalar constant
  entry_v,  ///< vector entry: fraction, value
  entry_m,  ///< matrix entry: row fraction, column fraction, value
  uniform,  ///< lower and upper bound
  normal,   ///< mean and deviation
};

/// The kinds of an operation's operands, in place, so that looking one up costs little. Those it has not are scalars.
class Operands {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Kind operator[](std::size_t k) const { return kinds_[k]; }
  const Kind* begin() const { return kinds_.data(); }
  const Kind* end() const { return kinds_.data() + size_; }
  void push_back(Kind kind) { kinds_[size_++] = kind; }
  bool operator==(const Operands&) const = default;

 private:
  std::array<Kind, 2> kinds_{};
  std::uint8_t size_ = 0;
};

/// One operation of AutoML-Zero (Real et al. 2020, table S1), in terms of the op table. Small, as searches look it up for
/// every instruction of every candidate.
struct NumberedOp {
  std::uint8_t number = 0;
  OpId op = OpId::noop;
  std::int8_t axis = -1;  ///< of reductions and broadcasts; -1: none
  Operands in;
  bool has_out = false;
  Kind out = Kind::scalar;
  Data data = Data::none;
  bool commutative = false, random = false;
  double cost = 1;  ///< of the original's static cost model, a sum of two scalars being 1

  /// Whether the register written keeps some of its entries.
  bool keeps() const { return data == Data::entry_v || data == Data::entry_m; }
};

inline constexpr int kNumberedOps = 65;
const std::array<NumberedOp, kNumberedOps>& numbered_ops();

/// Numbers of a list such as "27,2,18" or "0-55,60" or "all"; repeats weight an operation. Throws InputError.
std::vector<std::uint8_t> parse_op_list(const std::string& text, const std::string& what);
std::string print_op_list(const std::vector<std::uint8_t>& ops);
std::string signature(const NumberedOp& op);  ///< "s = dot(v, v)"
std::string list_numbered_ops();              ///< number, form and meaning of each

}  // namespace mlz::evolve
