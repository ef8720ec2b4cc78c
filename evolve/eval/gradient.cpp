#include "evolve/eval/gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evolve/eval/feed.hpp"
#include "evolve/eval/order.hpp"
#include "evolve/eval/tally.hpp"

namespace mlz::eval {
namespace {

using Ids = std::span<const std::uint32_t>;
using Params = std::shared_ptr<const vm::ParamValues>;

std::size_t batch_of(const vm::BoundProgram& program) {
  return static_cast<std::size_t>(std::max<std::int64_t>(program.batch, 1));
}

vm::MachineOptions machine_options(const GradientOptions& options, int lanes) {
  vm::MachineOptions machine;
  machine.dtype = options.dtype;
  machine.blas = options.blas;
  machine.lanes = lanes;
  return machine;
}

std::vector<vm::Birth> births_of(std::span<const std::uint32_t> lifetimes, const Params& params, std::uint64_t seed) {
  std::vector<vm::Birth> births;
  for (const std::uint32_t lifetime : lifetimes) births.push_back({seed, lifetime, params});
  return births;
}

/// One lane: its examples, its predictions, and the gradient of its loss with respect to them.
template <class T>
class Lane {
 public:
  Lane(vm::Reversal& reversal, const tasks::TaskInfo& task, const tasks::Problem& problem, const Settings& settings,
       std::uint32_t lifetime, int lane)
      : reversal_(reversal),
        task_(task),
        problem_(problem),
        lane_(lane),
        feed_(reversal.forward(), task, lane),
        steps_(stream_steps(reversal.forward().program(), problem, settings)),
        slopes_(static_cast<std::size_t>(steps_)) {
    EpochOrders orders(problem, settings.seed, lifetime);
    const std::int64_t per_epoch = std::max<std::int64_t>(1, steps_per_epoch());
    for (int epoch = 0; epoch * per_epoch < steps_; ++epoch) orders_.push_back(orders.of(epoch));
    for (std::int64_t step = 0; step < steps_; ++step) {
      const auto [first, ids, all] = at(step);
      for (std::size_t b = 0; b < ids.size(); ++b) scored_ += first + b >= problem_.first_scored ? 1 : 0;
    }
    if (scored_ == 0)
      throw InputError("no prediction of the lifetime is scored, so it has no loss; give it more steps");
  }

  std::int64_t steps() const { return steps_; }
  bool finite() const { return finite_; }

  void before_predict(std::int64_t step) {
    load(step);
    feed_.before_predict();
  }
  void before_learn(std::int64_t step) {
    load(step);
    feed_.before_learn();
  }

  void predicted(std::int64_t step) {
    const auto [first, ids, all] = at(step);
    feed_.take_prediction();
    std::vector<T>& slope = slopes_[static_cast<std::size_t>(step)];
    const std::size_t width = feed_.prediction(0).size();
    slope.assign(width * static_cast<std::size_t>(feed_.batch()), T(0));
    if (first == 0) score_ = {};
    for (std::size_t b = 0; b < ids.size(); ++b) {
      if (first + b < problem_.first_scored) continue;
      score_.add(judge(static_cast<int>(b)));
      loss_ += feed_.loss(static_cast<int>(b));
      feed_.loss_gradient(static_cast<int>(b), 1 / static_cast<double>(scored_),
                          std::span<T>(slope).subspan(b * width, width));
      finite_ = finite_ && std::isfinite(loss_) && feed_.finite(static_cast<int>(b));
    }
  }

  void before_back(vm::Machine& back, std::int64_t step) {
    const vm::Adjoint& adjoint = reversal_.adjoint();
    load(step);
    feed_.make_target();
    if (adjoint.x != vm::kNoRegister) back.write(adjoint.x, lane_, feed_.features());
    if (adjoint.target != vm::kNoRegister) back.write(adjoint.target, lane_, feed_.target());
    back.write(adjoint.y_adjoint, lane_, std::span<const T>(slopes_[static_cast<std::size_t>(step)]));
  }

  void take_result(LifetimeGradient& made) const {
    made.steps = steps_;
    made.loss = loss_ / static_cast<double>(scored_);
    made.score = fitness_of(task_.metric, score_.score(task_.metric));
    made.params.resize(reversal_.adjoint().params.size());
    for (std::size_t p = 0; p < made.params.size(); ++p) reversal_.param_gradient(p, lane_, made.params[p]);
  }

