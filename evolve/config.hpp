#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace mlz::evolve {

/// Everything a search depends on. The same fields are options of the command line, keys of preset and config files,
/// and entries of config.json.
struct Config {
  std::string preset;  ///< the one this began as; setting it sets all that the preset says
  // what is learnt
  std::string task = "linear:features=4,train=100,valid=100";
  std::int64_t tasks = 10;
  std::string select_task, final_task;  ///< empty: as `task`
  std::int64_t select_tasks = 100, final_tasks = 100;
  bool fresh_tasks = true;
  std::string combine = "mean";
  double max_error = 100;
  std::string data;
  std::int64_t seed = 1;

  // which programs there are
  std::int64_t scalars = 4, vectors = 3, matrices = 1;
  std::string setup_ops = "all", predict_ops = "all", learn_ops = "all";
  std::int64_t setup_size = 5, predict_size = 5, learn_size = 5;
  std::int64_t setup_min = 0, predict_min = 0, learn_min = 0;
  std::int64_t setup_max = 20, predict_max = 20, learn_max = 20;
  std::string start = "random";
  std::string init;
  std::string constants = "lognormal";
  double cost_limit = 0;
  std::string genome = "auto", protocol, program_set, load;
  std::int64_t temporaries = 20;
  std::int64_t max_memory = 4096;  ///< MiB

  // how they are searched
  std::string search = "evolution";
  std::int64_t population = 1000, tournament = 10;
  double mutate_prob = 0.9;
  std::int64_t probe_examples = 0;
  std::int64_t hurdle_tasks = 0;
  double hurdle_percentile = 75;
  std::string mutations = "alter,insert,remove,randomize_function";
  std::int64_t tune_inside = 0;
  std::int64_t islands = 1, migrate_every = 100;
  double migrate_share = 0.5;

  // how params are searched
  std::string tune = "none", covariance = "full", shaping = "none", join_tasks = "product", objective = "score";
  double sigma = 0.05, rate = 0.025, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, clip = 0;
  std::string schedule = "constant";
  std::int64_t warmup = 0, decay_steps = 0;
  std::int64_t held_out_every = 10, lanes = 0, remat = 0;

  // --tune fme: what is run, where it comes from, and what is kept
  std::string fme_pool = "buckets", fme_child = "modified", fme_parents = "keep", fme_used = "selected";
  std::string fme_within = "oldest", fme_weight = "power", fme_weigh = "solutions", fme_beyond = "clip";
  std::int64_t fme_founders = 1, fme_ahead = 1, fme_run_steps = 0, fme_buckets = 20;
  double fme_kappa = 2, fme_tau = 2, fme_epsilon = 0.01, fme_own_share = 1, fme_bound = 0;

  // when it ends
  std::int64_t experiments = 1;  ///< 0 here and below: no limit
  std::int64_t experiment_generations = 0, experiment_evaluations = 0, experiment_train_steps = 0;
  double experiment_target = 0;
  std::int64_t generations = 0, evaluations = 0, train_steps = 0;
  double timelimit = 0;
  double target_score = 0;

  // how it runs; none of these changes a result
  bool ablate = true;
  std::int64_t tune_constants = 0;
  std::int64_t threads = 1;
  std::int64_t window = 1024;
  bool cache = true;
  std::int64_t cache_size = 1 << 18;
  double checkpoint_interval = 60;
};

/// One field of Config with what people need to know about it.
struct ConfigField {
  using Member = std::variant<std::string Config::*, std::int64_t Config::*, double Config::*, bool Config::*>;
  std::string name;  ///< as on the command line, without dashes
  std::string group, meaning;
  Member member;
  double lo = 0, hi = 0;             ///< of numbers, both ends included
  std::vector<std::string> choices;  ///< of texts; empty: any
  bool free = false;                 ///< may differ when a run is resumed
};
const std::vector<ConfigField>& config_fields();
/// The group of fields that change no result.
inline constexpr const char* kRunningGroup = "Running (changes no result)";

/// Sets one field from text. `where` says in messages where it was given. Throws InputError for an unknown name (with the
/// closest one), a value of the wrong form or out of range.
void set_field(Config& config, const std::string& name, const std::string& value, const std::string& where);
std::string field_text(const Config& config, const ConfigField& field);

/// Applies a config text: lines `name = value`, comments from # on, or one JSON object. `where` is the file's name. A
/// setting that is there twice is an error.
void apply_config(Config& config, const std::string& text, const std::string& where);

std::string to_json(const Config& config);
/// The text form, every field on a line under its group, which apply_config reads.
std::string to_text(const Config& config);

/// The command of mlzevolve that repeats a search: its preset and what differs from it. Threads and such are left out.
std::string command_of(const Config& config);

/// Fields that must agree when a run is resumed and do not, by name.
std::vector<std::string> differing_fields(const Config& a, const Config& b);

/// Presets are config texts that are part of the library.
struct Preset {
  std::string name, text;
};
const std::vector<Preset>& presets();
const Preset& find_preset(const std::string& name);  ///< throws InputError
std::string list_presets();                          ///< names with the first comment line of each

}  // namespace mlz::evolve
