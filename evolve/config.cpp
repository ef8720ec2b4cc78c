#include "evolve/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lang/core/diagnostics.hpp"
#include "lang/core/static_expr.hpp"

namespace mlz::evolve {
namespace {

using Json = nlohmann::ordered_json;

std::string trimmed(std::string text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.back())) text.pop_back();
  std::size_t first = 0;
  while (first < text.size() && space(text[first])) ++first;
  return text.substr(first);
}

std::string with_dashes(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

const ConfigField& find_field(const std::string& given, const std::string& where) {
  const std::string name = with_dashes(given);
  std::vector<std::string> names;
  for (const ConfigField& field : config_fields()) {
    if (field.name == name) return field;
    names.push_back(field.name);
  }
  const std::string near = closest(name, names);
  throw InputError(fmt::format("{}: there is no setting \"{}\"{}; mlzevolve --help lists them", where, given,
                               near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
}

[[noreturn]] void bad_value(const ConfigField& field, const std::string& value, const std::string& where,
                            const std::string& wanted) {
  throw InputError(fmt::format("{}: {} = {}: must be {}", where, field.name, value.empty() ? "\"\"" : value, wanted));
}

std::string range_text(const ConfigField& field, const char* what) {
  return fmt::format("{} from {} to {}", what, print_number(field.lo), print_number(field.hi));
}

double number_of(const ConfigField& field, const std::string& value, const std::string& where, const char* what) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number) || number < field.lo ||
      number > field.hi) {
    bad_value(field, value, where, range_text(field, what));
  }
  return number;
}

/// Run folders keep every text as JSON.
void require_utf8(const ConfigField& field, const std::string& value, const std::string& where) {
  try {
    static_cast<void>(Json(value).dump());
  } catch (const Json::type_error&) {
    throw InputError(fmt::format("{}: {}: must be text in UTF-8", where, field.name));
  }
}

struct Setter {
  Config& config;
  const ConfigField& field;
  const std::string& value;
  const std::string& where;

  void operator()(std::string Config::*member) const {
    const auto& choices = field.choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
      bad_value(field, value, where, fmt::format("one of {}", fmt::join(choices, ", ")));
    }
    require_utf8(field, value, where);
    config.*member = value;
  }
  void operator()(std::int64_t Config::*member) const {
    const double number = number_of(field, value, where, "a whole number");
    if (number != std::floor(number)) bad_value(field, value, where, range_text(field, "a whole number"));
    config.*member = static_cast<std::int64_t>(number);
  }
  void operator()(double Config::*member) const { config.*member = number_of(field, value, where, "a number"); }
  void operator()(bool Config::*member) const {
    const bool yes = value == "true" || value == "1" || value == "yes";
    if (!yes && value != "false" && value != "0" && value != "no") bad_value(field, value, where, "true or false");
    config.*member = yes;
  }
};

Json field_json(const Config& config, const ConfigField& field) {
  return std::visit([&](auto member) { return Json(config.*member); }, field.member);
}

/// A file that gives a setting twice is refused, as only one of them can be meant.
[[noreturn]] void given_twice(const std::string& where, const std::string& name, int first, int second) {
  throw InputError(
      fmt::format("{}: {} is given twice, in line {} and in line {}; keep one of them", where, name, first, second));
}

/// The line of the n-th key of that name, from 0, in the text of a JSON object whose values are no structures.
int line_of_key(const std::string& text, const std::string& name, int n) {
  const std::string key = Json(name).dump();
  const auto is_newline = [](char c) { return c == '\n'; };
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + key.size())) {
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + key.size());
    const bool is_key = next != std::string::npos && text[next] == ':';
    if (is_key && n-- == 0) return 1 + static_cast<int>(std::count_if(text.data(), text.data() + at, is_newline));
  }
  return 0;
}

Json parse_once(const std::string& text, const std::string& where) {
  std::map<std::string, std::string> seen;  // as it was written
  const auto look = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth != 1 || event != Json::parse_event_t::key) return true;
    const auto name = value.get<std::string>();
    const auto [found, is_new] = seen.emplace(with_dashes(name), name);
    if (is_new) return true;
    given_twice(where, name, line_of_key(text, found->second, 0), line_of_key(text, name, found->second == name ? 1 : 0));
  };
  return Json::parse(text, look, false);
}

