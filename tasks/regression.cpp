#include "tasks/regression.hpp"

#include <algorithm>
#include <numeric>

#include "tasks/draw_keys.hpp"
#include "tasks/examples.hpp"
#include "tasks/orders.hpp"

namespace mlz::tasks {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// One drawn labelling function of `features` numbers.
class DrawnTeacher {
 public:
  DrawnTeacher(Teacher kind, std::size_t features, const DrawKey& key)
      : kind_(kind), weights_(features) {
    DrawSequence draws(key);
    std::generate(weights_.begin(), weights_.end(), [&] { return draws.normal(); });
    if (kind == Teacher::affine) bias_ = draws.normal();
    if (kind != Teacher::network) return;
    hidden_.resize(features * features);
    std::generate(hidden_.begin(), hidden_.end(), [&] { return draws.normal(); });
    for (const std::size_t row : {0u, 2u}) {
      weights_[row] = 0;
      std::fill_n(hidden_.begin() + static_cast<std::ptrdiff_t>(row * features), features, 0.0);
    }
  }

  double label(std::span<const double> x) const {
    return kind_ == Teacher::network ? network(x) : dot(weights_, x) + bias_;
  }

 private:
  double network(std::span<const double> x) const {
    double sum = 0;
    for (std::size_t row = 0; row < x.size(); ++row) {
      const double z = dot(std::span(hidden_).subspan(row * x.size(), x.size()), x);
      sum += weights_[row] * std::max(z, 0.0);
    }
    return sum;
  }

  Teacher kind_;
  std::vector<double> weights_, hidden_;
  double bias_ = 0;
};

std::shared_ptr<const Examples> draw_examples(const std::vector<DrawnTeacher>& teachers,
                                              std::size_t features, std::size_t count, double scale,
                                              const DrawKey& key) {
  std::vector<double> values(features * count), labels;
  draw_normal(key, 0, 1, values);
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = std::span(values).subspan(i * features, features);
    for (const DrawnTeacher& teacher : teachers) labels.push_back(scale * teacher.label(x));
  }
  return std::make_shared<DenseExamples>(std::move(values), features, std::move(labels),
                                         teachers.size());
}

class Regression final : public Task {
 public:
  Regression(const std::string& name, Teacher teacher, const Options& options)
      : teacher_(teacher),
        features_(options.count("features")),
        outputs_(options.count("outputs")),
        train_(options.count("train")),
        valid_(options.count("valid")),
        test_(options.count("test")),
        fixed_(static_cast<std::uint64_t>(options.whole("fixed"))),
        scale_(options.number("scale")),
        epochs_(static_cast<int>(options.whole("epochs"))) {
    const double rows = static_cast<double>(train_ + valid_ + test_);
    const double weights = static_cast<double>(outputs_ * features_) *
                           (teacher == Teacher::network ? static_cast<double>(features_ + 1) : 1);
    require_memory(name, 8 * rows * static_cast<double>(features_ + outputs_) + 8 * weights +
                             4.0 * static_cast<double>(train_) * epochs_);
    info_.name = options.full_name(name);
    info_.sizes = {{"features", static_cast<std::int64_t>(features_)},
                   {"outputs", static_cast<std::int64_t>(outputs_)}};
    info_.metric = Metric::rms_error;
    info_.protocol = outputs_ == 1 ? "automl" : "stream";
    info_.source = "drawn from the seed";
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    return fixed_ == 0 ? drawn(seed, index) : drawn(fixed_, 0);
  }

 private:
  Teacher teacher_;
  std::size_t features_, outputs_, train_, valid_, test_;
  std::uint64_t fixed_;  ///< the only seed there is; 0: any
  double scale_;
  int epochs_;
  TaskInfo info_;

  Problem drawn(std::uint64_t seed, std::uint32_t index) const {
    std::vector<DrawnTeacher> teachers;
    for (std::size_t output = 0; output < outputs_; ++output)
      teachers.emplace_back(teacher_, features_, task_key(seed, index, Purpose::teacher, output));
    const auto draw = [&](std::size_t count, Purpose purpose) {
      return draw_examples(teachers, features_, count, scale_, task_key(seed, index, purpose));
    };
    return {draw(train_, Purpose::train), draw(valid_, Purpose::valid), draw(test_, Purpose::test),
            epochs_, epoch_orders(seed, index, epochs_, train_, FirstEpoch::stored)};
  }
};

}  // namespace

std::shared_ptr<const Task> make_regression(const std::string& name, Teacher teacher,
                                            const Options& options) {
  return std::make_shared<Regression>(name, teacher, options);
}

}  // namespace mlz::tasks
