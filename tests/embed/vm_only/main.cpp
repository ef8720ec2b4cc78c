// A host without the parser: the program was bound when the host was built.
#include <mlz/vm.hpp>

#include <array>
#include <cmath>
#include <cstdio>

#include "kTracker.hpp"

int main() {
  const auto program = mlz::BoundProgram::load(kTracker);
  if (!program) return std::puts(program.error_text().c_str()), 1;
  auto learner = program->start().value();
  learner.setup();
  double error = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::array<double, 3> x{std::sin(0.7 * i), std::cos(1.3 * i), 1.0};
    const double sign = i < 1000 ? 1 : -1;
    const double truth = sign * (x[0] - 2 * x[1]) + 0.5;
    error = std::abs(learner.predict(x)[0] - truth);
    learner.learn(x, truth);
  }
  const auto w = learner.read("w");
  std::printf("error %.6f, w = %.3f, %.3f, %.3f\n", error, w[0], w[1], w[2]);
  return error < 1e-3 && std::abs(w[1] - 2) < 1e-2 ? 0 : 1;
}
