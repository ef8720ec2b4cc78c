#include "evolve/param_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "evolve/outer/cma.hpp"
#include "evolve/outer/es.hpp"
#include "evolve/outer/ga.hpp"
#include "evolve/outer/random_search.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/core/draws.hpp"

namespace mlz::evolve {
namespace {

// Samplers beyond any number of candidates.
constexpr std::uint32_t kPurposes = 0xFFFFFF00;
constexpr double kTickSeconds = 0.2;
/// A full covariance matrix of so many params fills 128 MiB.
constexpr std::size_t kMostFullParams = 4096;

CoreProgram program_of(const Config& config) {
  if (config.init.empty()) {
    throw InputError(fmt::format("--tune {}: finds params of a program: name it by --init FILE.mlz", config.tune));
  }
  std::vector<CoreProgram> programs = core_programs(config);
  if (programs.size() != 1) {
    throw InputError(
        fmt::format("--tune {}: takes one program; --init {} has {}", config.tune, config.init, programs.size()));
  }
  if (programs[0].has_holes()) {
    throw InputError(
        fmt::format("--tune {}: {} has holes; search without --tune fills them", config.tune, config.init));
  }
  return std::move(programs[0]);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ';');) {
    const std::size_t first = item.find_first_not_of(' ');
    if (first != std::string::npos) out.push_back(item.substr(first, item.find_last_not_of(' ') - first + 1));
  }
  return out;
}

void check_settings(const Config& c, std::size_t params) {
  if (params == 0) {
    throw InputError(fmt::format("--tune {}: {} declares no param; write `param NAME : TYPE` for what is to be found",
                                 c.tune, c.init));
  }
  if (c.tune == "es" && c.population % 2 != 0) {
    throw InputError(
        fmt::format("population = {}: --tune es takes candidates in pairs; give an even number", c.population));
  }
  if (c.tune == "cma" && c.population < 4) {
    throw InputError(fmt::format("population = {}: --tune cma needs 4 candidates or more", c.population));
  }
  if (c.tune == "cma" && c.covariance == "full" && params > kMostFullParams) {
    throw InputError(fmt::format(
        "--tune cma: the params have {} numbers, and a full matrix serves at most {}; use --covariance diagonal",
        params, kMostFullParams));
  }
}

bool all_finite(const outer::Vector& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}

[[noreturn]] void diverged() {
  throw std::runtime_error("the search diverged: params are no longer finite; choose a smaller --rate or --sigma");
}

}  // namespace

ParamSearch::ParamSearch(const Config& config, Listener& listener, const std::atomic<bool>& interrupted)
    : config_(config), listener_(listener), interrupted_(interrupted), program_(program_of(config)),
      workers_(static_cast<int>(config.threads)) {
  const Tasks search = tasks_of(config.task);
  set_options(search);
  const auto evaluator = [&](const std::string& names) {
    return std::make_unique<outer::ParamEvaluator>(program_, names.empty() ? search : tasks_of(names), options_);
  };
  search_ = evaluator("");
  select_ = evaluator(config.select_task);
  final_ = evaluator(config.final_task);
  for (const auto* other : {select_.get(), final_.get()}) {
    if (other->size() == search_->size()) continue;
    throw InputError(fmt::format("params depend on the task: {} numbers on {}, {} on the select or final task",
                                 search_->size(), task_names_, other->size()));
  }
  check_settings(config, search_->size());
  if (config.tune == "fme") handing_on_ = std::make_unique<outer::FinalEvaluator>(program_, search, options_);
  loop_ = make_loop(search_->initial(static_cast<std::uint64_t>(config.seed)));
}

ParamSearch::Tasks ParamSearch::tasks_of(const std::string& names) const {
  Tasks tasks;
  for (const std::string& name : split(names)) {
    tasks.push_back(tasks::make_task(name, tasks::DataPaths::standard(config_.data)));
  }
  return tasks;
}

