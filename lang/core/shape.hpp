#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "lang/core/static_expr.hpp"

namespace mlz {

/// How sizes are defined, as far as it matters for comparing shapes. A size given by a whole number is a
/// name of its own; one given by an expression is that expression; a list is known entry by entry.
struct SizeTable {
  std::map<std::string, StaticExpr> aliases;  ///< size -> the expression it stands for
  std::map<std::string, StaticExpr> lists;    ///< list of sizes -> its StaticExpr::list
};

/// One dimension of a shape: a polynomial with whole coefficients over names of sizes, loop variables,
/// entries of lists and quotients, in a normal form. Two are equal when their normal forms are. Arithmetic throws
/// InputError where the normal form would have more than kMaxTerms terms or a coefficient outside 64 bits.
class Dim {
 public:
  static constexpr std::size_t kMaxTerms = 200;

  Dim(std::int64_t value = 0);  // NOLINT: a number is a dimension
  /// The normal form of `expr`; nothing when it cannot be a whole number (a real function, a literal
  /// with a fraction).
  static std::optional<Dim> of(const StaticExpr& expr, const SizeTable& sizes);

  Dim operator+(const Dim& other) const;
  Dim operator-(const Dim& other) const;
  Dim operator*(const Dim& other) const;
  /// The exact quotient, when `other` divides this as a polynomial.
  std::optional<Dim> divided_by(const Dim& other) const;
  bool operator==(const Dim& other) const { return terms_ == other.terms_; }

  std::optional<std::int64_t> constant() const;  ///< its value when it has no names
  bool is_one() const { return constant() == 1; }
  StaticExpr expr() const;                       ///< in normal form
  std::string print() const { return expr().print(); }

 private:
  using Factors = std::map<std::string, int>;  // printed atom -> power
  std::map<Factors, std::int64_t> terms_;      // no zero coefficients
  std::map<std::string, StaticExpr> atoms_;

  using Known = std::map<std::string, std::optional<Dim>>;  // sizes found so far
  static std::optional<Dim> of(const StaticExpr& expr, const SizeTable& sizes, Known& known);
  static std::optional<Dim> of_call(const StaticExpr& expr, std::vector<Dim> args);
  static Dim atom(StaticExpr expr);
  void add_term(const Factors& factors, std::int64_t coefficient);
  void take_atoms(const Dim& other);
};

enum class Kind : std::uint8_t { scalar = 0, vector = 1, matrix = 2 };
char kind_letter(Kind kind);  ///< 's', 'v', 'm'
const char* kind_name(Kind kind);

/// A symbolic shape: scalar, vector[n] or matrix[rows, columns].
struct Shape {
  Kind kind = Kind::scalar;
  std::array<Dim, 2> dims{Dim(1), Dim(1)};  ///< vector: {n, 1}

  static Shape scalar() { return {}; }
  static Shape vector(Dim n) { return {Kind::vector, {std::move(n), Dim(1)}}; }
  static Shape matrix(Dim rows, Dim cols) { return {Kind::matrix, {std::move(rows), std::move(cols)}}; }

  bool operator==(const Shape& other) const { return kind == other.kind && dims == other.dims; }
  Dim elements() const { return dims[0] * dims[1]; }
  std::string print() const;  ///< "scalar", "vector[n]", "matrix[r, c]"
};

}  // namespace mlz
