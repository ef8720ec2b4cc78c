#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evolve/eval/lifetime.hpp"
#include "evolve/outer/cma.hpp"
#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/learner.hpp"
#include "tools/golden/world_cases.hpp"

/// Cases of stdlib/sfnn.mlz, driven by recorded observations and in a world, of its cell, and of
/// the outer loop that trained it.
namespace mlz::golden {
namespace {

using nlohmann::json;

Learner make(const json& recorded, const Options& options) {
  const json& config = recorded.at("config");
  const auto actions = config.at("actions").get<std::int64_t>();
  Learner learner("sfnn.mlz",
                  {{"nodes", setting(config.at("nodes"))},
                   {"M", setting(config.at("msg"))},
                   {"types", setting(config.at("node_types"))},
                   {"step_scale", setting(config.at("step_scale"))}},
                  {{"features", config.at("inputs")}, {"outputs", actions}, {"actions", actions}},
                  options);
  const json& params = recorded.at("params");
  for (const auto& [key, name] :
       {std::pair("node_w", "V"), {"w_ih", "P"}, {"w_hh", "Q"}, {"b", "p"}, {"b_n", "r"}}) {
    for (std::size_t t = 0; t < params.at(key).size(); ++t)
      learner.param(fmt::format("{}[{}]", name, t), numbers(params.at(key)[t]));
  }
  learner.param("lr", {number(params.at("lr"))});
  return learner;
}

/// What is drawn at the start of a lifetime, as it was.
struct Birth {
  std::vector<double> kinds, mask, synapses;

