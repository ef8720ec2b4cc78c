#pragma once
#include <functional>
#include <unordered_map>
#include <utility>

#include "evolve/cache.hpp"
#include "evolve/genomes.hpp"
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
class alignas(128) Evolution {
 public:
  struct Options {
    std::uint32_t population = 1000, tournament = 10, window = 128;
    double mutate_prob = 0.9;
    bool random_search = false;  ///< every candidate is a new random program
    std::uint64_t seed = 1;
    std::uint32_t experiment = 0, island = 0;
    std::uint64_t salt = 0;      ///< of fingerprints
  };
  /// Slots are places first_place .. first_place + population - 1 of `genomes`, and `work_place` begins room for a
  /// window of children.
  Evolution(const Options& options, Genomes& genomes, std::uint32_t first_place, std::uint32_t work_place,
            const Tests& tests);

  /// Makes the next candidates, at most to the end of the round over all slots. Those of the call before are gone.
  const std::vector<Born>& advance(Workers& workers);

  std::uint64_t candidates() const { return next_; }
  bool at_round_end() const { return next_ % options_.population == 0; }
  const std::vector<Individual>& population() const { return population_; }
  std::size_t alive() const { return std::min<std::uint64_t>(next_, options_.population); }
  std::uint32_t place(std::uint32_t slot) const { return first_place_ + slot; }
  std::uint32_t best_slot() const;  ///< the first one with the highest fitness

  /// Puts an individual into a slot; its genome is already in place.
  void adopt(std::uint32_t slot, const Individual& individual) { population_[slot] = individual; }
  void set_candidates(std::uint64_t count) { next_ = count; }

  double bar() const { return bar_; }  ///< of the hurdle in this round; below every score: none
  void set_bar(double bar) { bar_ = bar; }
  /// Likeness and score of programs that were alive when the round began.
  using Known = std::vector<std::pair<std::uint64_t, double>>;
  const Known& known() const { return known_; }
  void set_known(Known known);

 private:
  Options options_;
  Genomes& genomes_;
  std::uint32_t first_place_, work_place_;
  /// One test of candidates, and who waits for it.
  struct Trial {
    enum class Kind { probe, hurdle, all } kind;
    Tests::Test test;
    std::vector<std::uint32_t> misses = {}, twins = {};  ///< candidates to be run, and those with the fingerprint of one
  };
  std::vector<Trial> trials_;
  double percentile_;
  Known known_;
  std::unordered_map<std::uint64_t, double> known_scores_;
  double bar_ = -1;
  std::vector<Individual> population_;
  std::uint64_t next_ = 0;

  // one window
  std::uint32_t first_slot_ = 0, count_ = 0;
  std::vector<Born> born_;
  std::vector<Draws> draws_;
  std::vector<std::uint32_t> entrants_;  // of each candidate's tournament
  std::vector<char> meets_children_;     // whether some of them are candidates of this window
  std::vector<char> resolved_;
  std::vector<std::uint32_t> blocker_;   // by candidate: an entrant that was not resolved when last looked at, or itself
  std::vector<Identity> identities_;
  std::vector<std::uint32_t> ready_, waiting_, miss_places_;
  std::vector<Score> scores_;

  void open_window();
  void collect_ready();
  bool may_go(std::uint32_t j);
  double fitness_of(std::uint32_t slot, std::uint32_t j) const;
  std::uint32_t winner(std::uint32_t j) const;
  void breed(std::uint32_t j, int worker);
  void enter(std::uint32_t j, std::size_t trial);
  void leave(std::uint32_t j, std::size_t trial, const Score& score, bool duplicate);
  bool run_trial(Workers& workers);
  void run_misses(Trial& trial, Workers& workers);
  bool passes(std::uint32_t j, Trial::Kind kind, const Score& score, bool duplicate);
  bool has(Trial::Kind kind) const;
  void begin_round();
  void raise_bar();
  void resolve(std::uint32_t j, const Score& score, bool duplicate);
  void close_window();
};

}  // namespace mlz::evolve