void ParamSearch::set_options(const Tasks& tasks) {
  bool f64 = false;
  for (const auto& task : tasks) {
    const std::string protocol = config_.protocol.empty() ? task->info().protocol : config_.protocol;
    f64 = f64 || eval::protocol_of(protocol) == eval::Protocol::automl;
    task_names_ += (task_names_.empty() ? "" : "; ") + task->info().name;
    protocols_ += (protocols_.empty() ? "" : "; ") + protocol;
  }
  options_.protocol = config_.protocol;
  options_.dtype = f64 ? vm::DType::f64 : vm::DType::f32;
  options_.combine = config_.join_tasks == "mean" ? outer::Combine::mean : outer::Combine::product;
  options_.settings.max_abs_error = config_.max_error;
  options_.settings.curve_points = options_.settings.valid_points = 0;
  options_.settings.score_test = false;
  options_.settings.limits.cancel = &interrupted_;
  if (config_.tune == "fme") options_.settings.limits.steps = config_.fme_run_steps;
}

std::unique_ptr<outer::OuterLoop> ParamSearch::make_loop(outer::Vector first) const {
  const auto seed = static_cast<std::uint64_t>(config_.seed);
  const auto candidates = static_cast<std::size_t>(config_.population);
  const double sigma = config_.sigma;
  if (config_.tune == "fme") return make_fme(std::move(first));
  if (config_.tune == "cma") {
    const outer::CmaOptions options{candidates, sigma, seed, config_.covariance == "diagonal"};
    return std::make_unique<outer::Cma>(std::move(first), options);
  }
  if (config_.tune == "ga") {
    const outer::GaOptions options{candidates, std::max<std::size_t>(1, candidates / 5), sigma, seed};
    return std::make_unique<outer::Ga>(std::move(first), options);
  }
  if (config_.tune == "random") {
    return std::make_unique<outer::RandomSearch>(std::move(first), outer::RandomOptions{candidates, sigma, seed});
  }
  const auto shaping = config_.shaping == "ranks" ? outer::Shaping::ranks : outer::Shaping::none;
  const outer::EsOptions options{candidates / 2, sigma, outer::AdamOptions{config_.rate}, seed, shaping};
  return std::make_unique<outer::EvolutionStrategy>(std::move(first), options);
}

