#include "evolve/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMagic = "mlz-search-checkpoint";
constexpr int kVersion = 5;

std::uint64_t checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

/// Names of what has to be a whole number, or numbers all of which are: conversions of others are not defined.
bool is_count(std::string_view name) {
  static constexpr std::string_view kCounts[] = {"evaluations", "generations", "train_steps", "fates",
                                                 "experiment",  "candidate",   "size",        "likeness",
                                                 "candidates",  "generation",  "held_out_at"};
  return std::ranges::find(kCounts, name) != std::end(kCounts);
}

/// False where a count below `j` is no whole number.
bool has_whole_counts(const Json& j, bool count = false) {
  if (j.is_object()) {
    return std::ranges::all_of(j.items(), [&](const auto& item) {
      return has_whole_counts(item.value(), count || is_count(item.key()));
    });
  }
  if (j.is_array()) return std::ranges::all_of(j, [&](const Json& one) { return has_whole_counts(one, count); });
  return !count || j.is_number_integer();
}

/// Pairs of a fingerprint and a score.
bool has_whole_fingerprints(const Json& known) {
  return std::ranges::all_of(known, [](const Json& island) {
    return std::ranges::all_of(island, [](const Json& pair) { return pair.at(0).is_number_integer(); });
  });
}

Json json_of(const Totals& t) {
  return {{"evaluations", t.evaluations}, {"generations", t.generations}, {"train_steps", t.train_steps}, {"fates", t.fates}};
}

Totals totals_of(const Json& j) {
  Totals t;
  j.at("evaluations").get_to(t.evaluations);
  j.at("generations").get_to(t.generations);
  j.at("train_steps").get_to(t.train_steps);
  j.at("fates").get_to(t.fates);
  return t;
}

Json json_of(const Champion& c) {
  return {{"search", c.search}, {"select", c.select}, {"experiment", c.experiment},
          {"candidate", c.id},  {"size", c.size},     {"program", c.text}};
}

Champion champion_of(const Json& j) {
  return {j.at("search").get<double>(),         j.at("select").get<double>(),       j.at("experiment").get<std::uint32_t>(),
          j.at("candidate").get<std::uint64_t>(), j.at("size").get<std::uint32_t>(), j.at("program").get<std::string>()};
}

Json json_of(const SearchState::Member& m) {
  return {{"candidate", m.individual.id}, {"fitness", m.individual.fitness}, {"size", m.individual.size},
          {"hurdle", m.individual.hurdle}, {"likeness", m.individual.likeness}, {"program", m.text}};
}

SearchState::Member member_of(const Json& j) {
  return {{j.at("candidate").get<std::uint64_t>(), j.at("fitness").get<double>(), j.at("size").get<std::uint32_t>(),
           j.at("hurdle").get<double>(), j.at("likeness").get<std::uint64_t>()},
          j.at("program").get<std::string>()};
}

Json json_of(const ParamState& p) {
  return {{"program", p.program}, {"generation", p.loop.generation}, {"parts", p.loop.parts},
          {"held_out", p.held_out ? Json(p.held_out->score) : Json()},
          {"held_out_loss", p.held_out && p.held_out->loss ? Json(*p.held_out->loss) : Json()},
          {"held_out_at", p.held_out_at}};
}

ParamState params_of(const Json& j) {
  ParamState p;
  j.at("program").get_to(p.program);
  j.at("generation").get_to(p.loop.generation);
  j.at("parts").get_to(p.loop.parts);
  j.at("held_out_at").get_to(p.held_out_at);
  if (!j.at("held_out").is_null()) p.held_out = Worth{j.at("held_out").get<double>(), {}};
  const auto loss = j.find("held_out_loss");
  if (p.held_out && loss != j.end() && !loss->is_null()) p.held_out->loss = loss->get<double>();
  return p;
}

