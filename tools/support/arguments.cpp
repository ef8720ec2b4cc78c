#include "tools/support/arguments.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <regex>

#include "lang/core/diagnostics.hpp"
#include "tools/support/program_main.hpp"

namespace mlz::tools {
namespace {

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string about_extra(const CLI::App& app, const std::string& word) {
  if (!word.starts_with('-')) return fmt::format("`{}`: one argument too many", word);
  const std::string name = word.substr(0, word.find('='));
  const std::string near = closest(name, names_of(app));
  return fmt::format("there is no option {}{}", name, near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

/// Says of a value that is no number ("Could not convert: --seed = x"), or one out of range ("--runs: Value -3 not in range
/// 1 to 100000"), what the option takes; other messages of the parser stay.
std::string about_value(const std::string& text) {
  static const std::regex no_number("Could not convert: (\\S+) = (.*)");
  static const std::regex no_range("(\\S+): Value (.*) not in range (\\S+) to (\\S+)");
  constexpr double kEndless = 1e15;
  std::smatch part;
  if (std::regex_match(text, part, no_number)) return fmt::format("{}: `{}` is not a number it takes", part.str(1), part.str(2));
  if (!std::regex_match(text, part, no_range)) return text;
  const double least = std::stod(part.str(3)), most = std::stod(part.str(4));
  const std::string wanted =
      most >= kEndless ? fmt::format("a number of {} or more", least) : fmt::format("a number from {} to {}", least, most);
  return fmt::format("{}: `{}` is not {}", part.str(1), part.str(2), wanted);
}

}  // namespace

bool parse_arguments(CLI::App& app, int argc, const char* const* argv, int& exit_code) {
  std::string message;
  try {
    app.parse(argc, argv);
    return true;
  } catch (const CLI::ExtrasError&) {
    for (const std::string& word : app.remaining()) {
      message = about_extra(app, word);
      if (word.starts_with('-')) break;  // what follows may be its value
    }
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      exit_code = app.exit(error);
      return false;
    }
    message = about_value(error.what());
  }
  fmt::print(stderr, "{}\n{} --help lists the options.\n", message, app.get_name());
  exit_code = kBadInput;
  return false;
}

}  // namespace mlz::tools
