#include "evolve/param_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "evolve/gradient_batch.hpp"
#include "evolve/memory_need.hpp"
#include "evolve/outer/gradient_evaluator.hpp"
#include "evolve/param_settings.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/core/draws.hpp"

namespace mlz::evolve {
namespace {

// Samplers beyond any number of candidates.
constexpr std::uint32_t kPurposes = 0xFFFFFF00;
constexpr double kTickSeconds = 0.2;
constexpr std::int64_t kMostParts = 64;  // of the lifetimes of an update

bool all_finite(const outer::Vector& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}

double mean_of(const outer::Vector& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

/// The upper one of two in the middle. Changes the order of `v`.
double median_of(outer::Vector& v) {
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

constexpr const char* kSelectedParams = "selected";
constexpr const char* kSelectedWorth = "selected worth";  // generation, score, and loss where there is one

void keep_selected(const Selected& selected, outer::LoopState& state) {
  state.parts[kSelectedParams] = selected.params;
  outer::Vector& worth = state.parts[kSelectedWorth] = {static_cast<double>(selected.generation), selected.worth.score};
  if (selected.worth.loss) worth.push_back(*selected.worth.loss);
}

std::optional<Selected> selected_of(const outer::LoopState& state) {
  const auto params = state.parts.find(kSelectedParams), worth = state.parts.find(kSelectedWorth);
  if (params == state.parts.end() || worth == state.parts.end() || worth->second.size() < 2) return {};
  Selected selected{params->second, {worth->second[1], {}}, static_cast<std::int64_t>(worth->second[0])};
  if (worth->second.size() > 2) selected.worth.loss = worth->second[2];
  return selected;
}

[[noreturn]] void diverged() {
  throw std::runtime_error("the search diverged: params are no longer finite; choose a smaller --rate or --sigma");
}

}  // namespace

ParamSearch::ParamSearch(const Config& config, Listener& listener, const std::atomic<bool>& interrupted)
    : config_(config), listener_(listener), interrupted_(interrupted), program_(tuned_program(config)),
      workers_(static_cast<int>(config.threads)) {
  const auto search = tuned_tasks(config, config.task);
  options_ = tuned_evaluation(config, search);
  options_.settings.limits.cancel = &interrupted_;
  for (const auto& task : search) {
    const std::string protocol = config.protocol.empty() ? task->info().protocol : config.protocol;
    task_names_ += (task_names_.empty() ? "" : "; ") + task->info().name;
    protocols_ += (protocols_.empty() ? "" : "; ") + protocol;
  }
  const auto evaluator = [&](const std::string& names) {
    const auto tasks = names.empty() ? search : tuned_tasks(config, names);
    return std::make_unique<outer::ParamEvaluator>(program_, tasks, options_);
  };
  search_ = evaluator("");
  select_ = evaluator(config.select_task);
  final_ = evaluator(config.final_task);
  for (const auto* other : {select_.get(), final_.get()}) {
    if (other->size() == search_->size()) continue;
    throw InputError(fmt::format("params depend on the task: {} numbers on {}, {} on the select or final task",
                                 search_->size(), task_names_, other->size()));
  }
  check_tuning(config, search_->size(), search_->has_loss() && select_->has_loss() && final_->has_loss());
  std::vector<MemoryPart> memory = memory_of_params(config, search_->size());
  memory.push_back(memory_of_registers(config, search_->program().bytes_f64, static_cast<std::int64_t>(search_->batch())));
  require_memory(config, memory);
  if (config.tune == "fme") handing_on_ = std::make_unique<outer::FinalEvaluator>(program_, search, options_);
  if (config.tune == "grad") follow_gradients(search);
  begin_at(search_->initial(static_cast<std::uint64_t>(config.seed)));
}

void ParamSearch::follow_gradients(const std::vector<std::shared_ptr<const tasks::Task>>& tasks) {
  eval::GradientOptions options;
  options.explain = false;  // such an update is left out, whatever the line
  options.remat = config_.remat;
  const auto source = std::make_shared<const outer::GradientEvaluator>(program_, tasks, options_, options);
  gradient_ = [source](std::span<const double> params, std::uint64_t seed, std::uint32_t first, int count) {
    try {
      return source->of(params, seed, first, count);
    } catch (const eval::NonFiniteGradient&) {
      return outer::BatchGradient{std::numeric_limits<double>::quiet_NaN(), 0, {}, 0};
    }
  };
}

void ParamSearch::begin_at(outer::Vector first) {
  loop_ = handing_on_ ? make_fme(std::move(first)) : make_outer_loop(config_, std::move(first));
  descent_ = dynamic_cast<outer::GradientDescent*>(loop_.get());
}

void ParamSearch::load_params(const ParamReader& read) {
  begin_at(outer::ParamEvaluator::joined(read(search_->program())));
}

void ParamSearch::restore(const SearchState& state) {
  state_ = state;
  seconds_before_ = state.seconds;
  if (!state.params) return;
  if (state.params->program != print(program_)) {
    throw InputError(fmt::format("{} is no longer the program that the run began with", config_.init));
  }
  try {
    loop_->restore(state.params->loop);
  } catch (const std::invalid_argument& error) {
    throw InputError(fmt::format("the checkpoint does not fit the program: {}", error.what()));
  }
  selected_ = selected_of(state.params->loop);
  if (selected_ && selected_->params.size() != search_->size()) {
    throw InputError("the checkpoint does not fit the program: \"selected\" has another size");
  }
  held_out_ = state.params->held_out;
  held_out_at_ = state.params->held_out_at;
}

double ParamSearch::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(Clock::now() - began_).count();
}

/// A number of 32 bits, to be short in command lines.
std::uint64_t ParamSearch::problem_seed(std::uint32_t purpose) const {
  const bool fresh = config_.fresh_tasks && purpose == kSearchProblems;
  const auto generation = static_cast<std::uint64_t>(fresh ? loop_->generation() : 0);
  return draw_bits({static_cast<std::uint64_t>(config_.seed), kSearchStream, 0, kPurposes + purpose, generation}) >> 32;
}

/// The index of a candidate's problem.
std::uint32_t ParamSearch::problem(std::size_t candidate, std::size_t number) const {
  const std::size_t group = config_.tune == "es" && config_.fresh_tasks ? candidate / 2 : 0;
  return static_cast<std::uint32_t>(group * static_cast<std::size_t>(config_.tasks) + number);
}

Worth ParamSearch::joined(std::span<const outer::Judged> each) const {
  outer::Vector scores, losses;
  for (const outer::Judged& judged : each) {
    scores.push_back(judged.score);
    losses.push_back(judged.loss);
  }
  const auto one = [&](outer::Vector& values) {
    return config_.combine == "median" ? median_of(values) : mean_of(values);
  };
  Worth worth{one(scores), {}};
  if (std::none_of(losses.begin(), losses.end(), [](double loss) { return std::isnan(loss); })) worth.loss = one(losses);
  return worth;
}

std::optional<StopReason> ParamSearch::stop_now() const {
  if (interrupted_.load(std::memory_order_relaxed)) return StopReason::interrupted;
  if (config_.timelimit > 0 && seconds() >= config_.timelimit) return StopReason::time;
  return {};
}

std::optional<StopReason> ParamSearch::budget_spent() const {
  const auto spent = [](std::int64_t limit, std::uint64_t done) {
    return limit > 0 && done >= static_cast<std::uint64_t>(limit);
  };
  if (spent(config_.generations, state_.total.generations)) return StopReason::generations;
  if (spent(config_.evaluations, state_.total.evaluations)) return StopReason::evaluations;
  if (spent(config_.train_steps, state_.total.train_steps)) return StopReason::train_steps;
  if (config_.target_score > 0 && held_out_ && held_out_->score > config_.target_score) return StopReason::target;
  return {};
}

/// Tells the outside how far it is, from the first thread.
void ParamSearch::watch(std::uint64_t begun) {
  const auto now = Clock::now();
  if (std::chrono::duration<double>(now - last_tick_).count() < kTickSeconds) return;
  last_tick_ = now;
  SearchState sketch;
  sketch.total = state_.total;
  sketch.total.evaluations += begun;
  sketch.seconds = seconds();
  if (listener_.tick(sketch, best_)) save();
}

/// Judges all trials from all threads, in batches that do not depend on how many there are. go_on(trials begun, worker)
/// is asked before every batch; when it says no, what is left stays as it is.
ParamSearch::Verdicts ParamSearch::judge_all(const outer::ParamEvaluator& evaluator, const Trials& trials,
                                             std::uint64_t seed,
                                             const std::function<bool(std::size_t, int)>& go_on) {
  const std::size_t batch = evaluator.batch();
  Verdicts verdicts(trials.size());
  std::atomic<std::size_t> begun = 0;
  workers_.share((trials.size() + batch - 1) / batch, 1, [&](std::size_t first, std::size_t last, int worker) {
    for (std::size_t b = first; b < last; ++b) {
      const std::size_t count = std::min(batch, trials.size() - b * batch);
      if (interrupted_ || !go_on(begun, worker)) return;
      begun += count;
      const auto some = evaluator.judge(std::span(trials).subspan(b * batch, count), seed);
      std::copy(some.begin(), some.end(), verdicts.begin() + static_cast<std::ptrdiff_t>(b * batch));
    }
  });
  return verdicts;
}

std::optional<StopReason> ParamSearch::generation() {
  if (handing_on_) return fme_generation();
  if (descent_) return update();
  const auto candidates = loop_->ask();
  const auto lives = static_cast<std::size_t>(config_.tasks);
  Trials trials;
  for (std::size_t k = 0; k < candidates.size() * lives; ++k)
    trials.push_back({candidates[k / lives], problem(k / lives, k % lives)});
  std::atomic<bool> stopped = false;
  const auto judged = judge_all(*search_, trials, problem_seed(kSearchProblems), [&](std::size_t begun, int worker) {
    if (worker == 0) watch(begun / lives);
    stopped = stopped || (begun > 0 && stop_now() == StopReason::time);
    return !stopped;
  });
  if (stopped || interrupted_) return stop_now();
  end_generation(judged);
  return {};
}

void ParamSearch::end_generation(std::span<const outer::Judged> judged, std::span<const outer::Vector> finals) {
  const auto lives = static_cast<std::size_t>(config_.tasks);
  std::vector<Worth> candidates;
  outer::Vector losses;
  for (std::size_t k = 0; k < judged.size() / lives; ++k) {
    candidates.push_back(joined(judged.subspan(k * lives, lives)));
    losses.push_back(config_.objective == "loss" ? *candidates.back().loss : -candidates.back().score);
  }
  loop_->tell_lived(losses, finals);
  if (!all_finite(loop_->mean())) diverged();
  ++state_.total.generations;
  state_.total.evaluations += candidates.size();
  for (const outer::Judged& one : judged) state_.total.train_steps += static_cast<std::uint64_t>(one.steps);
  log(candidates);
}

void ParamSearch::log(std::span<const Worth> candidates) {
  outer::Vector scores, losses;
  for (const Worth& candidate : candidates) {
    scores.push_back(candidate.score);
    if (candidate.loss) losses.push_back(*candidate.loss);
  }
  best_ = *std::max_element(scores.begin(), scores.end());
  nlohmann::ordered_json json{{"event", "generation"},
                              {"generation", state_.total.generations},
                              {"evaluations", state_.total.evaluations},
                              {"train_steps", state_.total.train_steps},
                              {"best", best_},
                              {"mean", mean_of(scores)}};
  for (const auto& [name, note] : loop_->notes()) json[name] = note;
  if (!losses.empty()) {
    json["best_loss"] = *std::min_element(losses.begin(), losses.end());
    json["mean_loss"] = mean_of(losses);
  }
  listener_.log(json.dump());
}

/// How many lifetimes of an update are taken together: as fills a machine, if that leaves work for two threads.
std::int64_t ParamSearch::gradient_part() const {
  if (config_.lanes > 0) return config_.lanes;
  const auto fill = static_cast<std::int64_t>(search_->batch());
  return fill > 1 ? std::min(fill, (config_.tasks + 1) / 2) : (config_.tasks + kMostParts - 1) / kMostParts;
}

/// One step down the gradient of `tasks` problems.
std::optional<StopReason> ParamSearch::update() {
  std::atomic<bool> stopped = false;
  const auto go_on = [&](std::size_t begun, int worker) {
    if (worker == 0) watch(0);
    stopped = stopped || (begun > 0 && stop_now() == StopReason::time);
    return !stopped && !interrupted_;
  };
  const GradientWork work{problem_seed(kSearchProblems), config_.tasks, gradient_part()};
  auto batch = mean_gradient(gradient_, loop_->mean(), work, workers_, go_on);
  if (!batch || interrupted_) return stop_now();
  const outer::DescentStep step = descent_->step(std::move(batch->gradient));
  if (!all_finite(loop_->mean())) diverged();
  ++state_.total.generations;
  ++state_.total.evaluations;
  state_.total.train_steps += static_cast<std::uint64_t>(batch->steps);
  best_ = batch->score;
  const auto number = [](double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr; };
  const nlohmann::ordered_json json{{"event", "generation"},
                                    {"generation", state_.total.generations},
                                    {"evaluations", state_.total.evaluations},
                                    {"train_steps", state_.total.train_steps},
                                    {"mean", batch->score},
                                    {"mean_loss", number(batch->loss)},
                                    {"norm", number(step.norm)},
                                    {"rate", step.rate}};
  listener_.log(json.dump());
  return {};
}

/// What params are worth on other problems, the same every time; nothing when interrupted.
std::optional<Worth> ParamSearch::worth_of(const outer::Vector& params, const outer::ParamEvaluator& evaluator,
                                           std::uint32_t purpose, std::int64_t count) {
  Trials trials;
  for (std::int64_t i = 0; i < count; ++i) trials.push_back({params, static_cast<std::uint32_t>(i)});
  const auto judged = judge_all(evaluator, trials, problem_seed(purpose), [](std::size_t, int) { return true; });
  if (interrupted_) return {};
  return joined(judged);
}

/// Scores the result on the select problems where that is due; false when interrupted.
bool ParamSearch::look() {
  const std::int64_t generation = loop_->generation();
  const bool due = config_.held_out_every > 0 && generation % config_.held_out_every == 0;
  if (!due || held_out_at_ == generation) return true;
  const auto worth = worth_of(loop_->mean(), *select_, kSelectProblems, config_.select_tasks);
  if (!worth) return false;
  held_out_ = worth;
  held_out_at_ = generation;
  if (descent_) select(*worth);
  nlohmann::ordered_json json{{"event", "held_out"}, {"generation", generation}, {"score", worth->score}};
  if (worth->loss) json["loss"] = *worth->loss;
  listener_.log(json.dump());
  return true;
}

/// Keeps the params of the loop where they are worth more than those selected before.
void ParamSearch::select(const Worth& worth) {
  const bool by_loss = config_.objective == "loss";
  const auto better = [&](const Worth& old) { return by_loss ? *worth.loss < *old.loss : worth.score > old.score; };
  if (!selected_ || better(selected_->worth)) selected_ = Selected{loop_->mean(), worth, loop_->generation()};
}

ParamOutcome ParamSearch::run() {
  ParamOutcome outcome;
  for (std::optional<StopReason> stop; !stop;) {
    stop = look() ? budget_spent() : StopReason::interrupted;
    if (!stop) stop = generation();
    if (stop) outcome.stop = *stop;
  }
  save();
  const bool seen = held_out_at_ == loop_->generation();
  outcome.held_out = seen ? held_out_ : worth_of(loop_->mean(), *select_, kSelectProblems, config_.select_tasks);
  if (descent_ && outcome.held_out) select(*outcome.held_out);
  if (selected_) outcome.held_out = selected_->worth;
  outcome.params = params();
  outcome.final = worth_of(outcome.params, *final_, kFinalProblems, config_.final_tasks);
  outcome.total = state_.total;
  outcome.seconds = seconds();
  return outcome;
}

void ParamSearch::save() {
  state_.seconds = seconds();
  outer::LoopState loop = loop_->saved();
  for (const auto& [name, part] : loop.parts) {
    if (!all_finite(part)) diverged();
  }
  if (selected_) keep_selected(*selected_, loop);
  state_.params = ParamState{loop, print(program_), held_out_, held_out_at_};
  listener_.save(state_);
}

}  // namespace mlz::evolve
