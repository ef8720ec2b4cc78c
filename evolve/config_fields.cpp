#include "evolve/config.hpp"

namespace mlz::evolve {
namespace {

constexpr double kMany = 1e15;

using Text = std::string Config::*;
using Whole = std::int64_t Config::*;
using Number = double Config::*;
using Flag = bool Config::*;

/// Makes the rows of one group.
struct Group {
  const char* name;
  bool free = false;

  ConfigField text(const char* n, Text m, const char* meaning, std::vector<std::string> choices = {}) const {
    return {n, name, meaning, m, 0, 0, std::move(choices), free};
  }
  ConfigField whole(const char* n, Whole m, double lo, double hi, const char* meaning) const {
    return {n, name, meaning, m, lo, hi, {}, free};
  }
  ConfigField number(const char* n, Number m, double lo, double hi, const char* meaning) const {
    return {n, name, meaning, m, lo, hi, {}, free};
  }
  ConfigField flag(const char* n, Flag m, const char* meaning) const { return {n, name, meaning, m, 0, 1, {}, free}; }
};

std::vector<ConfigField> task_fields() {
  const Group g{"Tasks"};
  return {
      g.text("preset", &Config::preset, "named configuration to start from; see --list-presets"),
      g.text("task", &Config::task, "what programs learn during the search, as NAME:key=value,...; see --list-tasks"),
      g.whole("tasks", &Config::tasks, 1, 10000, "how many problems of it a program is scored on; grad: lifetimes of an update"),
      g.text("select-task", &Config::select_task, "what the best of each experiment is judged by (default: the task)"),
      g.whole("select-tasks", &Config::select_tasks, 1, 10000, "how many problems of it"),
      g.text("final-task", &Config::final_task, "what the result is tested on (default: the task)"),
      g.whole("final-tasks", &Config::final_tasks, 1, 10000, "how many problems of it"),
      g.flag("fresh-tasks", &Config::fresh_tasks,
             "every experiment has search and select problems of its own; with --tune, every generation has search problems "
             "of its own"),
      g.text("combine", &Config::combine, "how the scores of problems are joined", {"mean", "median"}),
      g.number("max-error", &Config::max_error, 0, 1e300, "a lifetime ends above this absolute error"),
      g.text("data", &Config::data, "folder with the data of tasks that need files"),
      g.whole("seed", &Config::seed, 0, 9e15, "of everything random"),
  };
}

std::vector<ConfigField> space_fields() {
  const Group g{"Programs"};
  return {
      g.whole("scalars", &Config::scalars, 2, 64, "registers s0, s1, ..."),
      g.whole("vectors", &Config::vectors, 1, 64, "registers v0, v1, ..."),
      g.whole("matrices", &Config::matrices, 0, 64, "registers m0, m1, ..."),
      g.text("setup-ops", &Config::setup_ops, "operations of Setup by number, as in 1-4,27; all; empty: Setup stays as it is"),
      g.text("predict-ops", &Config::predict_ops, "operations of Predict"),
      g.text("learn-ops", &Config::learn_ops, "operations of Learn"),
      g.whole("setup-size", &Config::setup_size, 0, 255, "instructions of Setup at the start"),
      g.whole("predict-size", &Config::predict_size, 0, 255, "instructions of Predict at the start"),
      g.whole("learn-size", &Config::learn_size, 0, 255, "instructions of Learn at the start"),
      g.whole("setup-min", &Config::setup_min, 0, 255, "fewest instructions of Setup"),
      g.whole("predict-min", &Config::predict_min, 0, 255, "fewest instructions of Predict"),
      g.whole("learn-min", &Config::learn_min, 0, 255, "fewest instructions of Learn"),
      g.whole("setup-max", &Config::setup_max, 0, 255, "most instructions of Setup"),
      g.whole("predict-max", &Config::predict_max, 0, 255, "most instructions of Predict"),
      g.whole("learn-max", &Config::learn_max, 0, 255, "most instructions of Learn"),
      g.text("start", &Config::start,
             "first programs: random instructions, or NoOps; redrawn: --init with random instructions in each function that "
             "has operations",
             {"random", "empty", "redrawn"}),
      g.text("init", &Config::init, "program file, or folder of them, to start from instead"),
      g.text("constants", &Config::constants,
             "how constants change: times exp(z) as in AutoML-Zero's code, or times U(0.5, 2) as in the paper",
             {"lognormal", "factor"}),
      g.text("genome", &Config::genome,
             "form of programs: numbered registers as in AutoML-Zero, or general; auto: numbered where --init has that form",
             {"auto", "numbered", "general"}),
      g.text("protocol", &Config::protocol, "general form: how examples are shown and scored (default: the task's)",
             {"", "automl", "stream", "control"}),
      g.text("program-set", &Config::program_set,
             "general form: new values of sizes, consts and params of --init, as in 'hidden=16; rate=0.1'; "
             "--set NAME=VALUE adds one"),
      g.text("load", &Config::load, "general form: safetensors file with values of the params of --init, for all programs"),
      g.whole("temporaries", &Config::temporaries, 0, 10000, "general form: registers that mutations may add to a program"),
      g.whole("max-memory", &Config::max_memory, 1, 1 << 24,
              "MiB for caches, populations and registers together: a search that begins with more is refused, and a program "
              "that grows beyond it in general form is not run"),
      g.number("cost-limit", &Config::cost_limit, 0, 1e300,
               "refuse programs whose static cost exceeds so many times that of the two-layer network, or in general "
               "form of --init; 0: none"),
  };
}

std::vector<ConfigField> search_fields() {
  const Group g{"Search"};
  return {
      g.text("search", &Config::search, "evolution, or random programs for comparison", {"evolution", "random"}),
      g.whole("population", &Config::population, 2, 1e6,
              "programs alive; with --tune, candidates of a generation; fme: solutions kept"),
      g.whole("tournament", &Config::tournament, 1, 1000, "programs drawn to find a parent"),
      g.number("mutate-prob", &Config::mutate_prob, 0, 1, "how often a child is mutated; else it is a copy"),
      g.text("mutations", &Config::mutations, "NAME[:WEIGHT],...; see --list-mutations"),
      g.whole("probe-examples", &Config::probe_examples, 0, 1'000'000,
              "try programs on so many training and validation examples of each problem first; whoever does there exactly "
              "what one of the living did takes its score; 0: no probe"),
      g.whole("hurdle-tasks", &Config::hurdle_tasks, 0, 10000,
              "try programs on so many of the problems first, and on all only who clears the hurdle; 0: no hurdle"),
      g.number("hurdle-percentile", &Config::hurdle_percentile, 0, 100,
               "the bar of a generation, among the different first scores of the population before it"),
      g.whole("tune-inside", &Config::tune_inside, 0, 10000,
              "general form: whenever a program is scored on all problems, try so many other params, with noise of --sigma; the "
              "best of them are its own and its children's; 0: params stay as they are"),
      g.whole("islands", &Config::islands, 1, 4096, "populations side by side"),
      g.whole("migrate-every", &Config::migrate_every, 1, kMany, "generations between migrations of islands"),
      g.number("migrate-share", &Config::migrate_share, 0, 1, "part of a population that a migration replaces"),
  };
}

std::vector<ConfigField> param_fields() {
  const Group g{"Params"};
  return {
      g.text("tune", &Config::tune,
             "search for the params of the program of --init, which stays as it is: es (evolution strategy), cma (CMA-ES), "
             "ga (genetic algorithm), grad (gradient descent), fme (fitness monotonic execution), or random for "
             "comparison",
             {"none", "es", "cma", "ga", "grad", "fme", "random"}),
      g.number("sigma", &Config::sigma, 1e-12, 1e12,
               "deviation of the noise on params, with --tune-inside too; cma: at the start"),
      g.number("rate", &Config::rate, 1e-12, 1e12, "es, grad: learning rate of Adam"),
      g.number("beta1", &Config::beta1, 0, 0.999999, "es, grad: how much of its mean Adam keeps in a step"),
      g.number("beta2", &Config::beta2, 0, 0.999999999, "es, grad: how much of its mean square Adam keeps in a step"),
      g.number("epsilon", &Config::epsilon, 1e-30, 1, "es, grad: what Adam adds to its divisor"),
      g.text("schedule", &Config::schedule,
             "grad: the rate after warm-up: constant, inverse_sqrt (with the square root of the updates), or cosine (to 0 "
             "at --decay-steps)",
             {"constant", "inverse_sqrt", "cosine"}),
      g.whole("warmup", &Config::warmup, 0, kMany, "grad: updates until the rate has risen from 0 to --rate"),
      g.whole("decay-steps", &Config::decay_steps, 0, kMany, "grad, cosine: updates until the rate is 0"),
      g.number("clip", &Config::clip, 0, 1e300, "grad: longest gradient, as Euclidean norm over all params; 0: any"),
      g.whole("remat", &Config::remat, 0, kMany,
              "grad: the state is kept before every so many steps, and steps in between are run again; 0: as memory allows"),
      g.text("shaping", &Config::shaping, "es: steps follow the scores themselves, or their ranks", {"none", "ranks"}),
      g.text("covariance", &Config::covariance, "cma: adapt the whole matrix, or its diagonal for many params",
             {"full", "diagonal"}),
      g.whole("held-out-every", &Config::held_out_every, 0, kMany,
              "generations between scores of the result on the select problems, which change nothing; 0: at the end alone"),
      g.text("objective", &Config::objective,
             "what is improved: the score, or the mean loss of the predictions (cross entropy, or squared error)",
             {"score", "loss"}),
      g.whole("lanes", &Config::lanes, 0, 65536, "lifetimes that one machine leads together; 0: as suits the program"),
      g.text("join-tasks", &Config::join_tasks, "how the scores of several tasks, as in --task 'A; B', are joined",
             {"product", "mean"}),
  };
}

std::vector<ConfigField> fme_fields() {
  const Group g{"Fitness monotonic execution (--tune fme)"};
  return {
      g.text("fme-pool", &Config::fme_pool,
             "buckets of like performance; rewards: one list, chances follow max(R, 0) + epsilon; uniform: one list, equal "
             "chances; best: the best one alone",
             {"buckets", "rewards", "uniform", "best"}),
      g.text("fme-child", &Config::fme_child,
             "what a run puts into the pool: the solution as it modified itself, the solution as it was (parent), or in its "
             "place one that ran with added noise of --sigma, or one drawn afresh",
             {"modified", "parent", "noise", "fresh"}),
      g.whole("fme-founders", &Config::fme_founders, 1, 1e6,
              "solutions drawn at the start, which run once each before any other"),
      g.whole("fme-ahead", &Config::fme_ahead, 1, 65536,
              "solutions of a generation: they are chosen, then run, perhaps in several threads, then put back in order"),
      g.whole("fme-run-steps", &Config::fme_run_steps, 0, kMany,
              "a run, and a lifetime in a held-out score, ends after so many steps; 0: when its episodes end"),
      g.whole("fme-buckets", &Config::fme_buckets, 1, 10000,
              "buckets over performances from 0 to 1, which share the room for --population solutions"),
      g.text("fme-weight", &Config::fme_weight, "of bucket b, counted from 0: (b + 1)^kappa, or exp(b / tau)",
             {"power", "exponential"}),
      g.number("fme-kappa", &Config::fme_kappa, 0, 1000, "power: exponent"),
      g.number("fme-tau", &Config::fme_tau, 0.01, 1e6, "exponential: buckets that make e times the weight"),
      g.text("fme-weigh", &Config::fme_weigh,
             "every solution has the weight of its bucket, or those of a bucket share it, however many they are",
             {"solutions", "buckets"}),
      g.text("fme-within", &Config::fme_within, "which one of the bucket runs: the least recently used, or any",
             {"oldest", "uniform"}),
      g.number("fme-epsilon", &Config::fme_epsilon, 1e-12, 1e12, "rewards: added to the performance of every solution"),
      g.number("fme-own-share", &Config::fme_own_share, 1e-6, 1,
               "part of a child's performance that comes from the run that made it; the rest is its parent's"),
      g.text("fme-parents", &Config::fme_parents,
             "the parent keeps its place; or keeps it with the mean over its runs as performance; or its child replaces it",
             {"keep", "rescore", "replace"}),
      g.text("fme-used", &Config::fme_used,
             "who is used least recently goes first: used means selected or inserted, or inserted alone",
             {"selected", "inserted"}),
      g.number("fme-bound", &Config::fme_bound, 0, 1e30, "largest size of a number that is handed on; 0: any finite one"),
      g.text("fme-beyond", &Config::fme_beyond, "what is larger is clipped, or its solution dropped", {"clip", "drop"}),
  };
}

std::vector<ConfigField> stop_fields() {
  const Group fixed{"Experiments"};
  const Group g{"Stops (0: none)", true};
  return {
      fixed.whole("experiment-generations", &Config::experiment_generations, 0, kMany,
                  "end an experiment after so many generations; 0: none"),
      fixed.whole("experiment-evaluations", &Config::experiment_evaluations, 0, kMany, "after so many programs; 0: none"),
      fixed.whole("experiment-train-steps", &Config::experiment_train_steps, 0, kMany, "after so many training steps; 0: none"),
      fixed.number("experiment-target", &Config::experiment_target, 0, 1,
                   "when a program scores above this on the search problems; 0: none"),
      g.whole("experiments", &Config::experiments, 0, 1e6, "end after so many experiments"),
      g.whole("generations", &Config::generations, 0, kMany, "end after so many generations in all"),
      g.whole("evaluations", &Config::evaluations, 0, kMany, "end after so many programs in all"),
      g.whole("train-steps", &Config::train_steps, 0, kMany, "end after so many training steps in all"),
      g.number("timelimit", &Config::timelimit, 0, 1e9, "end after so many seconds"),
      g.number("target-score", &Config::target_score, 0, 1,
               "end when an experiment's best scores above this on the select problems"),
  };
}

std::vector<ConfigField> result_fields() {
  const Group g{"Result (best_readable.mlz)", true};
  return {
      g.flag("ablate", &Config::ablate, "leave out of it whatever its scores do not need"),
      g.whole("tune-constants", &Config::tune_constants, 0, kMany, "trials of other constants in it"),
  };
}

std::vector<ConfigField> running_fields() {
  const Group g{kRunningGroup, true};
  return {
      g.whole("threads", &Config::threads, 1, 1024, "processor threads"),
      g.whole("window", &Config::window, 1, 65536, "programs that threads make before they meet, at most"),
      g.flag("cache", &Config::cache, "do not run a program again that does the same as one before"),
      g.whole("cache-size", &Config::cache_size, 2, 1 << 28, "programs remembered, 32 bytes each"),
      g.number("checkpoint-interval", &Config::checkpoint_interval, 0.01, 1e9, "seconds between checkpoints"),
  };
}

std::vector<ConfigField> make_fields() {
  std::vector<ConfigField> all;
  for (const auto& part : {task_fields(), space_fields(), search_fields(), param_fields(), fme_fields(), stop_fields(),
                           result_fields(), running_fields()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

const std::vector<ConfigField>& config_fields() {
  static const std::vector<ConfigField> fields = make_fields();
  return fields;
}

}  // namespace mlz::evolve
