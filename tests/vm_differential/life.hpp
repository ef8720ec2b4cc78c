#pragma once
#include <doctest/doctest.h>

#include <random>

#include "lang/text/compile.hpp"
#include "tests/support/compare.hpp"

/// Programs given as text, and lives of them that several machines lead side by side.
namespace mlz::test {

inline vm::BoundProgram bound(const std::string& program, const vm::BindOptions& options) {
  Diagnostics problems;
  const auto source = std::make_shared<SourceFile>(SourceFile{"program.mlz", program});
  const auto compiled = text::compile(source, {}, problems);
  INFO(program);
  INFO(problems.text());
  REQUIRE(compiled.has_value());
  vm::BoundProgram made = vm::bind(compiled->core, options, problems);
  INFO(problems.text());
  REQUIRE(problems.ok());
  return made;
}

/// Machines of one program that are handed the same examples.
class Lives {
 public:
  Lives(std::vector<vm::Machine*> machines, std::uint64_t seed) : machines_(std::move(machines)), random_(seed) {}

  void setup() { run(Function::setup); }
  void predict() {
    hand_in(Role::x);
    run(Function::predict);
  }
  void learn() {
    hand_in(Role::target);
    run(Function::learn);
  }

 private:
  std::vector<vm::Machine*> machines_;
  std::mt19937_64 random_;

  void run(Function f) {
    for (vm::Machine* m : machines_) m->run(f);
  }
  void hand_in(Role role) {
    const vm::BoundProgram& program = machines_.front()->program();
    const vm::RegisterId id = program.with_role(role);
    if (id == vm::kNoRegister) return;
    std::vector<double> values(static_cast<std::size_t>(program.registers[id].size()));
    for (double& v : values) v = static_cast<double>(random_() >> 11) * 0x1p-52 - 1;
    for (vm::Machine* m : machines_) {
      for (int lane = 0; lane < m->lanes(); ++lane) m->write(id, lane, std::span<const double>(values));
    }
  }
};

/// Two steps of a life of all; `look` after each function.
template <class Look>
void lead(Lives& lives, Look look) {
  lives.setup();
  look();
  for (int step = 0; step < 2; ++step) {
    lives.predict();
    look();
    lives.learn();
    look();
  }
}

}  // namespace mlz::test
