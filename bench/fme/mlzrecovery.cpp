#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>

#include "evolve/eval/lifetime.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/text/compile.hpp"
#include "tools/support/files.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::bench {
namespace {

constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;

constexpr const char* kNotes = R"(
examples:
  mlzrecovery --task swapping_bandit:steps=200 runs/early runs/late
  mlzrecovery --set modify=0 runs/late                  the same policy, which may no longer change itself

A row for each folder of a search for params: how often the good arm is pulled, in all and so many pulls after the
first one that follows a move of the good arm; and at which pull after the first and the last move of a lifetime it is
pulled first.)";

struct Options {
  std::string task = "swapping_bandit:steps=200";
  std::vector<std::string> folders, set;
  std::int64_t lifetimes = 200;
  std::uint64_t seed = 1;
};

struct Pull {
  double arm = 0, good = 0;
};

/// A bandit that notes what is pulled and what was good. Its state is the index of the good arm.
class NotedBandit final : public tasks::World {
 public:
  NotedBandit(std::unique_ptr<tasks::World> world, std::vector<Pull>& pulls)
      : world_(std::move(world)), pulls_(pulls) {}
  void reset(DrawSequence& draws) override { world_->reset(draws); }
  std::span<double> state() override { return world_->state(); }
  void observe(std::span<double> out) const override { world_->observe(out); }
  tasks::Feedback step(std::span<const double> action, DrawSequence& draws) override {
    const tasks::Feedback feedback = world_->step(action, draws);
    pulls_.push_back({action[0], world_->state()[0]});
    return feedback;
  }

 private:
  std::unique_ptr<tasks::World> world_;
  std::vector<Pull>& pulls_;
};

/// A mean that grows by one number at a time.
struct Mean {
  double sum = 0, count = 0;
  void add(double x) {
    sum += x;
    ++count;
  }
  double value() const { return count > 0 ? sum / count : std::nan(""); }
};

constexpr std::array<std::size_t, 6> kAfter{0, 1, 2, 4, 9, 19};

struct Findings {
  Mean all, first, last;
  std::array<Mean, kAfter.size()> after;
};

/// At which pull after a move of the good arm it is pulled first; if it is not, how many pulls there were.
double until_good(std::span<const Pull> pulls, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (pulls[i].arm == pulls[i].good) return static_cast<double>(i - begin + 1);
  }
  return static_cast<double>(end - begin);
}

void take(Findings& findings, std::span<const Pull> pulls) {
  std::vector<std::size_t> moves;
  for (std::size_t i = 0; i < pulls.size(); ++i) {
    findings.all.add(pulls[i].arm == pulls[i].good);
    if (i > 0 && pulls[i].good != pulls[i - 1].good) moves.push_back(i);
  }
  for (std::size_t m = 0; m < moves.size(); ++m) {
    const std::size_t end = m + 1 < moves.size() ? moves[m + 1] : pulls.size();
    for (std::size_t k = 0; k < kAfter.size(); ++k) {
      const std::size_t i = moves[m] + kAfter[k];
      if (i < end) findings.after[k].add(pulls[i].arm == pulls[i].good);
    }
    if (m == 0) findings.first.add(until_good(pulls, moves[m], end));
    if (m + 1 == moves.size()) findings.last.add(until_good(pulls, moves[m], end));
  }
}

struct Policy {
  vm::BoundProgram program;
  vm::MachineOptions machine;
};

Policy read_policy(const std::string& folder, const tasks::Task& task, const Options& options) {
  Diagnostics diagnostics;
  text::CompileOptions compile;
  for (const std::string& one : options.set) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos) throw InputError(fmt::format("--set {}: must be NAME=VALUE", one));
    compile.set[one.substr(0, equals)] = one.substr(equals + 1);
  }
  const auto compiled = text::compile(text::read_source(folder + "/best.mlz"), compile, diagnostics);
  if (!compiled) throw InputError(diagnostics.text());
  vm::BindOptions bind;
  bind.sizes = task.info().sizes;
  Policy policy{vm::bind(compiled->core, bind, diagnostics), {}};
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  const std::string file = folder + "/best.safetensors";
  policy.machine.dtype = vm::DType::f32;
  policy.machine.seed = options.seed;
  policy.machine.params =
      tools::take_model(tools::from_safetensors(tools::read_file(file, kMostBytes), file), file, policy.program).params;
  return policy;
}

/// What is pulled in lifetime `index`.
std::vector<Pull> live(const Policy& policy, const tasks::Task& task, const Options& options, std::uint32_t index) {
  std::vector<Pull> pulls;
  tasks::Problem problem = task.problem(options.seed, index);
  auto control = std::make_shared<tasks::Control>(*problem.control);
  control->world.make = [make = control->world.make, &pulls] { return std::make_unique<NotedBandit>(make(), pulls); };
  problem.control = control;
  vm::MachineOptions machine_options = policy.machine;
  machine_options.lifetimes = {index};
  eval::Settings settings;
  settings.protocol = eval::Protocol::control;
  settings.seed = options.seed;
  settings.lifetime = index;
  const auto machine = vm::make_machine("auto", policy.program, machine_options);
  eval::run_lifetime(*machine, task.info(), problem, settings);
  return pulls;
}

Findings measure(const std::string& folder, const Options& options) {
  const auto task = tasks::make_task(options.task, tasks::DataPaths{});
  const Policy policy = read_policy(folder, *task, options);
  Findings findings;
  for (std::uint32_t index = 0; index < static_cast<std::uint32_t>(options.lifetimes); ++index) {
    take(findings, live(policy, *task, options, index));
  }
  return findings;
}

int show(const Options& options) {
  if (!tasks::make_task(options.task, tasks::DataPaths{})->info().name.starts_with("swapping_bandit")) {
    throw InputError(fmt::format("--task {}: must be a swapping_bandit", options.task));
  }
  fmt::print("{:<24} {:>6}", "good arm pulled", "all");
  for (const std::size_t k : kAfter) fmt::print(" {:>5}", fmt::format("+{}", k));
  fmt::print(" {:>9} {:>9}\n", "first", "last");
  for (const std::string& folder : options.folders) {
    const Findings f = measure(folder, options);
    fmt::print("{:<24} {:>6.3f}", folder, f.all.value());
    for (const Mean& mean : f.after) fmt::print(" {:>5.2f}", mean.value());
    fmt::print(" {:>9.2f} {:>9.2f}\n", f.first.value(), f.last.value());
  }
  return tools::kSuccess;
}

int recovery(int argc, char** argv) {
  Options options;
  CLI::App app("Shows how fast policies find the good arm again after it has moved.", "mlzrecovery");
  app.footer(kNotes);
  app.add_option("folders", options.folders, "folders of runs of mlzevolve --tune")->required()->type_name("DIR...");
  app.add_option("--task", options.task, "a swapping_bandit with its options")->capture_default_str();
  app.add_option("--set", options.set, "a size or const of the programs; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--lifetimes", options.lifetimes, "how many")->check(CLI::Range(1, 1000000))->capture_default_str();
  app.add_option("--seed", options.seed, "of worlds and draws")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? tools::kSuccess : tools::kBadInput;
  }
  return show(options);
}

}  // namespace
}  // namespace mlz::bench

int main(int argc, char** argv) {
  return mlz::tools::guarded([&] { return mlz::bench::recovery(argc, argv); });
}
