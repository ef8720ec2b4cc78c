#pragma once
#include "lang/core/draws.hpp"

namespace mlz::outer {

/// The key of the draws of one candidate of one generation. Searches over text use numbers of
/// experiments in the place of the constant, which never get that high.
inline DrawKey outer_key(std::uint64_t seed, std::int64_t generation, std::size_t candidate) {
  constexpr std::uint32_t kOuterLoops = 0xffffff00;
  return {seed, kSearchStream, kOuterLoops, static_cast<std::uint32_t>(candidate),
          static_cast<std::uint64_t>(generation)};
}

}  // namespace mlz::outer
