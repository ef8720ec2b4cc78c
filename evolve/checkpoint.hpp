#pragma once
#include <map>
#include <string>
#include <string_view>

#include "evolve/search.hpp"

namespace mlz::evolve {

/// What a checkpoint file holds: the configuration, the state of the search, and how long its logs were.
struct Checkpoint {
  Config config;
  SearchState state;
  std::map<std::string, std::uint64_t> log_sizes;
};

/// A checkpoint file: the first line, with format version, checksum and length, before the body.
std::string with_first_line(std::string_view body);

/// The text of a checkpoint: such a line, then JSON.
std::string to_text(const Checkpoint& checkpoint);

/// Reads one back. Throws InputError that says what is wrong: not a checkpoint, another version, cut off, damaged.
Checkpoint read_checkpoint(const std::string& text, const std::string& name);

}  // namespace mlz::evolve
