#include "tools/golden/srwm_network.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"

namespace mlz::golden {
namespace {

using nlohmann::json;

constexpr const char* kBlocks[] = {"W_y", "W_q", "W_k", "W_b"};

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

bool is_core(const json& recorded) { return recorded.at("kind") != "multihead"; }

Shape bare_shape(const json& recorded) {
  const json& config = recorded.at("config");
  Shape shape;
  if (is_core(recorded)) {
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

bool is_fewshot(const json& recorded) {
  const std::string variant = recorded.at("config").at("variant");
  if (variant != "fewshot" && variant != "rl")
    throw InputError(fmt::format("unknown variant \"{}\"; there are fewshot and rl", variant));
  return variant == "fewshot";
}

using Names = std::initializer_list<std::pair<const char*, const char*>>;

void each_named(const json& from, const std::string& suffix, const Names& names, const TakeWeight& take) {
  for (const auto& [key, name] : names) take(name + suffix, numbers(from.at(key)));
}

}  // namespace

std::string head_name(std::size_t layer, std::size_t head, const char* name) {
  return fmt::format("{}[{}][{}]", name, layer, head);
}

std::vector<double> matrix_of(const json& blocks) {
  std::vector<double> result;
  for (const char* block : kBlocks) {
    const auto rows = numbers(blocks.at(block));
    result.insert(result.end(), rows.begin(), rows.end());
  }
  return result;
}

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

json heads_of(const json& blocks, bool core, const char* key) { return core ? json::array({blocks}) : blocks.at(key); }

Learner make_bare(const json& recorded, const Options& options) {
  const Shape shape = bare_shape(recorded);
  Learner::Settings settings = settings_of(shape);
  settings["bare"] = "1";
  settings["input_softmax"] = setting(recorded.at("config").at("input_softmax"));
  const Learner::Sizes sizes{{"features", shape.heads * shape.d_in}, {"outputs", shape.heads * shape.d_out}};
  Learner learner("srwm.mlz", settings, sizes, options);
  const json heads = heads_of(recorded.at("params"), is_core(recorded), "heads");
  for (std::size_t j = 0; j < heads.size(); ++j) learner.param(head_name(0, j, "W0"), matrix_of(heads[j]));
  return learner;
}

Learner make_stack(const json& recorded, const Options& options) {
  const bool fewshot = is_fewshot(recorded);
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
  if (config.contains("input_softmax")) settings["input_softmax"] = setting(config.at("input_softmax"));
  Learner learner("srwm.mlz", settings, {{"features", config.at("n_in")}, {"outputs", config.at("n_out")}}, options);
  each_weight(recorded, recorded.at("params"),
              [&](const std::string& param, const std::vector<double>& values) { learner.param(param, values); });
  return learner;
}

void each_weight(const json& recorded, const json& tree, const TakeWeight& take) {
  each_named(tree, "", {{"W_in", "Wi"}, {"b_in", "bi"}, {"W_out", "Wy"}, {"b_out", "by"}}, take);
  const json& layers = tree.at("layers");
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const json& layer = layers[l];
    const std::string suffix = fmt::format("[{}]", l);
    for (std::size_t j = 0; j < layer.at("heads").size(); ++j)
      take(head_name(l, j, "W0"), matrix_of(layer.at("heads").at(j)));
    each_named(layer.at("srwm"), suffix, {{"W_o", "Wo"}}, take);
    if (is_fewshot(recorded)) each_named(layer.at("srwm"), suffix, {{"ln_scale", "so"}, {"ln_offset", "bo"}}, take);
    each_named(layer.at("ff"), suffix,
               {{"ln_scale", "sf"}, {"ln_offset", "bf"}, {"W1", "W1"}, {"b1", "b1"}, {"W2", "W2"}, {"b2", "b2"}}, take);
  }
}

}  // namespace mlz::golden
