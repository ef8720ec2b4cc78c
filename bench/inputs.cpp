#include "bench/inputs.hpp"

#include <algorithm>
#include <array>

#include "evolve/numbered/evaluator.hpp"
#include "lang/core/draws.hpp"
#include "lang/text/compile.hpp"

namespace mlz::bench {
namespace {

using vm::CompactInstruction;
using vm::CompactProgram;

CompactInstruction line(int op, int out, int a = 0, int b = 0) {
  CompactInstruction i;
  i.op = static_cast<std::uint8_t>(op);
  i.out = static_cast<std::uint8_t>(out);
  i.a = static_cast<std::uint8_t>(a);
  i.b = static_cast<std::uint8_t>(b);
  return i;
}

CompactInstruction constant(int out, double value) {
  CompactInstruction i = line(vm::kScalarConstant, out);
  i.set(value);
  return i;
}

constexpr std::array kSizes{10, 2, 8};
constexpr std::array kDemoOps{56, 27, 2, 3, 18, 23};

int below(DrawSequence& draws, int n) { return static_cast<int>(draws.below(static_cast<std::uint64_t>(n))); }

CompactInstruction random_line(DrawSequence& draws) {
  const int op = kDemoOps[static_cast<std::size_t>(below(draws, static_cast<int>(kDemoOps.size())))];
  const auto reg = [&](vm::Bank bank, bool written) {
    const int n = bank == vm::Bank::scalar ? 4 : bank == vm::Bank::vector ? 3 : 1;
    return bank == vm::Bank::none ? 0 : written ? 1 + below(draws, n - 1) : below(draws, n);
  };
  const vm::CompactOpInfo& info = vm::kCompactOpTable[static_cast<std::size_t>(op)];
  const int out = reg(info.out, true), a = reg(info.a, false), b = reg(info.b, false);
  return op == vm::kScalarConstant ? constant(out, draws.normal()) : line(op, out, a, b);
}

CompactProgram random_program(DrawSequence& draws) {
  CompactProgram out;
  for (std::size_t f = 0; f < 3; ++f) {
    for (int k = 0; k < kSizes[f]; ++k) out.code[f].push_back(random_line(draws));
  }
  return out;
}

/// The linear design for four scalars, its lines at random places of a random program, and a few lines changed.
CompactProgram evolved_candidate(DrawSequence& draws, const CompactProgram& linear) {
  CompactProgram out = random_program(draws);
  for (std::size_t f = 0; f < 3; ++f) {
    const int size = kSizes[f], lines = static_cast<int>(linear.code[f].size());
    std::vector<std::uint32_t> order(static_cast<std::size_t>(size));
    shuffle(draws, order);
    std::sort(order.begin(), order.begin() + lines);
    for (int k = 0; k < lines; ++k) {
      out.code[f][order[static_cast<std::size_t>(k)]] = linear.code[f][static_cast<std::size_t>(k)];
    }
  }
  for (int changes = below(draws, 3); changes > 0; --changes) {
    const auto f = static_cast<std::size_t>(below(draws, 3));
    out.code[f][static_cast<std::size_t>(below(draws, kSizes[f]))] = random_line(draws);
  }
  return out;
}

}  // namespace

vm::TaskBatch linear_tasks(int features, int tasks, int train, int valid, std::uint64_t seed) {
  vm::TaskBatch out;
  out.features = features;
  for (int t = 0; t < tasks; ++t) {
    DrawSequence draws({seed, kTaskStream, static_cast<std::uint32_t>(t), 0, 0});
    std::vector<double> weights(static_cast<std::size_t>(features));
    for (double& w : weights) w = draws.normal();
    vm::BatchTask task;
    task.lifetime = static_cast<std::uint32_t>(t);
    const auto fill = [&](int count, std::vector<double>& x, std::vector<double>& y) {
      for (int i = 0; i < count; ++i) {
        double label = 0;
        for (const double w : weights) {
          x.push_back(draws.normal());
          label += w * x.back();
        }
        y.push_back(label);
      }
    };
    fill(train, task.train_features, task.train_labels);
    fill(valid, task.valid_features, task.valid_labels);
    out.tasks.push_back(std::move(task));
  }
  return out;
}

CompactProgram design(const std::string& name) {
  const evolve::Banks banks{{5, 9, 2}};
  CompactProgram out;
  evolve::to_compact(evolve::read_genome(text::read_source("stdlib/" + name + ".mlz")->text, name, banks), out);
  return out;
}

CompactProgram random_program(std::uint64_t seed) {
  DrawSequence draws({seed, kSearchStream, 0, 0, 0});
  return random_program(draws);
}

double live_share(const CompactProgram& program) {
  vm::LiveProgram live;
  live.make(program);
  std::size_t alive = 0, all = 0;
  for (std::size_t f = 0; f < 3; ++f) {
    alive += live.code[f].size();
    all += program.code[f].size();
  }
  return static_cast<double>(alive) / static_cast<double>(all);
}

std::vector<CompactProgram> evolved_programs(int count, const vm::TaskBatch& batch) {
  vm::BatchEvaluator evaluator(batch, {});
  const CompactProgram linear = design("automl_linear");
  std::vector<CompactProgram> out;
  for (std::uint64_t seed = 1; static_cast<int>(out.size()) < count; ++seed) {
    DrawSequence draws({seed, kSearchStream, 1, 0, 0});
    const CompactProgram program = evolved_candidate(draws, linear);
    const double share = live_share(program);
    if (share < 0.4 || share > 0.65) continue;
    const CompactProgram* pointer = &program;
    vm::BatchOutcome outcome;
    evaluator.evaluate(std::span(&pointer, 1), std::span(&outcome, 1));
    const auto scored = std::count_if(outcome.fitness.begin(), outcome.fitness.end(), [](double f) { return f > 0; });
    if (10 * scored >= 8 * static_cast<std::ptrdiff_t>(outcome.fitness.size())) out.push_back(program);
  }
  return out;
}

}  // namespace mlz::bench
