#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/srwm_network.hpp"
#include "vm/adjoint/reversal.hpp"

/// Gradients of losses over all steps of stdlib/srwm.mlz.
namespace mlz::golden {
namespace {

using nlohmann::json;
using Numbers = std::vector<double>;

/// A loss that is a sum over steps: adds what y costs at a step and gives the slope.
using Loss = std::function<Numbers(std::size_t step, const Numbers& y, double& loss)>;

Numbers values_of(const vm::Machine& machine, vm::RegisterId id) {
  Numbers values(static_cast<std::size_t>(machine.program().registers[id].size()));
  machine.read(id, 0, std::span<double>(values));
  return values;
}

/// A recorded lifetime forward and back.
class Lifetime {
 public:
  Lifetime(const Learner& learner, const json& x) : reversal_(learner.reversal({true, false})) {
    for (const json& row : x) x_.push_back(numbers(row));
    slopes_.resize(x_.size());
    dx.resize(x_.size());
  }

  void run(const Loss& cost) {
    vm::ReversibleSteps steps;
    const vm::BoundProgram& program = reversal_.forward().program();
    steps.count = static_cast<std::int64_t>(x_.size());
    const auto show = [&](vm::Machine& m, std::int64_t t) { put(m, program.with_role(Role::x), x_[at(t)]); };
    steps.before_predict = steps.before_learn = show;
    steps.predicted = [&](vm::Machine& m, std::int64_t t) {
      y.push_back(values_of(m, program.with_role(Role::y)));
      slopes_[at(t)] = cost(at(t), y.back(), loss);
    };
    steps.before_back = [&](vm::Machine& m, std::int64_t t) {
      put(m, reversal_.adjoint().x, x_[at(t)]);
      put(m, reversal_.adjoint().y_adjoint, slopes_[at(t)]);
    };
    steps.after_back = [&](vm::Machine& m, std::int64_t t) {
      if (reversal_.adjoint().x_adjoint != vm::kNoRegister) dx[at(t)] = values_of(m, reversal_.adjoint().x_adjoint);
    };
    reversal_.run(steps);
  }

  Numbers gradient(const std::string& param) const {
    const vm::BoundProgram& program = reversal_.adjoint().program;
    for (std::size_t p = 0; p < program.params.size(); ++p) {
      if (program.registers[program.params[p].id].name == param) return reversal_.param_gradient(p, 0);
    }
    throw InputError(param + " is not a param of the program");
  }

  double loss = 0;
  std::vector<Numbers> y, dx;  ///< by step

 private:
  vm::Reversal reversal_;
  std::vector<Numbers> x_, slopes_;

  static std::size_t at(std::int64_t step) { return static_cast<std::size_t>(step); }
  static void put(vm::Machine& m, vm::RegisterId id, const Numbers& v) {
    if (id != vm::kNoRegister) m.write(id, 0, std::span<const double>(v));
  }
};

void compare_answers(const Lifetime& life, const json& expected, const char* outputs, Comparison& compare) {
  for (std::size_t t = 0; t < life.y.size(); ++t)
    compare.recorded(fmt::format("{}[{}]", outputs, t), expected.at(outputs).at(t), life.y[t]);
  compare.numbers("loss", Numbers{expected.at("loss").get<double>()}, Numbers{life.loss});
}

}  // namespace

/// Kind `grad_core`: squared errors of all outputs at all steps.
std::optional<std::string> check_srwm_gradient(const json& recorded, const Options& options) {
  const json& inputs = recorded.at("inputs");
  const json& expected = recorded.at("expected");
  Lifetime life(make_bare(recorded, options), inputs.at("x"));
  life.run([&](std::size_t step, const Numbers& y, double& loss) {
    const Numbers target = numbers(inputs.at("target").at(step));
    Numbers slope(y.size());
    for (std::size_t j = 0; j < y.size(); ++j) {
      const double error = y[j] - target.at(j);
      loss += error * error;
      slope[j] = 2 * error;
    }
    return slope;
  });
  Comparison compare(recorded.at("tolerance"));
  compare_answers(life, expected, "y", compare);
  compare_head("d_W0", expected.at("d_W0"), life.gradient(head_name(0, 0, "W0")), compare);
  for (std::size_t t = 0; t < life.dx.size(); ++t)
    compare.recorded(fmt::format("d_x[{}]", t), expected.at("d_x").at(t), life.dx[t]);
  return compare.difference();
}

/// Kind `grad_stack`: cross entropy of the last step.
std::optional<std::string> check_srwm_stack_gradient(const json& recorded, const Options& options) {
  const json& inputs = recorded.at("inputs");
  const auto label = inputs.at("label").get<std::size_t>();
  const std::size_t steps = inputs.at("x").size();
  Lifetime life(make_stack(recorded, options), inputs.at("x"));
  life.run([&](std::size_t step, const Numbers& y, double& loss) {
    Numbers slope(y.size(), 0.0);
    if (step + 1 < steps) return slope;
    const double highest = *std::ranges::max_element(y);
    double sum = 0;
    for (const double v : y) sum += std::exp(v - highest);
    loss += highest + std::log(sum) - y.at(label);
    for (std::size_t j = 0; j < y.size(); ++j) slope[j] = std::exp(y[j] - highest) / sum - (j == label ? 1 : 0);
    return slope;
  });
  Comparison compare(recorded.at("tolerance"));
  compare_answers(life, recorded.at("expected"), "out", compare);
  each_weight(recorded, recorded.at("expected").at("grads"), [&](const std::string& param, const Numbers& expected) {
    compare.numbers("grads " + param, expected, life.gradient(param));
  });
  return compare.difference();
}

}  // namespace mlz::golden
