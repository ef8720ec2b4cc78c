#pragma once
#include "evolve/outer/batch_gradient.hpp"
#include "evolve/outer/final_evaluator.hpp"
#include "evolve/outer/fme.hpp"
#include "evolve/outer/gradient_descent.hpp"
#include "evolve/outer/param_evaluator.hpp"
#include "evolve/search.hpp"

namespace mlz::evolve {

/// Params that were worth most on the select problems.
struct Selected {
  outer::Vector params;
  Worth worth;
  std::int64_t generation = 0;
};

/// What a search for params ended with.
struct ParamOutcome {
  StopReason stop = StopReason::generations;
  outer::Vector params;
  std::optional<Worth> held_out;  ///< of the params, on the select problems; none after an interrupt, as below
  std::optional<Worth> final;     ///< and on the final problems
  Totals total;
  double seconds = 0;
};

/// Searches for the params of one program (`tune`, `init`), generation by generation. Everything but time depends on
/// configuration and seed alone.
///
/// A candidate's score is the mean or median over `tasks` problems. Each pair of an evolution strategy has problems of
/// its own, the same for both; with fme each candidate has one of its own, whose final states the loop is told; in the
/// other loops all candidates of a generation have the same. The next generation has other ones, unless `fresh_tasks` is
/// off.
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
  /// The result so far: of gradient descent the params that were worth most on the select problems, else those of the
  /// loop; their generation; and what they were worth when last tried.
  const outer::Vector& params() const { return selected_ ? selected_->params : loop_->mean(); }
  std::int64_t generation() const { return selected_ ? selected_->generation : loop_->generation(); }
  std::optional<Worth> held_out() const { return selected_ ? selected_->worth : held_out_; }
  const std::string& task_names() const { return task_names_; }
  const std::string& protocols() const { return protocols_; }
  vm::DType dtype() const { return options_.dtype; }

 private:
  using Clock = std::chrono::steady_clock;
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
  outer::GradientDescent* descent_ = nullptr;  // the loop, where it takes gradients
  outer::TakeGradient gradient_;
  std::optional<Selected> selected_;
  SearchState state_;
  std::optional<Worth> held_out_;
  std::int64_t held_out_at_ = -1;
  Clock::time_point began_ = Clock::now(), last_tick_ = began_;
  double seconds_before_ = 0, best_ = 0;  // best_: score of the last generation's best candidate

  void begin_at(outer::Vector first);
  std::unique_ptr<outer::OuterLoop> make_fme(outer::Vector first) const;
  void follow_gradients(const std::vector<std::shared_ptr<const tasks::Task>>& tasks);
  std::int64_t gradient_part() const;
  double seconds() const;
  std::uint64_t problem_seed(std::uint32_t purpose) const;
  std::uint32_t problem(std::size_t candidate, std::size_t number) const;
  Worth joined(std::span<const outer::Judged> each) const;
  std::optional<StopReason> stop_now() const;
  std::optional<StopReason> budget_spent() const;
  std::optional<StopReason> generation();
  std::optional<StopReason> fme_generation();
  void end_generation(std::span<const outer::Judged> judged, std::span<const outer::Vector> finals = {});
  using Trials = std::vector<outer::Trial>;
  using Verdicts = std::vector<outer::Judged>;
  Verdicts judge_all(const outer::ParamEvaluator& evaluator, const Trials& trials, std::uint64_t seed,
                     const std::function<bool(std::size_t begun, int worker)>& go_on);
  std::optional<StopReason> update();
  std::optional<Worth> worth_of(const outer::Vector& params, const outer::ParamEvaluator& evaluator, std::uint32_t purpose,
                                std::int64_t count);
  void select(const Worth& worth);
  bool look();
  void log(std::span<const Worth> candidates);
  void watch(std::uint64_t begun);
  void save();
};

}  // namespace mlz::evolve
