#include <fmt/format.h>

#include <numeric>
#include <stdexcept>

#include "bench/native_mlp.hpp"
#include "bench/session.hpp"
#include "evolve/eval/lifetime.hpp"
#include "lang/core/draws.hpp"
#include "lang/text/compile.hpp"
#include "tasks/examples.hpp"
#include "vm/blas.hpp"

namespace mlz::bench {
namespace {

constexpr int kPixels = 784, kClasses = 10;
/// Relative difference of the shares of right predictions that other first weights explain.
constexpr double kOtherWeights = 0.2;

/// The images of MNIST where it is installed, else drawn ones: a spot per class and noise.
struct Data {
  std::string name = "mnist";
  tasks::TaskInfo info;
  tasks::Problem problem;
  Images images;
};

std::shared_ptr<const tasks::Examples> drawn(std::size_t count) {
  DrawSequence draws({1, kTaskStream, 0, 0, 0});
  std::vector<double> x(count * kPixels), labels(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t label = draws.below(kClasses);
    for (std::size_t p = 0; p < kPixels; ++p) x[i * kPixels + p] = draws.uniform() < 0.2 || p / 78 == label ? draws.uniform() : 0;
    labels[i] = static_cast<double>(label);
  }
  return std::make_shared<tasks::DenseExamples>(std::move(x), kPixels, std::move(labels));
}

std::shared_ptr<const tasks::Examples> find_images(const Settings& settings, std::size_t count, std::string& name) {
  try {
    const auto task = tasks::make_task("mnist", tasks::DataPaths::standard(settings.data));
    const auto train = task->problem(1, 0).train;
    std::vector<double> labels(count);
    for (std::size_t i = 0; i < count; ++i) labels[i] = train->label(i);
    std::vector<std::uint32_t> first(count);
    std::iota(first.begin(), first.end(), 0u);
    return std::make_shared<tasks::ChosenExamples>(train, first, labels);
  } catch (const InputError&) {
    name = "drawn images";
    return drawn(count);
  }
}

Data make_data(const Settings& settings) {
  const std::size_t count = settings.quick ? 512 : 8192;
  Data data;
  const auto none = std::make_shared<tasks::DenseExamples>(std::vector<double>(), kPixels, std::vector<double>());
  data.problem.train = find_images(settings, count, data.name);
  data.problem.valid = data.problem.test = none;
  data.problem.order = {std::vector<std::uint32_t>(count)};
  std::iota(data.problem.order[0].begin(), data.problem.order[0].end(), 0u);
  data.info.name = data.name;
  data.info.sizes = {{"features", kPixels}, {"outputs", kClasses}};
  data.info.classes = kClasses;
  data.images = {kPixels, kClasses, std::vector<float>(count * kPixels), {}};
  for (std::size_t i = 0; i < count; ++i) {
    data.problem.train->features(i, std::span(data.images.x).subspan(i * kPixels, kPixels));
    data.images.label.push_back(static_cast<int>(data.problem.train->label(i)));
  }
  return data;
}

Contender ours(const Data& data, int batch) {
  Diagnostics diagnostics;
  text::CompileOptions compile;
  compile.set = {{"batch", std::to_string(batch)}};
  const auto compiled = text::compile(text::read_source("stdlib/mlp.mlz"), compile, diagnostics);
  vm::BindOptions bind;
  bind.sizes = data.info.sizes;
  vm::MachineOptions options;
  options.dtype = vm::DType::f32;
  options.seed = 1;
  const std::shared_ptr<vm::Machine> machine =
      vm::make_machine("auto", vm::bind(compiled.value().core, bind, diagnostics), options);
  const auto run = [machine, &data] {
    eval::Settings settings;
    settings.seed = 1;
    return eval::run_lifetime(*machine, data.info, data.problem, settings).train;
  };
  return {"mlz f32", true, on_this_thread(run), kOtherWeights};
}

}  // namespace

void bench_mlp(Session& session) {
  const Data data = make_data(session.settings());
  const vm::Blas* blas = vm::blas();
  for (const int batch : {1, 32}) {
    Case c{fmt::format("{}, batch {}", data.name, batch), "us per image", 1000.0 * static_cast<double>(data.images.label.size()),
           {ours(data, batch)}};
    if (blas != nullptr) {
      const auto run = [blas, batch, &data] { return native_mlp(vm::kernel_level(), *blas, data.images, batch); };
      c.contenders.push_back({"by hand f32", false, on_this_thread(run), kOtherWeights});
    }
    session.add(c);
  }
}

}  // namespace mlz::bench
