#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "evolve/config.hpp"
#include "evolve/general_genomes.hpp"
#include "evolve/memory_need.hpp"
#include "evolve/numbered_genomes.hpp"
#include "lang/core/diagnostics.hpp"
#include "lang/text/compile.hpp"

namespace mlz::evolve {
namespace {
namespace fs = std::filesystem;

Space space_of(const Config& c) {
  Space space;
  space.banks.count = {static_cast<int>(c.scalars), static_cast<int>(c.vectors), static_cast<int>(c.matrices)};
  const auto part = [](const std::string& ops, const char* what, std::int64_t start, std::int64_t least, std::int64_t most) {
    return Space::Part{parse_op_list(ops, what), static_cast<int>(start), static_cast<int>(least), static_cast<int>(most)};
  };
  space.parts = {part(c.setup_ops, "setup-ops", c.setup_size, c.setup_min, c.setup_max),
                 part(c.predict_ops, "predict-ops", c.predict_size, c.predict_min, c.predict_max),
                 part(c.learn_ops, "learn-ops", c.learn_size, c.learn_min, c.learn_max)};
  space.constants = c.constants == "factor" ? ConstantRule::factor : ConstantRule::lognormal;
  check(space);
  return space;
}

std::vector<std::string> program_files(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == ".mlz") files.push_back(entry.path().string());
  }
  if (files.empty()) throw InputError(fmt::format("init = {}: the folder has no .mlz files", path));
  std::sort(files.begin(), files.end());
  return files;
}

/// Fills up with NoOps to the size functions have at the start, as the original does with its hand designs.
Genome padded(const Genome& genome, const Space& space) {
  Genome out;
  for (std::size_t f = 0; f < 3; ++f) {
    const auto code = genome.function(f);
    out.code.insert(out.code.end(), code.begin(), code.end());
    const auto length = space.parts[f].ops.empty() ? code.size()
                                                   : std::max(code.size(), static_cast<std::size_t>(space.parts[f].start));
    out.code.resize(out.code.size() + length - code.size());
    out.length[f] = static_cast<std::uint8_t>(length);
  }
  return out;
}

void check_length(const Genome& genome, const Space& space, const std::string& file) {
  for (std::size_t f = 0; f < 3; ++f) {
    const Space::Part& part = space.parts[f];
    if (part.ops.empty() || (genome.length[f] >= part.least && genome.length[f] <= part.most)) continue;
    throw InputError(fmt::format("init = {}: {} has {} instructions; {} to {} are allowed", file,
                                 function_name(kFunctions[f]), genome.length[f], part.least, part.most));
  }
}

std::vector<Genome> first_programs(const std::string& init, const Space& space, bool redraw) {
  std::vector<Genome> out;
  if (init.empty()) return out;
  for (const std::string& file : program_files(init)) {
    out.push_back(padded(read_genome(text::read_source(file)->text, file, space.banks), space));
    if (!redraw) check_length(out.back(), space, file);
  }
  return out;
}

/// What the original measures costs by: its hand-made two-layer network.
StaticCost network_cost(const Space& space) {
  const std::string file = "stdlib/automl_nn.mlz";
  return static_cost(padded(read_genome(text::read_source(file)->text, file, {{20, 20, 20}}), space));
}

std::unique_ptr<Genomes> make_numbered(const Config& config) {
  NumberedGenomes::Options options;
  options.space = space_of(config);
  options.mix = parse_mix(config.mutations, mutation_names());
  options.random_start = config.start == "random";
  options.redraw = config.start == "redrawn";
  if (options.redraw && config.init.empty()) {
    throw InputError("start = redrawn: there is no --init whose functions could be drawn anew; use start = random");
  }
  options.first = first_programs(config.init, options.space, options.redraw);
  options.cost_limit = config.cost_limit;
  if (config.cost_limit > 0) options.cost_unit = network_cost(options.space);
  options.join = config.combine == "median" ? Join::median : Join::mean;
  options.max_error = config.max_error;
  return std::make_unique<NumberedGenomes>(std::move(options), static_cast<int>(config.threads));
}

}  // namespace

/// "hidden=16; n=[features,8]" by name.
std::map<std::string, std::string> program_settings(const std::string& text) {
  std::map<std::string, std::string> out;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ';');) {
    item.erase(0, item.find_first_not_of(' '));
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError(fmt::format("program-set: \"{}\" must be NAME=VALUE, several of them apart by ;", item));
    }
    std::string name = item.substr(0, equals);
    while (name.ends_with(' ')) name.pop_back();
    out[name] = item.substr(equals + 1);
  }
  return out;
}

