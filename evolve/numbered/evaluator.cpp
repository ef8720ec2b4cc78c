#include "evolve/numbered/evaluator.hpp"

#include <algorithm>
#include <cmath>

#include "evolve/eval/lifetime.hpp"
#include "evolve/numbered/lane_code.hpp"
#include "vm/maths.hpp"

namespace mlz::evolve {
namespace {

constexpr std::size_t kMostLanes = 16;

double logistic(double y) { return 1.0 / (1.0 + vm::exp(-y)); }

}  // namespace

const char* fate_name(Fate fate) {
  static constexpr const char* kNames[] = {"scored", "early stop", "non-finite", "over limit"};
  return kNames[static_cast<std::size_t>(fate)];
}

class LaneEvaluator::Workspace {
 public:
  std::vector<double> memory, scratch;
  std::array<std::vector<lanes::Step>, 3> code;
  std::vector<double> each;
};

namespace {

/// One group of lanes from birth to the last validation.
class Run {
 public:
  Run(const LaneData& data, const Banks& banks, const Genome& live, double max_abs_error, LaneEvaluator::Workspace& w)
      : data_(data), max_(max_abs_error), w_(w), layout_{banks, data.lanes, data.features}, active_(data.lanes, 1),
        best_(data.lanes, 0.0), sums_(data.lanes), fates_(data.lanes, Fate::scored) {
    w.memory.assign(layout_.size(), 0.0);
    if (w.scratch.size() < layout_.scratch()) w.scratch.resize(layout_.scratch());
    frame_ = {data.lanes, data.features, w.scratch.data(), data.seed, data.lifetimes.data(), 0};
    s0_ = w.memory.data() + layout_.offset(Kind::scalar, kTargetScalar);
    s1_ = w.memory.data() + layout_.offset(Kind::scalar, kPredictionScalar);
    v0_ = w.memory.data() + layout_.offset(Kind::vector, kFeaturesVector);
    compile(live);
  }

  void run(Score& score) {
    execute(0);
    for (int epoch = 0; epoch < data_.epochs; ++epoch) {
      for (std::size_t step = 0; step < data_.train.count && going(); ++step) train_step(epoch, step);
      if (!going()) break;
      validate();
    }
    for (const double fitness : best_) w_.each.push_back(fitness);
    score.steps += steps_;
    for (const Fate fate : fates_) {
      if (score.fate == Fate::scored) score.fate = fate;
    }
  }

 private:
  const LaneData& data_;
  double max_;
  LaneEvaluator::Workspace& w_;
  lanes::Layout layout_;
  lanes::Frame frame_;
  std::array<std::uint64_t, 3> runs_{};
  std::vector<char> active_;
  std::vector<double> best_, sums_;
  std::vector<Fate> fates_;
  std::uint64_t steps_ = 0;
  double *s0_, *s1_, *v0_;

  void compile(const Genome& live) {
    std::uint32_t sampler = 0;
    for (std::size_t f = 0; f < 3; ++f) {
      w_.code[f].clear();
      for (const Instruction& i : live.function(f)) {
        w_.code[f].push_back(lanes::make_step(i, layout_, w_.memory.data(), sampler));
        sampler += i.info().random ? 1 : 0;
      }
    }
  }

  void execute(std::size_t f) {
    frame_.runs = runs_[f]++;
    for (const lanes::Step& step : w_.code[f]) step.run(step, frame_);
  }

  bool going() const { return std::any_of(active_.begin(), active_.end(), [](char a) { return a != 0; }); }

  void load(const LaneExamples& from, std::size_t example) {
    const std::size_t n = data_.features * data_.lanes;
    std::copy_n(from.features.data() + example * n, n, v0_);
  }

  std::size_t example_of(int epoch, std::size_t lane, std::size_t step) const {
    return data_.order.empty() ? step : data_.order[static_cast<std::size_t>(epoch) * data_.lanes + lane][step];
  }

  void load_training(int epoch, std::size_t step) {
    if (data_.order.empty()) return load(data_.train, step);
    for (std::size_t l = 0; l < data_.lanes; ++l) {
      const double* from = data_.train.features.data() + example_of(epoch, l, step) * data_.features * data_.lanes + l;
      for (std::size_t k = 0; k < data_.features; ++k) v0_[k * data_.lanes + l] = from[k * data_.lanes];
    }
  }

