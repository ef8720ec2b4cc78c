// A host that uses the whole API: text in, predictions out.
#include <mlz/mlz.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
  const auto broken = mlz::compile("def Predict(x):\n  y = dott(x, x)\n");
  if (broken || broken.errors()[0].line != 2) return std::puts("a wrong program was accepted"), 1;

  const auto program = mlz::compile(
      "import nn\nstate w : vector[features]\ndef Predict(x):\n  y = dot(w, x)\n"
      "def Learn(x, target):\n  w = w + 0.1 * (target - y) * x\n");
  if (!program) return std::puts(program.error_text().c_str()), 1;
  const auto bound = program->bind({{"features", 2}}, {.observe = {"w"}}).value();
  auto learner = bound.start({.dtype = mlz::DType::f32}).value();
  learner.setup();
  for (int i = 0; i < 500; ++i) {
    const std::vector<float> x{std::sin(0.7f * static_cast<float>(i)), std::cos(1.3f * static_cast<float>(i))};
    learner.predict(x);
    learner.learn(x, 3 * x[0] - x[1]);
  }
  const std::vector<double> w = learner.read("w");
  std::printf("mlz %s, engine %s: w = %.3f, %.3f\n", mlz::version(), std::string(learner.engine()).c_str(), w[0], w[1]);
  return std::abs(w[0] - 3) < 0.01 && std::abs(w[1] + 1) < 0.01 ? 0 : 1;
}
