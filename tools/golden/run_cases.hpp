#pragma once
#include <optional>
#include <string>

#include "tools/golden/cases.hpp"
#include "tools/golden/golden.hpp"

namespace mlz::golden {

/// Each runs one case through text, core form, binding and an engine, and returns the first
/// difference in words.
std::optional<std::string> check(const ProgramCase& recorded, const TaskCase& task,
                                 const Options& options);
std::optional<std::string> check(const OpCase& recorded, const Options& options);

}  // namespace mlz::golden