  void stop(std::size_t lane, double error) {
    active_[lane] = 0;
    if (fates_[lane] == Fate::scored) fates_[lane] = std::isnan(error) ? Fate::non_finite : Fate::error_limit;
  }

  void train_step(int epoch, std::size_t step) {
    load_training(epoch, step);
    std::fill_n(s0_, data_.lanes, 0.0);
    execute(1);
    for (std::size_t l = 0; l < data_.lanes; ++l) {
      if (data_.accuracy) s1_[l] = logistic(s1_[l]);
      if (!active_[l]) continue;
      ++steps_;
      const double label = data_.train.labels[example_of(epoch, l, step) * data_.lanes + l];
      const double error = std::abs(label - s1_[l]);
      if (!(error <= max_)) stop(l, error);
    }
    load_training(epoch, step);
    for (std::size_t l = 0; l < data_.lanes; ++l) {
      s0_[l] = data_.train.labels[example_of(epoch, l, step) * data_.lanes + l];
    }
    execute(2);
  }

  void validate() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::vector<char> valid = active_;
    for (std::size_t i = 0; i < data_.valid.count; ++i) {
      load(data_.valid, i);
      std::fill_n(s0_, data_.lanes, 0.0);
      execute(1);
      for (std::size_t l = 0; l < data_.lanes; ++l) {
        const double label = data_.valid.labels[i * data_.lanes + l], y = s1_[l];
        if (data_.accuracy) {
          const bool right = (label > 0.5) == (logistic(y) > 0.5);
          sums_[l] += right ? 1 : 0;
          if (!((right ? 0.0 : 1.0) <= max_)) valid[l] = 0;
        } else if (valid[l]) {
          const double error = label - y;
          sums_[l] += error * error;
          if (std::abs(error) <= max_) continue;
          valid[l] = 0;
          if (fates_[l] == Fate::scored) fates_[l] = std::isnan(error) ? Fate::non_finite : Fate::error_limit;
        }
      }
    }
    for (std::size_t l = 0; l < data_.lanes; ++l) {
      if (active_[l] && valid[l]) best_[l] = std::max(best_[l], fitness(l));
    }
  }

  double fitness(std::size_t lane) const {
    if (data_.valid.count == 0) return 0;
    const double mean = sums_[lane] / static_cast<double>(data_.valid.count);
    return data_.accuracy ? mean : eval::squashed_fitness(std::sqrt(mean));
  }
};

double joined(std::vector<double>& each, Join join) {
  if (each.empty()) return 0;
  if (join == Join::median) {
    std::vector<double> sorted = each;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    return sorted[sorted.size() / 2];
  }
  double sum = 0;
  for (const double fitness : each) sum += fitness;
  return sum / static_cast<double>(each.size());
}

/// Lanes must be tried one by one where one of them may pause while others go on.
bool lockstep(const ProblemSet& set) {
  return set.info().metric == tasks::Metric::accuracy || set.problems.front().epochs <= 1;
}

}  // namespace

LaneEvaluator::LaneEvaluator(const ProblemSet& set, const Banks& banks, Join join, double max_abs_error)
    : banks_(banks), join_(join), max_abs_error_(max_abs_error) {
  const std::size_t widest = lockstep(set) ? kMostLanes : 1;
  for (std::size_t first = 0; first < set.problems.size(); first += widest) {
    groups_.push_back(LaneData::make(set, first, std::min(widest, set.problems.size() - first)));
  }
}

LaneEvaluator::~LaneEvaluator() = default;

std::shared_ptr<LaneEvaluator::Workspace> LaneEvaluator::workspace() const { return std::make_shared<Workspace>(); }

Score LaneEvaluator::evaluate(const Genome& live, Workspace& workspace) const {
  Score score;
  workspace.each.clear();
  for (const LaneData& group : groups_) Run(group, banks_, live, max_abs_error_, workspace).run(score);
  score.fitness = joined(workspace.each, join_);
  return score;
}

std::span<const double> LaneEvaluator::each(const Workspace& workspace) { return workspace.each; }

}  // namespace mlz::evolve
