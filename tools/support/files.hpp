#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mlz::tools {

/// Throws InputError when a file cannot be written there; meant to be asked before a long run. An
/// existing file is not touched.
void check_writable(const std::string& path, const std::string& option);

/// Writes the whole file beside its place and renames it, so that a file by that name is always
/// complete. Throws std::runtime_error.
void write_file(const std::string& path, std::string_view content);

/// Reads a regular file of at most `max_bytes`. Throws InputError.
std::string read_file(const std::string& path, std::uintmax_t max_bytes);

}  // namespace mlz::tools
