#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/srwm_network.hpp"

/// Cases of stdlib/srwm.mlz: the bare matrix, several heads side by side, and the whole network.
namespace mlz::golden {
namespace {

using nlohmann::json;

/// Steps through the inputs and compares what is answered with the recorded `outputs`.
template <class Look>
void run_steps(Learner& learner, const json& recorded, const char* outputs, Comparison& compare,
               Look&& look) {
  const json& x = recorded.at("inputs").at("x");
  for (std::size_t t = 0; t < x.size(); ++t) {
    learner.predict(numbers(x[t]));
    compare.recorded(fmt::format("{}[{}]", outputs, t), recorded.at("expected").at(outputs).at(t),
                     learner.y());
    look(t);
    learner.learn();
  }
}

}  // namespace

/// Kinds `core` and `multihead`.
std::optional<std::string> check_srwm(const json& recorded, const Options& options) {
  Learner learner = make_bare(recorded, options);
  learner.start();
  const json& expected = recorded.at("expected");
  const bool core = recorded.at("kind") == "core";
  Comparison compare(recorded.at("tolerance"));
  run_steps(learner, recorded, "y", compare, [&](std::size_t t) {
    for (const char* name : {"q", "k", "beta"}) {
      if (!core) return;
      compare.recorded(fmt::format("{}[{}]", name, t), expected.at(name).at(t),
                       learner.read(head_name(0, 0, name)));
    }
  });
  const json finals = heads_of(core ? expected.at("final") : expected, core, "final_heads");
  if (!core && finals.size() != recorded.at("params").at("heads").size())
    throw InputError("the case records another number of heads");
  for (std::size_t j = 0; j < finals.size(); ++j)
    compare_head(fmt::format("final[{}]", j), finals[j], learner.read(head_name(0, j)), compare);
  return compare.difference();
}

/// Kind `stack`: layers with feed-forward blocks, in the few-shot or the control wrapping.
std::optional<std::string> check_srwm_stack(const json& recorded, const Options& options) {
  Learner learner = make_stack(recorded, options);
  learner.start();
  Comparison compare(recorded.at("tolerance"));
  run_steps(learner, recorded, "out", compare, [](std::size_t) {});
  const json& finals = recorded.at("expected").at("final_heads");
  for (std::size_t l = 0; l < finals.size(); ++l) {
    for (std::size_t j = 0; j < finals[l].size(); ++j) {
      const std::string field = fmt::format("final_heads[{}][{}]", l, j);
      compare_head(field, finals[l][j], learner.read(head_name(l, j)), compare);
    }
  }
  return compare.difference();
}

}  // namespace mlz::golden
