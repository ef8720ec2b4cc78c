#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <optional>

#include "evolve/config.hpp"
#include "evolve/evolution.hpp"
#include "evolve/outer/outer_loop.hpp"
#include "evolve/simplify/simplify.hpp"

namespace mlz::evolve {

/// What has been done.
struct Totals {
  std::uint64_t evaluations = 0, generations = 0, train_steps = 0;
  std::array<std::uint64_t, kFates> fates{};
  std::uint64_t duplicates = 0;  ///< depends on the cache: for display alone

  Totals& operator+=(const Totals& more);
};

/// A program that stands out.
struct Champion {
  double search = 0;   ///< on the search problems of its experiment
  double select = -1;  ///< on the select problems; -1: not tried
  std::uint32_t experiment = 0;
  std::uint64_t id = 0;
  std::uint32_t size = 0;  ///< live instructions
  std::string text;        ///< canonical core text
};

/// What params are worth on some problems.
struct Worth {
  double score = 0;
  std::optional<double> loss;  ///< where tasks have one
};

/// A search for params.
struct ParamState {
  outer::LoopState loop;
  std::string program;             ///< canonical core text, which may not change
  std::optional<Worth> held_out;  ///< last one on the select problems
  std::int64_t held_out_at = -1;  ///< the generation it was taken in; -1: none yet
};

/// All a search needs to go on as if it had not stopped.
struct SearchState {
  struct Member {
    Individual individual;
    std::string text;
  };
  std::uint32_t experiment = 0;     ///< the current or next one
  bool running = false;             ///< an experiment has begun and has not ended
  std::vector<std::uint64_t> candidates;     ///< of each island
  std::vector<std::vector<Member>> islands;  ///< populations
  std::vector<double> bars;                  ///< of the hurdle, of each island
  std::vector<Evolution::Known> known;       ///< of the probe, of each island
  Totals total, before;             ///< before: when the experiment began
  Champion peak;                    ///< best program of the experiment at any time
  Champion best;                    ///< best of the experiments that ended
  std::vector<Champion> front;      ///< hall of fame: each scores higher than all smaller programs
  std::optional<ParamState> params;  ///< of a search for params, which uses `total` alone of what is above
  double seconds = 0;  ///< not part of what happens
};

/// What the outside is told while a search runs. Calls come from one thread.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void log(const std::string& /*json*/) {}      ///< depends on configuration and seed alone
  virtual void lineage(const std::string& /*json*/) {}  ///< likewise
  virtual void experiment_ended(const Champion& /*best*/) {}
  /// Several times a second. True: call save() soon.
  virtual bool tick(const SearchState& /*sketch*/, double /*population_best*/) { return false; }
  virtual void save(const SearchState& /*state*/) {}
};

enum class StopReason { target, experiments, generations, evaluations, train_steps, time, interrupted };
const char* stop_reason_text(StopReason reason);

struct Outcome {
  StopReason stop = StopReason::experiments;
  Champion best;
  double final = 0;  ///< of the best, on the final problems
  Totals total;
  std::vector<Champion> front;
  double seconds = 0;
  std::uint64_t experiments = 0;  ///< begun so far, before a resume too
  std::uint64_t search_seed = 0, select_seed = 0, final_seed = 0;  ///< of the best program's problems
};

/// Runs experiments until a stop. Everything but time depends on configuration and seed alone.
class Search {
 public:
  Search(const Config& config, Listener& listener);
  /// Values for the params of the programs; must come before run().
  void load_params(const ParamReader& read) { genomes_->load_params(*task_, read); }
  /// Goes on from a state; must come before run().
  void restore(const SearchState& state);
  Outcome run(const std::atomic<bool>& interrupted);

  const std::string& task_name() const { return task_->info().name; }
  RunSetting setting() const { return genomes_->setting(*task_); }
  /// A program bound to the search task, and the values of its params.
  struct Found {
    vm::BoundProgram program;
    ParamValues params;
  };
  /// What a text of the search stands for, with --tune-inside; nothing without.
  std::optional<Found> found(const std::string& text) const;
  /// The best program for people to read, scored on its search problems and then on some of its select problems.
  Simplified simplify_best(const Outcome& outcome, const SimplifyOptions& options) const;
  std::int64_t select_problems_of_ablation() const { return std::min<std::int64_t>(config_.select_tasks, 10); }
  std::uint64_t search_seed(std::uint32_t experiment) const { return problem_seed(experiment, 0); }

 private:
  using Clock = std::chrono::steady_clock;
  const Config& config_;
  Listener& listener_;
  std::unique_ptr<Genomes> genomes_;
  Workers workers_;
  std::vector<std::array<ScoreCache, 3>> caches_;  // of each island: those of the probe, the hurdle and the test for all
  std::shared_ptr<const tasks::Task> task_, select_task_, final_task_;
  std::unique_ptr<Judge> judge_, hurdle_judge_, probe_judge_;
  std::deque<Evolution> islands_;
  /// What an island made in a turn: counts of all, and those that may stand out, by how many came before them.
  struct Turn {
    Totals total;
    std::vector<std::pair<std::uint64_t, Born>> notable;
  };
  std::vector<Turn> turns_;  // of each island that advances
  SearchState state_;  // its islands are filled in when it is saved
  std::vector<double> best_by_size_;
  Clock::time_point began_ = Clock::now(), last_tick_ = began_;
  double seconds_before_ = 0;

  std::uint32_t population() const { return static_cast<std::uint32_t>(config_.population); }
  std::uint32_t migrants() const;  ///< programs an island hands on
  std::uint32_t window() const;    ///< children an island makes at a time
  std::uint32_t spare_place() const;
  static CoreProgram core_of(const std::string& text);
  std::uint32_t pool_place() const { return spare_place() + 1; }  ///< the first of all migrants
  std::uint64_t problem_seed(std::uint32_t experiment, std::uint32_t purpose) const;
  double seconds() const;

  void begin_experiment(bool fresh);
  void make_caches();
  void make_first_tests();
  void fill_islands();
  std::optional<StopReason> run_experiment(const std::atomic<bool>& interrupted);
  std::optional<StopReason> generation(const std::atomic<bool>& interrupted);
  Evolution::Clock::time_point deadline() const;
  void take_turn(Evolution& island, Turn& turn, Workers& workers) const;
  void advance(std::span<Evolution* const> islands);
  void count(const Born& born, Turn& turn) const;
  void take_note(const Born& born, const Evolution& island);
  void new_peak(const Born& born, const Evolution& island);
  void new_front(const Born& born, const Evolution& island);
  void migrate();
  bool between_generations() const;
  bool experiment_over() const;
  double best_fitness() const;
  std::optional<StopReason> budget_spent() const;
  std::optional<StopReason> watch(const std::atomic<bool>& interrupted);
  void end_generation();
  Champion experiment_best() const;
  Champion end_experiment();
  double score_on(const tasks::Task& task, std::uint64_t seed, std::int64_t count, const std::string& text);
  void log_generation();
  void log_experiment(const Champion& champion);
  void save();
};

}  // namespace mlz::evolve
