#pragma once
#include <cstdint>
#include <random>

#include "lang/text/ast.hpp"

namespace mlz::text {

/// Makes programs of every construct of the surface form, the same ones for the same seed.
class RandomPrograms {
 public:
  explicit RandomPrograms(std::uint32_t seed) : engine_(seed) {}

  Program program();
  Expr expression(int depth);

 private:
  int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint32_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  std::string name();
  std::string dotted();
  std::string doc();
  double number();
  std::vector<Expr> expressions(int least, int most, int depth);
  Expr call(int depth);
  Expr index(int depth);
  Expr operation(int depth);
  Expr named(const std::string& text);
  Declaration declaration();
  FamilyDimension family();
  void set_type(Declaration& d);
  Statement statement(int depth);
  Statement loop(int depth);
  Statement branch(int depth);
  Statement assignment();
  std::vector<Statement> block(int depth);
  FunctionDefinition function();

  std::mt19937 engine_;
};

}  // namespace mlz::text