 private:
  struct Part {
    std::size_t first;  ///< place of its first example in the epoch
    Ids ids, all;
  };
  vm::Reversal& reversal_;
  const tasks::TaskInfo& task_;
  const tasks::Problem& problem_;
  int lane_;
  Feed<T> feed_;
  std::int64_t steps_, loaded_ = -1;
  std::vector<std::vector<T>> slopes_;  // by step
  std::vector<std::vector<std::uint32_t>> orders_;
  std::int64_t scored_ = 0;
  Tally score_;
  double loss_ = 0;
  bool finite_ = true;

  std::int64_t steps_per_epoch() const {
    const auto batch = static_cast<std::size_t>(feed_.batch());
    return static_cast<std::int64_t>((problem_.train->size() + batch - 1) / batch);
  }

  Part at(std::int64_t step) const {
    const std::int64_t per_epoch = steps_per_epoch();
    const auto batch = static_cast<std::size_t>(feed_.batch());
    const Ids all(orders_[static_cast<std::size_t>(step / per_epoch)]);
    const std::size_t first = static_cast<std::size_t>(step % per_epoch) * batch;
    return {first, all.subspan(first, std::min(batch, all.size() - first)), all};
  }

  void load(std::int64_t step) {
    if (step == loaded_) return;
    const Part part = at(step);
    feed_.load(*problem_.train, part.ids, part.all);
    loaded_ = step;
  }

  double judge(int b) const {
    if (task_.metric == tasks::Metric::rms_error) return feed_.squared_error(b);
    return feed_.answer(b) == feed_.label(b) ? 1 : 0;
  }
};

std::vector<double> read(const vm::Machine& machine, vm::RegisterId id, int lane) {
  std::vector<double> values(static_cast<std::size_t>(machine.program().registers[id].size()));
  machine.read(id, lane, std::span<double>(values));
  return values;
}

/// Runs all lanes forward and back; gradients of inputs and of the first state by lane.
template <class T>
class Lanes {
 public:
  Lanes(vm::Reversal& reversal, const tasks::TaskInfo& task, std::span<const tasks::Problem> problems,
        std::span<const std::uint32_t> lifetimes, const Settings& settings, const GradientOptions& options)
      : reversal_(reversal), options_(options), inputs_(problems.size()) {
    for (std::size_t k = 0; k < problems.size(); ++k) {
      lanes_.push_back(
          std::make_unique<Lane<T>>(reversal, task, problems[k], settings, lifetimes[k], static_cast<int>(k)));
      if (lanes_[k]->steps() == lanes_[0]->steps()) continue;
      throw InputError(
          fmt::format("lifetimes whose gradients are taken together need equally many steps; one has {}, another {}",
                      lanes_[0]->steps(), lanes_[k]->steps()));
    }
    for (auto& inputs : inputs_) inputs.resize(static_cast<std::size_t>(lanes_[0]->steps()));
  }

  void run(std::vector<LifetimeGradient>& all) {
    vm::ReversibleSteps steps;
    steps.count = lanes_[0]->steps();
    steps.before_predict = [this](vm::Machine&, std::int64_t step) {
      for (auto& lane : lanes_) lane->before_predict(step);
    };
    steps.before_learn = [this](vm::Machine&, std::int64_t step) {
      for (auto& lane : lanes_) lane->before_learn(step);
    };
    steps.predicted = [this](vm::Machine&, std::int64_t step) {
      for (auto& lane : lanes_) lane->predicted(step);
    };
    steps.before_back = [this](vm::Machine& back, std::int64_t step) {
      for (auto& lane : lanes_) lane->before_back(back, step);
    };
    if (options_.inputs) steps.after_back = [this](vm::Machine& back, std::int64_t step) { keep_inputs(back, step); };
    reversal_.run(steps);
    all.resize(lanes_.size());
    for (std::size_t k = 0; k < lanes_.size(); ++k) {
      lanes_[k]->take_result(all[k]);
      if (reversal_.adjoint().x_adjoint != vm::kNoRegister) all[k].inputs = std::move(inputs_[k]);
      if (options_.initial_state) all[k].initial_state = initial_state(static_cast<int>(k));
    }
  }

  bool finite() const {
    return std::ranges::all_of(lanes_, [](const auto& lane) { return lane->finite(); });
  }

 private:
  vm::Reversal& reversal_;
  const GradientOptions& options_;
  std::vector<std::unique_ptr<Lane<T>>> lanes_;
  std::vector<std::vector<std::vector<double>>> inputs_;  // by lane and step

  void keep_inputs(const vm::Machine& back, std::int64_t step) {
    const vm::RegisterId id = reversal_.adjoint().x_adjoint;
    if (id == vm::kNoRegister) return;
    for (std::size_t k = 0; k < lanes_.size(); ++k)
      inputs_[k][static_cast<std::size_t>(step)] = read(back, id, static_cast<int>(k));
  }

