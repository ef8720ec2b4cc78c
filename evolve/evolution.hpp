#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <unordered_map>
#include <utility>

#include "evolve/cache.hpp"
#include "evolve/genomes.hpp"
#include "evolve/teamwork.hpp"
#include "evolve/workers.hpp"

namespace mlz::evolve {

/// A living program.
struct Individual {
  std::uint64_t id = 0;  ///< number of the candidate it was
  double fitness = 0;
  std::uint32_t size = 0;  ///< live instructions
  double hurdle = 0;       ///< score on the problems of the hurdle; 0 without one
  std::uint64_t likeness = 0;  ///< fingerprint of what it did in the probe; 0: not tried
};

/// What became of one candidate, in order of their numbers.
struct Born {
  std::uint64_t id = 0, parent = 0;  ///< parent: its own id for programs of the start
  std::uint32_t slot = 0;
  int mutation = -1;
  std::uint32_t size = 0;
  bool duplicate = false;  ///< its score was known
  Score score;
  double hurdle = 0;  ///< score on the problems of the hurdle
  std::uint64_t likeness = 0;  ///< as in Individual
};

/// The tests that a candidate meets, in this order. A test without a judge is left out.
struct Tests {
  struct Test {
    Judge* judge = nullptr;
    ScoreCache* cache = nullptr;  ///< of its scores; may be null
  };
  /// A few examples of every problem (Real et al. 2020, section 3.2, functional equivalence checking). Whoever does there
  /// exactly what a program did that was alive when the round began takes that one's score.
  Test probe;
  /// All examples of few problems (section 3.2). Whoever stays below the bar is not tried on the others and scores 0. The
  /// bar of a round is a percentile of the different hurdle scores in the population before it.
  Test hurdle;
  Test all;
  double percentile = 75;
};

/// Regularised evolution (Real et al. 2019) of one population, as AutoML-Zero runs it: slots are replaced in order, each
/// by a child of the best of `tournament` programs drawn with replacement from the whole population, children of the
/// same round included. Every candidate's draws depend on its number alone, so neither the number of workers, nor how
/// many candidates are prepared ahead, nor the cache changes what happens.
///
/// Workers take candidates in order and see each one through, from its tournament to its score. Who meets a child in the
/// tournament that has no score yet is put off.
class alignas(128) Evolution {
 public:
  struct Options {
    std::uint32_t population = 1000, tournament = 10, window = 1024;
    double mutate_prob = 0.9;
    bool random_search = false;  ///< every candidate is a new random program
    std::uint64_t seed = 1;
    std::uint32_t experiment = 0, island = 0;
    std::uint64_t salt = 0;      ///< of fingerprints
  };
  /// The population starts in places first_place .. first_place + population - 1 of `genomes`, and its children in as many
  /// from `work_place` on as the window has.
  Evolution(const Options& options, Genomes& genomes, std::uint32_t first_place, std::uint32_t work_place,
            const Tests& tests);

  using Clock = std::chrono::steady_clock;
  /// Makes the next candidates: a window of them, at most to the end of the round over all slots; past the deadline no
  /// more than a few. Those of the call before are gone.
  const std::vector<Born>& advance(Workers& workers, Clock::time_point deadline = Clock::time_point::max());

  std::uint64_t candidates() const { return next_; }
  const std::vector<Individual>& population() const { return population_; }
  std::size_t alive() const { return std::min<std::uint64_t>(next_, options_.population); }
  std::uint32_t place(std::uint32_t slot) const { return places_[slot]; }
  std::uint32_t best_slot() const;  ///< the first one with the highest fitness

  /// Puts an individual into a slot; its genome is already in place.
  void adopt(std::uint32_t slot, const Individual& individual);
  void set_candidates(std::uint64_t count) { next_ = count; }

  double bar() const { return bar_; }  ///< of the hurdle in this round; below every score: none
  void set_bar(double bar) { bar_ = bar; }
  /// Likeness and score of programs that were alive when the round began.
  using Known = std::vector<std::pair<std::uint64_t, double>>;
  const Known& known() const { return known_; }
  void set_known(Known known);

 private:
  enum class Kind { probe, hurdle, all };
  struct Trial {
    Kind kind;
    Tests::Test test;
  };
  /// A candidate whose parent is known, and its draws after the tournament.
  struct Ready {
    std::uint32_t candidate, slot, parent;  ///< slot and place of its parent, if it has one
    Draws draws;
  };
  struct Delayed {
    std::uint32_t candidate, blocker;  ///< blocker: a candidate without a score that it met
  };
  /// What one worker has in hand.
  struct alignas(128) Hand {
    int worker = 0;
    std::vector<Ready> ready;
    std::vector<Delayed> delayed;
    /// Candidates to be run in a trial, and those with the fingerprint of one.
    struct Queue {
      std::vector<std::uint32_t> misses, twins;
    };
    std::vector<Queue> queues;  ///< of each trial
    std::vector<std::uint32_t> running, matched, places;
    std::vector<Score> scores;
    Clock::duration waited{};  ///< for others, in this window
  };

  Options options_;
  Genomes& genomes_;
  std::vector<Trial> trials_;
  double percentile_;
  std::size_t part_;  ///< candidates that are taken at a time
  Known known_;
  std::unordered_map<std::uint64_t, double> known_scores_;
  double bar_ = -1;
  std::vector<Individual> population_;
  std::vector<std::uint32_t> places_;  // by slot
  /// Of the population, and behind it of the children of this window: not a number as long as they have no score.
  std::vector<std::atomic<double>> fitness_;
  std::uint64_t next_ = 0;
  Teamwork teamwork_;

  // one window
  std::uint32_t first_slot_ = 0, count_ = 0;
  bool tournaments_ = false;
  std::vector<std::uint32_t> child_places_;
  std::vector<Born> born_;
  std::vector<Identity> identities_;
  Clock::time_point deadline_;
  // written by all workers, and so on cache lines of their own
  alignas(128) std::atomic<std::uint32_t> taken_{0};
  std::atomic<int> idle_{0};  // workers that wait for others
  std::atomic<bool> failed_{false};

  alignas(128) std::vector<Hand> hands_;

  void open_window(std::size_t workers);
  void share(Workers& workers);
  void begin_round();
  void raise_bar();
  void close_window();
  bool has(Kind kind) const;

  std::atomic<double>& child_fitness(std::uint32_t j) { return fitness_[options_.population + j]; }
  void work(Hand& hand);
  void await_others(Hand& hand);
  void prepare(Hand& hand, std::uint32_t j);
  bool take_up_delayed(Hand& hand);
  bool take_up_new(Hand& hand);
  void breed(const Ready& ready, int worker);
  void breed_ready(Hand& hand);
  bool run_trial(Hand& hand, std::size_t least);
  void run_misses(Hand& hand, std::size_t trial);
  void enter(Hand& hand, std::uint32_t j, std::size_t trial);
  void leave(Hand& hand, std::uint32_t j, std::size_t trial, const Score& score, bool duplicate);
  bool passes(std::uint32_t j, Kind kind, const Score& score, bool duplicate);
  void resolve(std::uint32_t j, const Score& score, bool duplicate);
};

}  // namespace mlz::evolve