std::vector<CoreProgram> core_programs(const Config& config) {
  std::vector<CoreProgram> out;
  if (config.init.empty()) return out;
  text::CompileOptions options;
  options.set = program_settings(config.program_set);
  for (const std::string& file : program_files(config.init)) {
    Diagnostics diagnostics;
    auto compiled = text::compile(text::read_source(file), options, diagnostics);
    if (!compiled || !diagnostics.ok()) throw InputError(diagnostics.text());
    out.push_back(std::move(compiled->core));
  }
  return out;
}

namespace {

bool any_hold(const std::vector<CoreLine>& lines) {
  return std::any_of(lines.begin(), lines.end(), [](const CoreLine& line) { return line.hold || any_hold(line.body); });
}

/// Whether a program has the form of AutoML-Zero and no marks for the search.
bool fits_numbered(const CoreProgram& program) {
  for (std::size_t f = 0; f < 3; ++f) {
    if (program.hold[f] || any_hold(program.functions[f])) return false;
  }
  try {
    genome_of(program, {{200, 200, 200}});
    return true;
  } catch (const InputError&) {
    return false;
  }
}

bool is_numbered(const Config& config, const std::vector<CoreProgram>& first) {
  if (config.genome != "auto") return config.genome == "numbered";
  const bool asks_for_more = !config.load.empty() || !config.program_set.empty() || config.tune_inside > 0 ||
                             (!config.protocol.empty() && config.protocol != "automl");
  return !asks_for_more && std::all_of(first.begin(), first.end(), fits_numbered);
}

GeneralSpace general_space(const Config& c, const std::vector<CoreProgram>& first) {
  GeneralSpace space;
  const std::array<const std::string*, 3> ops{&c.setup_ops, &c.predict_ops, &c.learn_ops};
  const std::array<std::int64_t, 3> least{c.setup_min, c.predict_min, c.learn_min};
  const std::array<std::int64_t, 3> most{c.setup_max, c.predict_max, c.learn_max};
  int temporaries = 0;
  for (std::size_t f = 0; f < 3; ++f) {
    const char* name = function_name(kFunctions[f]);
    space.parts[f] = {parse_general_ops(*ops[f], fmt::format("operations of {}", name)), static_cast<int>(least[f]),
                      static_cast<int>(most[f])};
    for (const CoreProgram& program : first) {
      const int length = instructions_in(program.functions[f]);
      if (length < space.parts[f].least) {
        throw InputError(
            fmt::format("{} of --init has {} instructions; at least {} are asked for", name, length, least[f]));
      }
      space.parts[f].most = std::max(space.parts[f].most, length);
      temporaries = std::max(temporaries, temporaries_of(program));
    }
  }
  space.most_temporaries = temporaries + static_cast<int>(c.temporaries);
  space.constants = c.constants == "factor" ? ConstantRule::factor : ConstantRule::lognormal;
  return space;
}

std::unique_ptr<Genomes> make_general(const Config& config, std::vector<CoreProgram> first) {
  if (first.empty()) throw InputError("genome = general: starts from a program: give one by --init");
  GeneralGenomes::Options options;
  options.space = general_space(config, first);
  options.mix = parse_mix(config.mutations, mutation_names());
  options.first = std::move(first);
  options.cost_limit = config.cost_limit;
  options.protocol = config.protocol;
  options.join = config.combine == "median" ? Join::median : Join::mean;
  options.max_error = config.max_error;
  options.max_bytes = config.max_memory << 20;
  options.on_registers = [config, others = memory_of_programs(config, options.first)](std::int64_t bytes) {
    std::vector<MemoryPart> parts = others;
    parts.push_back(memory_of_registers(config, bytes, 1));
    require_memory(config, parts);
  };
  options.inside = {static_cast<int>(config.tune_inside), config.sigma, static_cast<std::uint64_t>(config.seed)};
  return std::make_unique<GeneralGenomes>(std::move(options));
}

}  // namespace

bool has_numbered_form(const Config& config) { return is_numbered(config, core_programs(config)); }

std::unique_ptr<Genomes> make_genomes(const Config& config) {
  if (config.preset == "program" && config.init.empty()) {
    throw InputError("--preset program improves a program: name it by --init FILE.mlz");
  }
  std::vector<CoreProgram> first = core_programs(config);
  const bool numbered = is_numbered(config, first);
  require_memory(config, memory_of_programs(config, numbered ? std::vector<CoreProgram>() : first));
  return numbered ? make_numbered(config) : make_general(config, std::move(first));
}

}  // namespace mlz::evolve
