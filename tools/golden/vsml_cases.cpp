#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "evolve/outer/es.hpp"
#include "lang/core/diagnostics.hpp"
#include "tools/golden/json_values.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/learner.hpp"

/// Cases of stdlib/vsml.mlz, of its cell, and of the outer loop that trained it.
namespace mlz::golden {
namespace {

using nlohmann::json;

/// "[features,4,outputs]" for the sizes 6, 4, 3.
std::string layer_list(const std::vector<std::int64_t>& sizes) {
  std::string list = "[features";
  for (std::size_t l = 1; l + 1 < sizes.size(); ++l) list += fmt::format(",{}", sizes[l]);
  return list + ",outputs]";
}

Learner make(const json& config, const std::vector<std::int64_t>& sizes, const Options& options) {
  return {"vsml.mlz",
          {{"n", layer_list(sizes)},
           {"batch", setting(config.at("batch"))},
           {"S", setting(config.at("state_size"))},
           {"M", setting(config.at("msg_size"))},
           {"ticks", setting(config.at("micro_ticks"))},
           {"channel", setting(config.at("output_idx"))},
           {"bound", setting(config.at("tanh_bound"))},
           {"feed_label", setting(config.at("feed_label"))},
           {"message_norm", setting(config.at("message_norm"))},
           {"backward_pass", setting(config.at("backward_pass"))}},
          {{"features", sizes.front()}, {"outputs", sizes.back()}},
          options};
}

void give_params(Learner& learner, const json& params, bool norm) {
  for (const auto& [key, name] : {std::pair("lstm_w", "W"),
                                  {"lstm_b", "b"},
                                  {"fwd_w", "Wf"},
                                  {"fwd_b", "bf"},
                                  {"bwd_w", "Wb"},
                                  {"bwd_b", "bb"}})
    learner.param(name, numbers(params.at(key)));
  if (!norm) return;
  for (const auto& [key, name] : {std::pair("fwd_ln_scale", "sf"),
                                  {"fwd_ln_offset", "of"},
                                  {"bwd_ln_scale", "sb"},
                                  {"bwd_ln_offset", "ob"}})
    learner.param(name, numbers(params.at(key)));
}

/// The recorded first cells of a layer, for each example of a batch.
std::vector<double> repeated(const std::vector<double>& cells, std::size_t batch) {
  std::vector<double> result;
  for (std::size_t b = 0; b < batch; ++b) result.insert(result.end(), cells.begin(), cells.end());
  return result;
}

/// One-hot rows.
std::vector<double> onehot(const json& labels, std::size_t classes) {
  std::vector<double> result(labels.size() * classes, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = labels[i].get<std::size_t>();
    if (label >= classes) throw InputError("a label is outside the classes");
    result[i * classes + label] = 1;
  }
  return result;
}

/// Mean over rows of the cross entropy between logits and one-hot labels.
double cross_entropy(const std::vector<double>& logits, const std::vector<double>& labels,
                     std::size_t rows) {
  const std::size_t classes = logits.size() / rows;
  double loss = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = std::span(logits).subspan(r * classes, classes);
    const double most = *std::max_element(row.begin(), row.end());
    double sum = 0, chosen = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      sum += std::exp(row[i] - most);
      chosen += labels[r * classes + i] * (row[i] - most);
    }
    loss += std::log(sum) - chosen;
  }
  return loss / static_cast<double>(rows);
}

/// Shows every example and compares what comes out.
void run_steps(Learner& learner, const json& recorded, std::size_t classes, Comparison& compare) {
  const json& inputs = recorded.at("inputs");
  const json& expected = recorded.at("expected");
  const auto batch = recorded.at("config").at("batch").get<std::size_t>();
  const std::size_t steps = inputs.at("x").size();
  double total = 0;
  for (std::size_t t = 0; t < steps; ++t) {
    learner.predict(numbers(inputs.at("x")[t]));
    const auto y = learner.y();
    const auto label = onehot(inputs.at("label").at(t), classes);
    learner.learn(label);
    const double loss = cross_entropy(y, label, batch);
    total += loss;
    compare.recorded(fmt::format("logits[{}]", t), expected.at("logits").at(t), y);
    compare.recorded(fmt::format("error[{}]", t), expected.at("error").at(t),
                     learner.read("error"));
    compare.recorded(fmt::format("loss[{}]", t), expected.at("loss").at(t), std::span(&loss, 1));
  }
  total /= static_cast<double>(steps);
  compare.recorded("mean_loss", expected.at("mean_loss"), std::span(&total, 1));
}

}  // namespace