  std::map<std::string, std::vector<double>> initial_state(int lane) const {
    std::map<std::string, std::vector<double>> made;
    for (const vm::Adjoint::Pair& pair : reversal_.adjoint().carried) {
      made[reversal_.adjoint().program.registers[pair.of].name] = read(reversal_.backward(), pair.adjoint, lane);
    }
    return made;
  }
};

bool finite(const LifetimeGradient& one) {
  const auto numbers = [](const std::vector<double>& values) {
    int bad = 0;
    for (const double v : values) bad |= static_cast<int>(!(std::abs(v) <= std::numeric_limits<double>::max()));
    return bad == 0;
  };
  return std::isfinite(one.loss) && std::ranges::all_of(one.params, numbers);
}

}  // namespace

vm::AdjointOptions adjoint_options(const GradientOptions& options) {
  vm::AdjointOptions made;
  made.inputs = options.inputs;
  made.initial_state = options.initial_state;
  made.late_products = !options.engine.starts_with("cuda");  // whose factors would cross the bus in every step
  return made;
}

std::int64_t stream_steps(const vm::BoundProgram& program, const tasks::Problem& problem, const Settings& settings) {
  const std::size_t batch = batch_of(program);
  const auto per_epoch = static_cast<std::int64_t>((problem.train->size() + batch - 1) / batch);
  const std::int64_t all = epochs_of(problem, settings) * per_epoch;
  return settings.limits.steps > 0 ? std::min(all, settings.limits.steps) : all;
}

LifetimeGradients::LifetimeGradients(const vm::BoundProgram& program, const vm::Adjoint& adjoint,
                                     const tasks::TaskInfo& task, int lanes, const GradientOptions& options)
    : program_(program),
      adjoint_(adjoint),
      task_(task),
      options_(options),
      reversal_(program, adjoint, options.engine, machine_options(options, lanes),
                {options.remat, options.max_bytes, false}) {
  check_fit(program, task, Protocol::stream);
}

const std::vector<LifetimeGradient>& LifetimeGradients::of(std::span<const tasks::Problem> problems,
                                                           std::span<const std::uint32_t> lifetimes,
                                                           const Params& params, const Settings& settings) {
  reversal_.set_births(births_of(lifetimes, params, settings.seed));
  const auto run = [&](auto lanes) {
    lanes.run(results_);
    return lanes.finite();
  };
  const bool predicted = options_.dtype == vm::DType::f32
                             ? run(Lanes<float>(reversal_, task_, problems, lifetimes, settings, options_))
                             : run(Lanes<double>(reversal_, task_, problems, lifetimes, settings, options_));
  if (!predicted || !std::ranges::all_of(results_, finite)) explain(problems, lifetimes, params, settings);
  return results_;
}

/// Leads the lifetimes once more on the reference engine to find the line.
void LifetimeGradients::explain(std::span<const tasks::Problem> problems, std::span<const std::uint32_t> lifetimes,
                                const Params& params, const Settings& settings) const {
  if (!options_.explain) throw NonFiniteGradient("a loss or a gradient is infinite or NaN");
  GradientOptions plain = options_;
  plain.dtype = vm::DType::f64;
  plain.inputs = false;
  for (std::size_t k = 0; k < problems.size(); ++k) {
    vm::MachineOptions life = machine_options(plain, 1);
    life.births = births_of(lifetimes.subspan(k, 1), params, settings.seed);
    vm::Reversal traced(program_, adjoint_, "reference", life, {plain.remat, plain.max_bytes, true});
    std::vector<LifetimeGradient> ignored;
    Lanes<double>(traced, task_, problems.subspan(k, 1), lifetimes.subspan(k, 1), settings, plain).run(ignored);
    if (!traced.found()) continue;
    const vm::NonFiniteStep& found = *traced.found();
    if (!found.back) throw NonFiniteGradient("the loss has no finite gradient: " + found.what.text());
    const vm::BoundLine* line = found.what.line;
    throw NonFiniteGradient(fmt::format(
        "a gradient is not finite: step {} back, lifetime {}, in the gradient of `{}`{}: {} at entry {} of `{}`",
        found.step + 1, found.what.lifetime, line == nullptr ? "" : line->text,
        line != nullptr && line->where.known() ? fmt::format(" ({}:{})", line->where.file->name, line->where.line) : "",
        print_number(found.what.value), found.what.entry, found.what.reg));
  }
  throw NonFiniteGradient(
      options_.dtype == vm::DType::f32
          ? "the loss or a gradient is infinite or NaN in f32, but finite in f64; take --dtype=f64 or smaller numbers"
          : "the loss is infinite: a label has no place in y");
}

}  // namespace mlz::eval
