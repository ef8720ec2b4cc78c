#include "tasks/world.hpp"

#include <fmt/format.h>

#include "lang/core/diagnostics.hpp"

namespace mlz::tasks {
namespace {

class Bandit final : public World {
 public:
  explicit Bandit(const BanditOptions& options) : options_(options) {}

  void reset(DrawSequence& draws) override {
    const auto drawn = static_cast<double>(draws.below(options_.arms));
    good_ = options_.first < 0 ? drawn : static_cast<double>(options_.first);
    pulls_ = 0;
  }
  std::span<double> state() override { return {&good_, 1}; }
  void observe(std::span<double> out) const override { out[0] = 1; }

  Feedback step(std::span<const double> action, DrawSequence& draws) override {
    const bool due = options_.period > 0 && pulls_ > 0 && pulls_ % options_.period == 0;
    const bool struck = draws.uniform() < options_.chance;
    if (due || struck) good_ = good_ + 1 < static_cast<double>(options_.arms) ? good_ + 1 : 0;
    ++pulls_;
    return {draws.uniform() < (action[0] == good_ ? options_.good : options_.bad) ? 1.0 : 0.0,
            false};
  }

 private:
  BanditOptions options_;
  double good_ = 0;  // index of the arm
  std::int64_t pulls_ = 0;
};

}  // namespace

WorldInfo bandit(std::string name, const BanditOptions& options, std::int64_t steps) {
  if (options.first >= static_cast<std::int64_t>(options.arms)) {
    throw InputError(fmt::format("{}: first={} names no arm; there are {}, counted from 0", name, options.first,
                                 options.arms));
  }
  WorldInfo info;
  info.name = std::move(name);
  info.observations = 1;
  info.actions = options.arms;
  info.max_steps = steps;
  info.highest = static_cast<double>(steps);
  info.make = [options] { return std::make_unique<Bandit>(options); };
  return info;
}

}  // namespace mlz::tasks
