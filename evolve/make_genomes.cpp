#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "evolve/config.hpp"
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

std::vector<Genome> first_programs(const std::string& init, const Space& space) {
  std::vector<Genome> out;
  if (init.empty()) return out;
  for (const std::string& file : program_files(init)) {
    out.push_back(padded(read_genome(text::read_source(file)->text, file, space.banks), space));
    check_length(out.back(), space, file);
  }
  return out;
}

/// What the original measures costs by: its hand-made two-layer network.
StaticCost network_cost(const Space& space) {
  const std::string file = "stdlib/automl_nn.mlz";
  return static_cost(padded(read_genome(text::read_source(file)->text, file, {{20, 20, 20}}), space));
}

}  // namespace

std::unique_ptr<Genomes> make_genomes(const Config& config) {
  NumberedGenomes::Options options;
  options.space = space_of(config);
  options.mix = parse_mix(config.mutations, mutation_names());
  options.random_start = config.start == "random";
  options.first = first_programs(config.init, options.space);
  options.cost_limit = config.cost_limit;
  if (config.cost_limit > 0) options.cost_unit = network_cost(options.space);
  options.join = config.combine == "median" ? Join::median : Join::mean;
  options.max_error = config.max_error;
  return std::make_unique<NumberedGenomes>(std::move(options), static_cast<int>(config.threads));
}

}  // namespace mlz::evolve