void ParamSearch::load_params(const ParamReader& read) {
  loop_ = make_loop(outer::ParamEvaluator::joined(read(search_->program())));
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

double ParamSearch::joined(std::span<const outer::Judged> each) const {
  outer::Vector scores;
  for (const outer::Judged& judged : each) scores.push_back(judged.score);
  if (config_.combine == "median") {
    const auto middle = scores.begin() + static_cast<std::ptrdiff_t>(scores.size() / 2);
    std::nth_element(scores.begin(), middle, scores.end());
    return *middle;
  }
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
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
  if (config_.target_score > 0 && held_out_.value_or(0) > config_.target_score) return StopReason::target;
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

/// Calls judge(0) to judge(count - 1) from all threads; whether nothing stopped it.
bool ParamSearch::judge_all(std::size_t count, const std::function<void(std::size_t)>& judge) {
  std::atomic<bool> stopped = false;
  std::atomic<std::size_t> begun = 0;
  const std::size_t lives = static_cast<std::size_t>(config_.tasks);
  workers_.share(count, 1, [&](std::size_t first, std::size_t last, int worker) {
    for (std::size_t job = first; job < last; ++job) {
      if (stopped || interrupted_) return;
      judge(job);
      const std::size_t done = ++begun;
      if (worker == 0) watch(done / lives);
      stopped = stopped || stop_now() == StopReason::time;
    }
  });
  return !stopped && !interrupted_;
}

std::optional<StopReason> ParamSearch::generation() {
  if (handing_on_) return fme_generation();
  const auto candidates = loop_->ask();
  const auto lives = static_cast<std::size_t>(config_.tasks);
  const std::uint64_t seed = problem_seed(kSearchProblems);
  std::vector<outer::Judged> judged(candidates.size() * lives);
  const bool whole = judge_all(judged.size(), [&](std::size_t job) {
    const std::size_t candidate = job / lives;
    judged[job] = search_->judge(candidates[candidate], seed, problem(candidate, job % lives));
  });
  if (!whole) return stop_now();
  end_generation(judged);
  return {};
}

void ParamSearch::end_generation(std::span<const outer::Judged> judged, std::span<const outer::Vector> finals) {
  const auto lives = static_cast<std::size_t>(config_.tasks);
  outer::Vector scores, losses;
  for (std::size_t k = 0; k < judged.size() / lives; ++k) {
    scores.push_back(joined(judged.subspan(k * lives, lives)));
    losses.push_back(-scores.back());
  }
  loop_->tell_lived(losses, finals);
  if (!all_finite(loop_->mean())) diverged();
  ++state_.total.generations;
  state_.total.evaluations += scores.size();
  for (const outer::Judged& one : judged) state_.total.train_steps += static_cast<std::uint64_t>(one.steps);
  best_ = *std::max_element(scores.begin(), scores.end());
  log(scores);
}

void ParamSearch::log(const outer::Vector& scores) const {
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  nlohmann::ordered_json json{{"event", "generation"},
                              {"generation", state_.total.generations},
                              {"evaluations", state_.total.evaluations},
                              {"train_steps", state_.total.train_steps},
                              {"best", best_},
                              {"mean", sum / static_cast<double>(scores.size())}};
  for (const auto& [name, number] : loop_->notes()) json[name] = number;
  listener_.log(json.dump());
}

/// The score of the result on other problems, the same every time; nothing when interrupted.
std::optional<double> ParamSearch::score_on(const outer::ParamEvaluator& evaluator, std::uint32_t purpose,
                                            std::int64_t count) {
  std::vector<outer::Judged> judged(static_cast<std::size_t>(count));
  const outer::Vector params = loop_->mean();
  const std::uint64_t seed = problem_seed(purpose);
  workers_.share(judged.size(), 1, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t i = first; i < last && !interrupted_; ++i) {
      judged[i] = evaluator.judge(params, seed, static_cast<std::uint32_t>(i));
    }
  });
  if (interrupted_) return {};
  return joined(judged);
}

/// Scores the result on the select problems where that is due; false when interrupted.
bool ParamSearch::look() {
  const std::int64_t generation = loop_->generation();
  const bool due = config_.held_out_every > 0 && generation % config_.held_out_every == 0;
  if (!due || held_out_at_ == generation) return true;
  const auto score = score_on(*select_, kSelectProblems, config_.select_tasks);
  if (!score) return false;
  held_out_ = score;
  held_out_at_ = generation;
  nlohmann::ordered_json json{{"event", "held_out"}, {"generation", generation}, {"score", *score}};
  listener_.log(json.dump());
  return true;
}

ParamOutcome ParamSearch::run() {
  ParamOutcome outcome;
  for (std::optional<StopReason> stop; !stop;) {
    stop = look() ? budget_spent() : StopReason::interrupted;
    if (!stop) stop = generation();
    if (stop) outcome.stop = *stop;
  }
  save();
  outcome.params = loop_->mean();
  outcome.held_out = held_out_at_ == loop_->generation() ? held_out_
                                                         : score_on(*select_, kSelectProblems, config_.select_tasks);
  outcome.final = score_on(*final_, kFinalProblems, config_.final_tasks);
  outcome.total = state_.total;
  outcome.seconds = seconds();
  return outcome;
}

void ParamSearch::save() {
  state_.seconds = seconds();
  const outer::LoopState loop = loop_->saved();
  for (const auto& [name, part] : loop.parts) {
    if (!all_finite(part)) diverged();
  }
  state_.params = ParamState{loop, print(program_), held_out_, held_out_at_};
  listener_.save(state_);
}

}  // namespace mlz::evolve
