#pragma once
#include <concepts>

#include "vm/adjoint/emitter.hpp"

/// Values that stand for what a program will compute: arithmetic with them appends instructions. The gradient column of
/// the op table is written with these functions. Operands broadcast as in programs.
namespace mlz::vm::adjoint {

class Value {
 public:
  enum class Kind {
    number,    ///< known now
    computed,  ///< in a register
    zero,      ///< no gradient
    none,      ///< the operation does not occur in bound programs
    placed,    ///< in a register: what stands in the window of an instruction `get`, zero elsewhere
    left,      ///< in a register, but zero in the window of an instruction `set`
  };

  Value(std::floating_point auto number) : number_(static_cast<double>(number)) {}
  Value(std::integral auto number) : number_(static_cast<double>(number)) {}
  Value(Emitter& emitter, RegisterId id) : kind_(Kind::computed), emitter_(&emitter), id_(id) {}
  explicit Value(Kind kind) : kind_(kind) {}
  /// The same register with another meaning.
  Value as(Kind kind) const {
    Value made = *this;
    made.kind_ = kind;
    return made;
  }

  Kind kind() const { return kind_; }
  RegisterId id() const { return id_; }
  Emitter& emitter() const { return *emitter_; }
  Dims dims() const { return emitter_->dims(id_); }
  /// The register of this value in a program, a constant for a number.
  RegisterId in(Emitter& emitter) const { return kind_ == Kind::number ? emitter.constant(number_) : id_; }
  bool has_emitter() const { return emitter_ != nullptr; }

 private:
  Kind kind_ = Kind::number;
  Emitter* emitter_ = nullptr;
  RegisterId id_ = kNoRegister;
  double number_ = 0;
};

Value operator+(const Value& a, const Value& b);
Value operator-(const Value& a, const Value& b);
Value operator*(const Value& a, const Value& b);
Value operator/(const Value& a, const Value& b);
Value operator-(const Value& a);
Value operator<(const Value& a, const Value& b);
Value operator>(const Value& a, const Value& b);
Value operator==(const Value& a, const Value& b);
Value where(const Value& condition, const Value& yes, const Value& no);
Value pow(const Value& a, const Value& b);
Value exp(const Value& a);
Value log(const Value& a);
Value sqrt(const Value& a);
Value sin(const Value& a);
Value cos(const Value& a);
Value tanh(const Value& a);
Value sign(const Value& a);
Value square(const Value& a);

Value sum(const Value& a);  ///< of all entries; a scalar is its own sum
Value sum(const Value& a, std::int64_t axis);
Value mean(const Value& a, std::int64_t axis);
Value matmul(const Value& a, const Value& b);  ///< of any two of vectors and matrices
Value outer(const Value& a, const Value& b);
Value transpose(const Value& a);
Value reshape(const Value& a, const Value& like);
Value reshape(const Value& a, const Dims& dims);
Value repeat_rows(const Value& a, std::int64_t times);
Value tile_rows(const Value& a, std::int64_t times);
Value sum_groups(const Value& a, std::int64_t times);
Value sum_strided(const Value& a, std::int64_t times);

/// Of a vector a scalar, of each row of a matrix a column: shapes that broadcast with what they are taken of.
Value row_sum(const Value& a);
Value row_mean(const Value& a);
Value row_deviation(const Value& a, double eps);  ///< sqrt(variance + eps)
Value gelu_slope(const Value& a);

/// A value as an operand of that shape gains it: summed over the dimensions in which the operand was broadcast, and
/// repeated along those in which the value is.
Value fitted(const Value& a, const Dims& dims);

}  // namespace mlz::vm::adjoint