std::optional<std::string> check_vsml(const json& recorded, const Options& options) {
  const json& config = recorded.at("config");
  const json& expected = recorded.at("expected");
  const auto sizes = config.at("layer_sizes").get<std::vector<std::int64_t>>();
  if (sizes.size() < 2) throw InputError("layer_sizes needs two sizes or more");
  Learner learner = make(config, sizes, options);
  give_params(learner, recorded.at("params"), config.at("message_norm"));
  learner.start();
  const auto batch = config.at("batch").get<std::size_t>();
  const json& cells = recorded.at("inputs").at("initial_cell");
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l)
    learner.write(fmt::format("c[{}]", l), repeated(numbers(cells.at(l)), batch));
  Comparison compare(recorded.at("tolerance"));
  run_steps(learner, recorded, static_cast<std::size_t>(sizes.back()), compare);
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    const std::string member = fmt::format("[{}]", l);
    compare.recorded("final_hidden" + member, expected.at("final_hidden").at(l),
                     learner.read("h" + member));
    compare.recorded("final_cell" + member, expected.at("final_cell").at(l),
                     learner.read("c" + member));
  }
  return compare.difference();
}

/// The cell that all edges share, alone.
std::optional<std::string> check_lstm_cell(const json& recorded, const Options& options) {
  const json& config = recorded.at("config");
  const json& expected = recorded.at("expected");
  const auto inputs = config.at("inputs").get<std::int64_t>();
  const auto n = config.at("state_size").get<std::int64_t>();
  Learner learner = Learner::of_text(
      fmt::format(
          "import nn\nsize n = {}\nparam W : matrix[4 * n, features + n]\nparam b : vector[4 * n]\n"
          "state h : matrix[1, n]\nstate c : matrix[1, n]\n"
          "def Predict(x):\n  h, c = nn.lstm_rows(reshape(x, (1, features)) @ W[:, 0:features].T + nn.lstm_bias(b, n, 5), "
          "h @ W[:, features:].T, c, n)\n",
          n),
      {{"features", inputs}, {"outputs", n}}, options);
  learner.param("W", numbers(recorded.at("params").at("w")));
  learner.param("b", numbers(recorded.at("params").at("b")));
  learner.start();
  learner.write("h", numbers(recorded.at("inputs").at("h0")));
  learner.write("c", numbers(recorded.at("inputs").at("c0")));
  Comparison compare(recorded.at("tolerance"));
  const json& x = recorded.at("inputs").at("x");
  for (std::size_t t = 0; t < x.size(); ++t) {
    learner.predict(numbers(x[t]));
    compare.recorded(fmt::format("h[{}]", t), expected.at("h").at(t), learner.read("h"));
    compare.recorded(fmt::format("c[{}]", t), expected.at("c").at(t), learner.read("c"));
  }
  return compare.difference();
}

std::optional<std::string> check_es_adam(const json& recorded, const Options&) {
  const json& config = recorded.at("config");
  const json& generations = recorded.at("inputs").at("generations");
  outer::EsOptions es;
  es.pairs = config.at("pairs");
  es.sigma = config.at("sigma");
  es.adam = {config.at("lr"), config.at("b1"), config.at("b2"), config.at("eps")};
  outer::EvolutionStrategy loop(numbers(recorded.at("inputs").at("theta0")), es);
  Comparison compare(recorded.at("tolerance"));
  for (std::size_t g = 0; g < generations.size(); ++g) {
    const json& expected = recorded.at("expected").at("generations").at(g);
    std::vector<std::vector<double>> noise;
    for (const json& one : generations[g].at("noise")) noise.push_back(numbers(one));
    loop.tell(noise, numbers(generations[g].at("loss_pos")),
              numbers(generations[g].at("loss_neg")));
    compare.recorded(fmt::format("gradient[{}]", g), expected.at("gradient"), loop.gradient());
    compare.recorded(fmt::format("theta_after[{}]", g), expected.at("theta_after"), loop.mean());
  }
  return compare.difference();
}

}  // namespace mlz::golden
