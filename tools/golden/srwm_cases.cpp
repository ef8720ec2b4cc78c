#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/learner.hpp"

/// Cases of stdlib/srwm.mlz: the bare matrix, several heads side by side, and the whole network.
namespace mlz::golden {
namespace {

using nlohmann::json;

constexpr const char* kBlocks[] = {"W_y", "W_q", "W_k", "W_b"};

std::string head_name(std::size_t layer, std::size_t head, const char* name = "W") {
  return fmt::format("{}[{}][{}]", name, layer, head);
}

/// The blocks of one head, one below the other.
std::vector<double> matrix_of(const json& blocks) {
  std::vector<double> result;
  for (const char* block : kBlocks) {
    const auto rows = numbers(blocks.at(block));
    result.insert(result.end(), rows.begin(), rows.end());
  }
  return result;
}

struct Shape {
  std::int64_t layers = 1, heads = 1, d_in = 0, d_out = 0, rates = 4;
};

Learner::Settings settings_of(const Shape& shape) {
  return {{"layers", std::to_string(shape.layers)},
          {"heads", std::to_string(shape.heads)},
          {"d_in", std::to_string(shape.d_in)},
          {"d_out", std::to_string(shape.d_out)},
          {"rates", std::to_string(shape.rates)}};
}

/// Compares the blocks of a head with its matrix, block by block.
void compare_head(const std::string& field, const json& blocks, const std::vector<double>& matrix,
                  Comparison& compare) {
  std::size_t first = 0;
  for (const char* block : kBlocks) {
    const auto expected = numbers(blocks.at(block));
    const std::size_t count = std::min(expected.size(), matrix.size() - first);
    compare.numbers(field + "." + block, expected, std::span(matrix).subspan(first, count));
    first += count;
  }
}

Shape bare_shape(const json& recorded) {
  const json& config = recorded.at("config");
  Shape shape;
  if (recorded.at("kind") == "core") {
    shape.d_in = config.at("d_in");
    shape.d_out = config.at("d_out");
    shape.rates = config.at("n_lr");
  } else {
    shape.heads = config.at("heads");
    shape.d_in = shape.d_out = config.at("d_head");
    shape.rates = config.value("n_lr", recorded.at("params").at("heads").at(0).at("W_b").size());
  }
  return shape;
}

/// Gives a linear map and a layer norm of a network their names in the program.
void give(Learner& learner, const json& from, const std::string& suffix,
          std::initializer_list<std::pair<const char*, const char*>> names) {
  for (const auto& [key, name] : names) learner.param(name + suffix, numbers(from.at(key)));
}

void give_layer(Learner& learner, const json& layer, std::size_t l, bool residual_norm) {
  const std::string suffix = fmt::format("[{}]", l);
  for (std::size_t j = 0; j < layer.at("heads").size(); ++j)
    learner.param(head_name(l, j, "W0"), matrix_of(layer.at("heads").at(j)));
  give(learner, layer.at("srwm"), suffix, {{"W_o", "Wo"}});
  if (residual_norm)
    give(learner, layer.at("srwm"), suffix, {{"ln_scale", "so"}, {"ln_offset", "bo"}});
  give(learner, layer.at("ff"), suffix,
       {{"ln_scale", "sf"},
        {"ln_offset", "bf"},
        {"W1", "W1"},
        {"b1", "b1"},
        {"W2", "W2"},
        {"b2", "b2"}});
}

/// The blocks of one head, or of several.
json heads_of(const json& blocks, bool core, const char* key) {
  return core ? json::array({blocks}) : blocks.at(key);
}

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

Learner make_stack(const json& recorded, bool fewshot, const Options& options) {
  const json& config = recorded.at("config");
  const json& layers = recorded.at("params").at("layers");
  Shape shape;
  shape.layers = config.at("layers");
  shape.heads = config.at("heads");
  shape.d_in = shape.d_out = config.at("d_head");
  shape.rates = config.value("n_lr", layers.at(0).at("heads").at(0).at("W_b").size());
  Learner::Settings settings = settings_of(shape);
  settings["ff"] = setting(config.at("ff"));
  settings["norm_residual"] = fewshot ? "1" : "0";
  settings["input_softmax"] = fewshot ? "0" : "1";
  if (config.contains("input_softmax"))
    settings["input_softmax"] = setting(config.at("input_softmax"));
  Learner learner("srwm.mlz", settings,
                  {{"features", config.at("n_in")}, {"outputs", config.at("n_out")}}, options);
  give(learner, recorded.at("params"), "",
       {{"W_in", "Wi"}, {"b_in", "bi"}, {"W_out", "Wy"}, {"b_out", "by"}});
  for (std::size_t l = 0; l < layers.size(); ++l) give_layer(learner, layers[l], l, fewshot);
  return learner;
}

}  // namespace

/// Kinds `core` and `multihead`.
std::optional<std::string> check_srwm(const json& recorded, const Options& options) {
  const Shape shape = bare_shape(recorded);
  const json& expected = recorded.at("expected");
  const bool core = recorded.at("kind") == "core";
  Learner::Settings settings = settings_of(shape);
  settings["bare"] = "1";
  settings["input_softmax"] = setting(recorded.at("config").at("input_softmax"));
  const Learner::Sizes sizes{{"features", shape.heads * shape.d_in},
                             {"outputs", shape.heads * shape.d_out}};
  Learner learner("srwm.mlz", settings, sizes, options);
  const json heads = heads_of(recorded.at("params"), core, "heads");
  for (std::size_t j = 0; j < heads.size(); ++j)
    learner.param(head_name(0, j, "W0"), matrix_of(heads[j]));
  learner.start();
  Comparison compare(recorded.at("tolerance"));
  run_steps(learner, recorded, "y", compare, [&](std::size_t t) {
    for (const char* name : {"q", "k", "beta"}) {
      if (!core) return;
      compare.recorded(fmt::format("{}[{}]", name, t), expected.at(name).at(t),
                       learner.read(head_name(0, 0, name)));
    }
  });
  const json finals = heads_of(core ? expected.at("final") : expected, core, "final_heads");
  if (finals.size() != heads.size()) throw InputError("the case records another number of heads");
  for (std::size_t j = 0; j < finals.size(); ++j)
    compare_head(fmt::format("final[{}]", j), finals[j], learner.read(head_name(0, j)), compare);
  return compare.difference();
}

/// Kind `stack`: layers with feed-forward blocks, in the few-shot or the control wrapping.
std::optional<std::string> check_srwm_stack(const json& recorded, const Options& options) {
  const std::string variant = recorded.at("config").at("variant");
  if (variant != "fewshot" && variant != "rl")
    throw InputError(fmt::format("unknown variant \"{}\"; there are fewshot and rl", variant));
  Learner learner = make_stack(recorded, variant == "fewshot", options);
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
