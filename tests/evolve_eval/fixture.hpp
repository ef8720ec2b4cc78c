#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "evolve/eval/lifetime.hpp"
#include "lang/text/compile.hpp"

namespace mlz::eval::test {

/// Examples of one feature each, or more, with a label.
class Rows : public tasks::Examples {
 public:
  Rows(std::vector<std::vector<double>> features, std::vector<double> labels)
      : features_(std::move(features)), labels_(std::move(labels)) {}
  std::size_t size() const override { return labels_.size(); }
  void features(std::size_t i, std::span<double> out) const override {
    REQUIRE(out.size() == features_[i].size());
    std::copy(features_[i].begin(), features_[i].end(), out.begin());
  }
  void features(std::size_t i, std::span<float> out) const override {
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = static_cast<float>(features_[i][k]);
  }
  double label(std::size_t i) const override { return labels_[i]; }

 private:
  std::vector<std::vector<double>> features_;
  std::vector<double> labels_;
};

inline std::shared_ptr<const tasks::Examples> rows(std::vector<double> x,
                                                   std::vector<double> labels) {
  std::vector<std::vector<double>> features;
  for (const double v : x) features.push_back({v});
  return std::make_shared<Rows>(std::move(features), std::move(labels));
}

/// A world of one feature: what a test case changes is set in the members.
struct World {
  tasks::TaskInfo info;
  tasks::Problem problem;
  Settings settings;
  std::uint64_t seed = 1;
  std::string engine = "reference";

  explicit World(tasks::Metric metric, int classes = 0, std::int64_t features = 1) {
    info.name = "made_up";
    info.metric = metric;
    info.classes = classes;
    info.sizes = {{"features", features}, {"outputs", std::max(classes, 1)}};
    problem.train = problem.valid = problem.test = rows({}, {});
  }

  std::unique_ptr<vm::Machine> machine(const std::string& text) const {
    Diagnostics diagnostics;
    const auto file = std::make_shared<SourceFile>(SourceFile{"<test>", text});
    const auto compiled = text::compile(file, {}, diagnostics);
    REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
    vm::BindOptions bind;
    bind.sizes = info.sizes;
    bind.observe = vm::Observe::all;
    const auto bound = vm::bind(compiled->core, bind, diagnostics);
    REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
    vm::MachineOptions options;
    options.seed = seed;
    return vm::make_machine(engine, bound, options);
  }
  Outcome run(const std::string& text) { return run(*machine(text)); }
  Outcome run(vm::Machine& machine) const { return run_lifetime(machine, info, problem, settings); }
};

inline double scalar(const vm::Machine& machine, const std::string& name) {
  double value = 0;
  machine.read(machine.program().by_name.at(name), 0, std::span(&value, 1));
  return value;
}

}  // namespace mlz::eval::test