void apply_json(Config& config, const std::string& text, const std::string& where) {
  const Json json = parse_once(text, where);
  if (!json.is_object()) throw InputError(fmt::format("{}: starts as a JSON object but is none", where));
  for (const auto& [name, value] : json.items()) {
    if (value.is_structured()) throw InputError(fmt::format("{}: {}: must be a text or a number", where, name));
    set_field(config, name, value.is_string() ? value.get<std::string>() : value.dump(), where);
  }
}

}  // namespace

void set_field(Config& config, const std::string& name, const std::string& value, const std::string& where) {
  const ConfigField& field = find_field(name, where);
  if (field.name == "preset" && !value.empty()) apply_config(config, find_preset(value).text, "preset " + value);
  std::visit(Setter{config, field, value, where}, field.member);
}

std::string field_text(const Config& config, const ConfigField& field) {
  const Json json = field_json(config, field);
  return json.is_string() ? json.get<std::string>() : json.dump();
}

void apply_config(Config& config, const std::string& text, const std::string& where) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') return apply_json(config, text, where);
  std::istringstream lines(text);
  std::map<std::string, int> given;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    const std::string place = fmt::format("{}, line {}", where, number);
    if (equals == std::string::npos) throw InputError(fmt::format("{}: \"{}\" is not of the form name = value", place, line));
    const std::string name = trimmed(line.substr(0, equals));
    set_field(config, name, trimmed(line.substr(equals + 1)), place);
    const auto [found, is_new] = given.emplace(with_dashes(name), number);
    if (!is_new) given_twice(where, name, found->second, number);
  }
}

std::string to_json(const Config& config) {
  Json json;
  for (const ConfigField& field : config_fields()) json[field.name] = field_json(config, field);
  return json.dump(2) + "\n";
}

std::string to_text(const Config& config) {
  std::string out, group;
  for (const ConfigField& field : config_fields()) {
    if (field.group != group) out += fmt::format("{}# {}\n", group.empty() ? "" : "\n", field.group);
    group = field.group;
    out += fmt::format("{} = {}\n", field.name, field_text(config, field));
  }
  return out;
}

std::string command_of(const Config& config) {
  Config plain;
  if (!config.preset.empty()) set_field(plain, "preset", config.preset, "preset");
  std::string out = "mlzevolve";
  if (!config.preset.empty()) out += " --preset " + config.preset;
  for (const ConfigField& field : config_fields()) {
    if (field.name == "seed") out += fmt::format(" --seed {}", config.seed);
    const bool same = field_json(config, field) == field_json(plain, field);
    if (same || field.group == kRunningGroup || field.name == "seed" || field.name == "preset") continue;
    const std::string text = field_text(config, field);
    const bool quote = text.empty() || text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                              "0123456789_-./:=,+@%") != std::string::npos;
    out += quote ? fmt::format(" --{} '{}'", field.name, text) : fmt::format(" --{} {}", field.name, text);
  }
  return out;
}

std::vector<std::string> differing_fields(const Config& a, const Config& b) {
  std::vector<std::string> out;
  for (const ConfigField& field : config_fields()) {
    if (!field.free && field_json(a, field) != field_json(b, field)) out.push_back(field.name);
  }
  return out;
}

const Preset& find_preset(const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  const std::string near = closest(name, names);
  throw InputError(fmt::format("there is no preset \"{}\"{}; presets are: {}", name,
                               near.empty() ? "" : fmt::format(" (did you mean {}?)", near), fmt::join(names, ", ")));
}

std::string list_presets() {
  std::string out = "Presets, used as --preset NAME; --print-config shows one whole, to copy and change\n\n";
  for (const Preset& preset : presets()) {
    const std::string first = preset.text.substr(0, preset.text.find('\n'));
    out += fmt::format("  {:<22} {}\n", preset.name, trimmed(first.substr(first.find('#') + 1)));
  }
  return out;
}

}  // namespace mlz::evolve
