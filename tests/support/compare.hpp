#pragma once
#include <bit>
#include <cmath>
#include <limits>

#include "lang/core/draws.hpp"
#include "vm/machine.hpp"

namespace mlz::test {

inline bool same_bits(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline std::vector<double> values(const vm::Machine& m, vm::RegisterId id, int lane = 0) {
  std::vector<double> out(static_cast<std::size_t>(m.program().registers[id].size()));
  m.read(id, lane, std::span<double>(out));
  return out;
}

/// How far the observed registers of two machines are apart.
struct Difference {
  std::string where;   ///< first register and entry with other bits; empty when there is none
  double largest = 0;  ///< |a - b| / (1 + |a|), infinity where just one is finite
  long entries = 0, finite = 0;
};

inline void compare(const vm::Machine& a, const vm::Machine& b, int lane, Difference& d) {
  const auto& registers = a.program().registers;
  for (vm::RegisterId id = 0; id < registers.size(); ++id) {
    if (!registers[id].observed) continue;
    const auto x = values(a, id, lane), y = values(b, id, lane);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ++d.entries;
      d.finite += std::isfinite(x[i]);
      if (same_bits(x[i], y[i])) continue;
      if (d.where.empty()) {
        d.where = registers[id].name + " entry " + std::to_string(i) + ": " + std::to_string(x[i]) +
                  " and " + std::to_string(y[i]);
      }
      const double apart = std::abs(x[i] - y[i]) / (1 + std::abs(x[i]));
      d.largest =
          std::max(d.largest, std::isnan(apart) ? std::numeric_limits<double>::infinity() : apart);
    }
  }
}

}  // namespace mlz::test
