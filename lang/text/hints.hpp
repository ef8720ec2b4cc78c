#pragma once
#include <string>
#include <string_view>

/// The words of syntax errors.
namespace mlz::text {

/// What stands at `offset` of a line, as a message names it: "`)`", "the end of the line".
std::string found_at(std::string_view line, std::size_t offset);

/// The number of characters of what stands there.
std::size_t found_length(std::string_view line, std::size_t offset);

/// What a person who wrote `line` likely meant, given that reading stopped at `offset`; may be
/// empty.
std::string hint_at(std::string_view line, std::size_t offset);

/// What to write in the place of a function that other languages have by this name (`zeros`, `np.exp`, `v.sum`); may be
/// empty.
std::string hint_for_call(const std::string& name);

}  // namespace mlz::text
