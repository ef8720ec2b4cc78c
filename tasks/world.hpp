#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lang/core/draws.hpp"

namespace mlz::tasks {

/// What follows an action.
struct Feedback {
  double reward = 0;
  bool terminated = false;  ///< the world's own end, as a fall; not that time is up
};

/// Something to act in, step by step. Everything random comes from the draws handed in.
class World {
 public:
  virtual ~World() = default;
  /// Begins an episode.
  virtual void reset(DrawSequence& draws) = 0;
  /// The numbers an episode is in; writing them moves it elsewhere.
  virtual std::span<double> state() = 0;
  /// Writes what the actor sees.
  virtual void observe(std::span<double> out) const = 0;
  /// `action` holds the index of the action, or the numbers of a continuous one. Steps after the
  /// end go on with the same rules.
  virtual Feedback step(std::span<const double> action, DrawSequence& draws) = 0;
};

struct WorldInfo {
  std::string name;
  std::size_t observations = 0;
  std::size_t actions = 0;  ///< to choose from, or numbers in a continuous action
  bool continuous = false;
  std::int64_t max_steps = 0;      ///< of an episode
  double lowest = 0, highest = 1;  ///< returns of an episode that are scored 0 and 1
  std::function<std::unique_ptr<World>()> make;
};

/// Classic control as in Gymnasium, in double precision: CartPole-v1, Acrobot-v1 ("book" dynamics),
/// MountainCar-v0, Pendulum-v1. Scores are those of Pedersen et al. 2024 (arXiv 2404.15193);
/// pendulum's are ours.
WorldInfo cartpole();
WorldInfo acrobot();
WorldInfo mountain_car();
WorldInfo pendulum();

/// A slot machine of some arms that pay 1 with some probability, else 0; it shows a constant 1. The
/// probabilities are `good` for one arm, `first` or drawn with the episode, and `bad` for the others. The good
/// arm moves on to the next one after every `period` pulls (0: never), and besides with probability
/// `chance` before each pull.
struct BanditOptions {
  std::size_t arms = 2;
  double good = 0.9, bad = 0.1;
  std::int64_t period = 0;
  double chance = 0;
  std::int64_t first = -1;  ///< the good arm when an episode begins; -1: drawn
};
/// Throws InputError where `first` is no arm.
WorldInfo bandit(std::string name, const BanditOptions& options, std::int64_t steps);

/// One episode at a time: counts steps and says when time is up.
class Episode {
 public:
  Episode(World& world, std::int64_t max_steps) : world_(world), max_steps_(max_steps) {}
  void begin(DrawSequence& draws) {
    world_.reset(draws);
    steps_ = 0;
  }
  /// An episode that begins in a given state.
  void begin(std::span<const double> state);

  struct Step : Feedback {
    bool truncated = false;  ///< time is up, and the world has not ended by itself
    bool done() const { return terminated || truncated; }
  };
  Step step(std::span<const double> action, DrawSequence& draws) {
    Step result{world_.step(action, draws)};
    result.truncated = ++steps_ >= max_steps_ && !result.terminated;
    return result;
  }

 private:
  World& world_;
  std::int64_t max_steps_, steps_ = 0;
};

}  // namespace mlz::tasks
