#include "options.hpp"

#include <cctype>
#include <charconv>
#include <functional>
#include <map>
#include <sstream>

namespace mlzc {
namespace {

std::vector<std::string> items(const std::string& list) {
  std::vector<std::string> out;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ',');) {
    if (!item.empty()) out.push_back(item);
  }
  return out;
}

std::pair<std::string, std::string> name_and_value(const std::string& option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    throw BadUsage(option + ": expected name=value, found `" + text + "`");
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void take_sizes(Options& o, const std::string& text) {
  for (const std::string& item : items(text)) {
    const auto [name, value] = name_and_value("--sizes", item);
    std::int64_t size = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), size);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size()) {
      throw BadUsage("--sizes: expected a whole number for `" + name + "`, found `" + value + "`");
    }
    o.sizes[name] = size;
    o.sizes_text += (o.sizes_text.empty() ? "" : ",") + item;
  }
}

void take_observed(Options& o, const std::string& text) {
  for (const std::string& item : items(text)) {
    if (item == "all") o.bind.observe_all = true;
    else o.bind.observe.push_back(item);
  }
}

void take_name(Options& o, const std::string& text) {
  bool good = !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0]));
  for (const char c : text) good = good && (std::isalnum(static_cast<unsigned char>(c)) || c == '_');
  if (!good) throw BadUsage("--name: `" + text + "` is not a name in C++");
  o.name = text;
}

using Take = std::function<void(Options&, const std::string&)>;

const std::map<std::string, Take>& valued() {
  static const std::map<std::string, Take> all{
      {"--sizes", take_sizes},
      {"--observe", take_observed},
      {"--name", take_name},
      {"--set",
       [](Options& o, const std::string& v) {
         const auto [name, value] = name_and_value("--set", v);
         o.compile.set.insert_or_assign(name, value);
       }},
      {"--path", [](Options& o, const std::string& v) { o.compile.import_folders.push_back(v); }},
      {"--output", [](Options& o, const std::string& v) { o.output = v; }},
      {"-o", [](Options& o, const std::string& v) { o.output = v; }},
  };
  return all;
}

void take_plain(Options& o, const std::string& argument) {
  if (argument == "--binary") o.binary = true;
  else if (argument == "--help" || argument == "-h") o.help = true;
  else if (argument == "--version") o.version = true;
  else if (argument.size() > 1 && argument[0] == '-') throw BadUsage("there is no option `" + argument + "`; see --help");
  else if (!o.program.empty()) throw BadUsage("expected one program, found `" + argument + "` as well");
  else o.program = argument;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
  Options o;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::size_t equals = arguments[i].rfind("--", 0) == 0 ? arguments[i].find('=') : std::string::npos;
    const auto found = valued().find(arguments[i].substr(0, equals));
    if (found == valued().end()) {
      take_plain(o, arguments[i]);
    } else if (equals != std::string::npos) {
      found->second(o, arguments[i].substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      found->second(o, arguments[++i]);
    } else {
      throw BadUsage(arguments[i] + " needs a value; see --help");
    }
  }
  if (o.program.empty() && !o.help && !o.version) throw BadUsage("a program is needed: mlzc program.mlz; see --help");
  return o;
}

const char* help_text() {
  return R"(Compiles a program, binds it to sizes, and writes it for hosts that run it without the parser.

Usage: mlzc program.mlz --sizes features=4,outputs=1 --name kLearner --output learner.hpp

  --sizes name=n,...    sizes that the task hands in: features, outputs, actions, ...
  --set name=value      a new value of a size, const or scalar param; may be repeated
  --observe name,...    registers that stay readable besides y; `all` for every one
  --path folder         where imported modules are searched besides the program's folder; may be repeated
  --name name           of the array in C++ (default: program)
  -o, --output file     where to write; without it to standard output
  --binary              the bytes themselves, for hosts that load a file
  --version, --help

The output is a C++ header with `inline constexpr unsigned char NAME[]`, for mlz::BoundProgram::load(NAME).
Exit code: 0 success, 1 the output cannot be written, 2 bad usage or a wrong program.
)";
}

}  // namespace mlzc
