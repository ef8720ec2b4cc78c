#pragma once
#include "evolve/outer/fme.hpp"
#include "evolve/outer/final_evaluator.hpp"
#include "evolve/outer/param_evaluator.hpp"
#include "evolve/search.hpp"

namespace mlz::evolve {

/// What a search for params ended with.
struct ParamOutcome {
  StopReason stop = StopReason::generations;
  outer::Vector params;
  std::optional<double> held_out;  ///< of the params, on the select problems; none after an interrupt, as below
  std::optional<double> final;     ///< and on the final problems
  Totals total;
  double seconds = 0;
};

/// Searches for the params of one program (`tune`, `init`), generation by generation. Everything but time depends on
/// configuration and seed alone.
///
/// A candidate's score is the mean or median over `tasks` problems. Each pair of an evolution strategy has problems of
/// its own, the same for both; in the other loops all candidates of a generation have the same. The next generation has
/// other ones, unless `fresh_tasks` is off.
class ParamSearch {
 public:
  /// Throws InputError when there is no such program, it has no params, or does not fit the tasks.
  /// When `interrupted` becomes true, run() ends as soon as it can.
  ParamSearch(const Config& config, Listener& listener, const std::atomic<bool>& interrupted);
  /// First values of the params; must come before run().
  void load_params(const ParamReader& read);
  /// Goes on from a state; must come before run(). Throws InputError where it does not fit the program.
  void restore(const SearchState& state);
  ParamOutcome run();

  const CoreProgram& program() const { return program_; }
  const outer::ParamEvaluator& evaluator() const { return *search_; }
  const outer::Vector& params() const { return loop_->mean(); }
  std::int64_t generation() const { return loop_->generation(); }
  /// Of the last generation that had one.
  std::optional<double> held_out() const { return held_out_; }
  const std::string& task_names() const { return task_names_; }
  const std::string& protocols() const { return protocols_; }
  vm::DType dtype() const { return options_.dtype; }

 private:
  using Clock = std::chrono::steady_clock;
  using Tasks = std::vector<std::shared_ptr<const tasks::Task>>;
  static constexpr std::uint32_t kSearchProblems = 0, kSelectProblems = 1, kFinalProblems = 2;
  const Config& config_;
  Listener& listener_;
  const std::atomic<bool>& interrupted_;
  CoreProgram program_;
  std::string task_names_, protocols_;
  outer::EvaluatorOptions options_;
  std::unique_ptr<outer::ParamEvaluator> search_, select_, final_;
  Workers workers_;
  std::unique_ptr<outer::FinalEvaluator> handing_on_;  ///< fme: of candidates, in the place of search_
  std::unique_ptr<outer::OuterLoop> loop_;
  SearchState state_;
  std::optional<double> held_out_;
  std::int64_t held_out_at_ = -1;
  Clock::time_point began_ = Clock::now(), last_tick_ = began_;
  double seconds_before_ = 0, best_ = 0;

  Tasks tasks_of(const std::string& names) const;
  void set_options(const Tasks& tasks);
  std::unique_ptr<outer::OuterLoop> make_loop(outer::Vector first) const;
  std::unique_ptr<outer::OuterLoop> make_fme(outer::Vector first) const;
  double seconds() const;
  std::uint64_t problem_seed(std::uint32_t purpose) const;
  std::uint32_t problem(std::size_t candidate, std::size_t number) const;
  double joined(std::span<const outer::Judged> each) const;
  std::optional<StopReason> stop_now() const;
  std::optional<StopReason> budget_spent() const;
  std::optional<StopReason> generation();
  std::optional<StopReason> fme_generation();
  void end_generation(std::span<const outer::Judged> judged, std::span<const outer::Vector> finals = {});
  bool judge_all(std::size_t count, const std::function<void(std::size_t)>& judge);
  std::optional<double> score_on(const outer::ParamEvaluator& evaluator, std::uint32_t purpose, std::int64_t count);
  bool look();
  void log(const outer::Vector& scores) const;
  void watch(std::uint64_t begun);
  void save();
};

}  // namespace mlz::evolve