Json json_of(const SearchState& s) {
  Json islands = Json::array(), front = Json::array();
  for (const auto& island : s.islands) {
    Json members = Json::array();
    for (const auto& member : island) members.push_back(json_of(member));
    islands.push_back(std::move(members));
  }
  for (const Champion& c : s.front) front.push_back(json_of(c));
  Json out{{"experiment", s.experiment}, {"running", s.running},      {"total", json_of(s.total)},
          {"before", json_of(s.before)}, {"peak", json_of(s.peak)},   {"best", json_of(s.best)},
          {"front", std::move(front)},   {"candidates", s.candidates}, {"bars", s.bars}, {"known", s.known},
          {"islands", std::move(islands)}};
  if (s.params) out["params"] = json_of(*s.params);
  return out;
}

SearchState state_of(const Json& j) {
  SearchState s;
  j.at("experiment").get_to(s.experiment);
  j.at("running").get_to(s.running);
  s.total = totals_of(j.at("total"));
  s.before = totals_of(j.at("before"));
  s.peak = champion_of(j.at("peak"));
  s.best = champion_of(j.at("best"));
  for (const Json& c : j.at("front")) s.front.push_back(champion_of(c));
  j.at("candidates").get_to(s.candidates);
  j.at("bars").get_to(s.bars);
  j.at("known").get_to(s.known);
  if (j.contains("params")) s.params = params_of(j.at("params"));
  for (const Json& island : j.at("islands")) {
    auto& members = s.islands.emplace_back();
    for (const Json& member : island) members.push_back(member_of(member));
  }
  return s;
}

/// Whether what is said to be alive can be.
bool consistent(const SearchState& s, const Config& c) {
  if (!s.running) return true;
  const auto islands = static_cast<std::size_t>(c.islands);
  if (s.candidates.size() != islands || s.islands.size() != islands || s.bars.size() != islands ||
      s.known.size() != islands) {
    return false;
  }
  for (std::size_t i = 0; i < islands; ++i) {
    if (s.islands[i].size() != std::min(s.candidates[i], static_cast<std::uint64_t>(c.population))) return false;
  }
  return true;
}

}  // namespace

std::string with_first_line(std::string_view body) {
  return fmt::format("{} {} {:016x} {}\n{}", kMagic, kVersion, checksum(body), body.size(), body);
}

std::string to_text(const Checkpoint& checkpoint) {
  Json json;
  json["config"] = Json::parse(to_json(checkpoint.config));
  json["log_sizes"] = checkpoint.log_sizes;
  json["state"] = json_of(checkpoint.state);
  return with_first_line(json.dump() + "\n");
}

Checkpoint read_checkpoint(const std::string& text, const std::string& name) {
  const auto refuse = [&](const std::string& why) { throw InputError(fmt::format("{}: {}", name, why)); };
  const std::size_t end = text.find('\n');
  std::istringstream head(text.substr(0, end));
  std::string magic, sum;
  int version = 0;
  std::size_t size = 0;
  if (!(head >> magic) || magic != kMagic) refuse("is not a checkpoint of mlzevolve");
  if (!(head >> version) || version != kVersion) {
    refuse(fmt::format("is a checkpoint of version {}; this mlzevolve reads version {}", version, kVersion));
  }
  if (!(head >> sum >> size) || end == std::string::npos) refuse("is damaged: its first line is incomplete");
  const std::string_view body = std::string_view(text).substr(end + 1);
  if (body.size() != size) {
    refuse(fmt::format("is damaged: it should have {} bytes after its first line and has {}", size, body.size()));
  }
  if (fmt::format("{:016x}", checksum(body)) != sum) refuse("is damaged: the checksum is wrong");
  Checkpoint out;
  try {
    const Json json = Json::parse(body);
    apply_config(out.config, json.at("config").dump(), name);
    const Json& state = json.at("state");
    if (!has_whole_counts(state) || !has_whole_counts(json.at("log_sizes"), true) || !has_whole_fingerprints(state.at("known")))
      refuse("is damaged: a count is not a whole number");
    json.at("log_sizes").get_to(out.log_sizes);
    out.state = state_of(state);
  } catch (const nlohmann::json::exception& error) {
    refuse(fmt::format("is damaged: {}", error.what()));
  }
  if (!consistent(out.state, out.config)) refuse("is damaged: its populations do not fit its configuration");
  return out;
}

}  // namespace mlz::evolve