  explicit Birth(const json& recorded)
      : mask(numbers(recorded.at("inputs").at("mask"))),
        synapses(numbers(recorded.at("inputs").at("e0"))) {
    const auto types = recorded.at("config").at("node_types").get<std::size_t>();
    for (const json& type : recorded.at("inputs").at("types")) {
      const auto chosen = type.get<std::size_t>();
      if (chosen >= types) throw InputError("a node is of a type that there is not");
      for (std::size_t t = 0; t < types; ++t) kinds.push_back(t == chosen ? 1 : 0);
    }
  }
  void write(Learner& learner) const {
    learner.write("kind", kinds);
    learner.write("mask", mask);
    learner.write("e", synapses);
  }
};

void compare_end(const Learner& learner, const json& expected, Comparison& compare) {
  compare.recorded("final_y", expected.at("final_y"), learner.read("node"));
  compare.recorded("final_e", expected.at("final_e"), learner.read("e"));
}

tasks::Problem problem_of(const json& recorded) {
  const json& config = recorded.at("config");
  auto control = std::make_shared<tasks::Control>();
  control->world = world_of(config.at("env"));
  control->world.max_steps = config.at("episode_cap");
  control->world.lowest = config.at("score_min");
  control->world.highest = config.at("score_max");
  for (const json& state : recorded.at("inputs").at("start_states"))
    control->first_states.push_back(numbers(state));
  control->episodes = control->first_states.size();
  tasks::Problem problem;
  problem.control = std::move(control);
  return problem;
}

tasks::TaskInfo info_of(const json& recorded, const tasks::WorldInfo& world) {
  const auto actions = static_cast<std::int64_t>(world.actions);
  tasks::TaskInfo info;
  info.name = recorded.at("config").at("env");
  info.sizes = {{"features", static_cast<std::int64_t>(world.observations)},
                {"outputs", actions},
                {"actions", actions}};
  info.metric = tasks::Metric::episode_return;
  return info;
}

/// Compares episode by episode, actions exactly, and the scores.
std::optional<std::string> compare_episodes(const json& expected, const tasks::Control& control,
                                            const eval::Outcome& outcome,
                                            const eval::ControlRecord& record,
                                            Comparison& compare) {
  const json& episodes = expected.at("episodes");
  if (episodes.size() != outcome.returns.size())
    return fmt::format("episodes: expected {}, got {}", episodes.size(), outcome.returns.size());
  Comparison exact(0);
  double weighted = 0;
  for (std::size_t k = 0; k < episodes.size(); ++k) {
    const std::string at = fmt::format("episodes[{}].", k);
    exact.recorded(at + "action", episodes[k].at("action"), record.episodes[k].actions);
    compare.recorded(at + "final_state", episodes[k].at("final_state"),
                     record.episodes[k].final_state);
    compare.recorded(at + "episode_return", episodes[k].at("episode_return"),
                     std::span(&outcome.returns[k], 1));
    weighted += control.weight(k) * outcome.returns[k];
  }
  compare.recorded("weighted_normalised_score", expected.at("weighted_normalised_score"),
                   std::span(&outcome.score, 1));
  compare.recorded("weighted_return", expected.at("weighted_return"), std::span(&weighted, 1));
  return exact.difference();
}

}  // namespace

std::optional<std::string> check_network(const json& recorded, const Options& options) {
  Learner learner = make(recorded, options);
  learner.start();
  Birth(recorded).write(learner);
  const json& inputs = recorded.at("inputs");
  const json& expected = recorded.at("expected");
  Comparison compare(recorded.at("tolerance"));
  std::vector<double> action(recorded.at("config").at("actions").get<std::size_t>(), 0);
  for (std::size_t t = 0; t < inputs.at("obs").size(); ++t) {
    learner.predict(numbers(inputs.at("obs")[t]));
    const auto y = learner.y();
    const auto chosen = static_cast<std::size_t>(std::max_element(y.begin(), y.end()) - y.begin());
    compare.recorded(fmt::format("readout[{}]", t), expected.at("readout").at(t), y);
    compare.exactly(fmt::format("action[{}]", t), number(expected.at("action").at(t)),
                    static_cast<double>(chosen));
    action.assign(action.size(), 0);
    action[chosen] = 1;
    learner.write("action", action);
    const double reward = number(inputs.at("reward_after_step").at(t));
    learner.write("reward", std::span(&reward, 1));
    learner.learn();
  }
  compare_end(learner, expected, compare);
  return compare.difference();
}

std::optional<std::string> check_lifetime(const json& recorded, const Options& options) {
  Learner learner = make(recorded, options);
  learner.start();
  const Birth birth(recorded);
  const tasks::Problem problem = problem_of(recorded);
  const tasks::Control& control = *problem.control;
  eval::ControlRecord record;
  eval::Settings settings;
  settings.protocol = eval::Protocol::control;
  settings.control_record = &record;
  settings.after_setup = [&](vm::Machine&, int) { birth.write(learner); };
  const auto outcome =
      eval::run_lifetime(learner.machine(), info_of(recorded, control.world), problem, settings);
  const json& expected = recorded.at("expected");
  Comparison compare(recorded.at("tolerance"));
  if (const auto difference = compare_episodes(expected, control, outcome, record, compare))
    return difference;
  compare_end(learner, expected, compare);
  return compare.difference();
}

/// The unit that changes synapses, alone.
std::optional<std::string> check_gru_cell(const json& recorded, const Options& options) {
  const json& config = recorded.at("config");
  const auto inputs = config.at("inputs").get<std::int64_t>();
  const auto hidden = config.at("hidden").get<std::int64_t>();
  Learner learner = Learner::of_text(
      fmt::format(
          "import nn\nsize n = {}\nparam W : matrix[3 * n, features]\nparam U : matrix[3 * n, n]\n"
          "param b : vector[3 * n]\nparam r : vector[n]\nstate h : matrix[1, n]\n"
          "def Predict(x):\n  h = nn.gru_rows(reshape(x, (1, features)) @ W.T + b, h @ U.T, h, r, "
          "n)\n",
          hidden),
      {{"features", inputs}, {"outputs", hidden}}, options);
  for (const auto& [key, name] : {std::pair("w_ih", "W"), {"w_hh", "U"}, {"b", "b"}, {"b_n", "r"}})
    learner.param(name, numbers(recorded.at("params").at(key)));
  learner.start();
  learner.write("h", numbers(recorded.at("inputs").at("h0")));
  Comparison compare(recorded.at("tolerance"));
  const json& x = recorded.at("inputs").at("x");
  for (std::size_t t = 0; t < x.size(); ++t) {
    learner.predict(numbers(x[t]));
    compare.recorded(fmt::format("h[{}]", t), recorded.at("expected").at("h").at(t),
                     learner.read("h"));
  }
  return compare.difference();
}

namespace {

void compare_state(const std::string& at, const json& expected, const outer::CmaState& state,
                   Comparison& compare) {
  compare.recorded(at + "mean", expected.at("mean"), state.mean);
  compare.recorded(at + "sigma", expected.at("sigma"), std::span(&state.sigma, 1));
  compare.recorded(at + "C", expected.at("C"), state.C);
  compare.recorded(at + "p_sigma", expected.at("p_sigma"), state.p_sigma);
  compare.recorded(at + "p_c", expected.at("p_c"), state.p_c);
  compare.exactly(at + "gen", number(expected.at("gen")), static_cast<double>(state.generation));
}

void compare_constants(const json& expected, const outer::CmaConstants& c, Comparison& compare) {
  compare.recorded("constants.w", expected.at("w"), c.w);
  compare.exactly("constants.mu", number(expected.at("mu")), static_cast<double>(c.mu));
  for (const auto& [name, value] : {std::pair("mu_eff", c.mu_eff),
                                    {"c1", c.c1},
                                    {"cmu", c.cmu},
                                    {"cs", c.cs},
                                    {"ds", c.ds},
                                    {"cc", c.cc},
                                    {"chi", c.chi}})
    compare.recorded(fmt::format("constants.{}", name), expected.at(name), std::span(&value, 1));
}

}  // namespace

std::optional<std::string> check_cma_es_tell(const json& recorded, const Options&) {
  const json& initial = recorded.at("inputs").at("initial");
  outer::CmaState first{numbers(initial.at("mean")), number(initial.at("sigma")),
                        numbers(initial.at("C")),    numbers(initial.at("p_sigma")),
                        numbers(initial.at("p_c")),  initial.at("gen")};
  outer::CmaOptions cma;
  cma.candidates = recorded.at("config").at("popsize");
  outer::Cma loop(std::move(first), cma);
  const json& expected = recorded.at("expected");
  Comparison compare(recorded.at("tolerance"));
  compare_constants(expected.at("constants"), loop.constants(), compare);
  const json& generations = recorded.at("inputs").at("generations");
  for (std::size_t g = 0; g < generations.size(); ++g) {
    std::vector<outer::Vector> x;
    for (const json& one : generations[g].at("x")) x.push_back(numbers(one));
    loop.tell(x, numbers(generations[g].at("fitness")));
    compare_state(fmt::format("generations[{}].", g), expected.at("generations").at(g),
                  loop.state(), compare);
  }
  return compare.difference();
}

}  // namespace mlz::golden
