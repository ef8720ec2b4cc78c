#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "evolve/config.hpp"
#include "lang/core/core_program.hpp"

namespace mlz::evolve {

/// One part of what a search is going to take.
struct MemoryPart {
  std::string what;
  double bytes = 0;
};

/// What a search for programs takes besides registers: caches of scores and the populations, about. `first` are the
/// programs it begins with, empty for the numbered form.
std::vector<MemoryPart> memory_of_programs(const Config& config, const std::vector<CoreProgram>& first);
/// What a search for so many params takes besides registers: candidates, and what the optimiser keeps.
std::vector<MemoryPart> memory_of_params(const Config& config, std::size_t params);
/// Registers of so many bytes, of lifetimes that share a machine, in every thread.
MemoryPart memory_of_registers(const Config& config, std::int64_t bytes_f64, std::int64_t lanes);

/// Throws InputError where parts take more than --max-memory together, naming them.
void require_memory(const Config& config, const std::vector<MemoryPart>& parts);

}  // namespace mlz::evolve
