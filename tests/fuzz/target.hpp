#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

/// Every file of this folder but replay.cpp defines this function; libFuzzer, or replay.cpp, calls it with one input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mlz::fuzz {

using Bytes = std::span<const std::uint8_t>;

inline std::string text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// FNV-1a, 64 bits: what files with a checksum carry (docs/formats.md), so that inputs can be given a right one.
inline std::uint64_t checksum(Bytes bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

/// Ends the process where something that must hold does not.
inline void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what.c_str());
  std::abort();
}

/// Runs a reader of untrusted bytes, which may refuse them with an `Error` and in no other way.
template <class Error, class Read>
int read_or_refuse(Read read) {
  try {
    read();
  } catch (const Error& error) {
    require(std::string(error.what()).size() > 10, "a refusal says why");
  }
  return 0;
}

}  // namespace mlz::fuzz
