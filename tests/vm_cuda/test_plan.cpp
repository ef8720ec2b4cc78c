#include <doctest/doctest.h>

#include <random>

#include "vm/cuda/kernels.hpp"
#include "vm/cuda/plan.hpp"

using namespace mlz::vm::cuda;

TEST_CASE("a divider divides every number below 2^31") {
  std::mt19937 generator(3);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  const auto check = [](std::int64_t by, std::uint32_t n) {
    const Divider d = make_divider(by);
    const std::uint32_t q = divide(n, d);
    if (q != n / by || remainder(n, q, d) != n % by) FAIL_CHECK(n, " / ", by, " is not ", q);
  };
  constexpr std::uint32_t last = (1u << 31) - 1;
  for (std::int64_t by = 1; by < 3000; ++by) {
    for (const std::uint32_t n : {0u, 1u, static_cast<std::uint32_t>(by - 1), static_cast<std::uint32_t>(by), last}) {
      check(by, n);
    }
    for (int k = 0; k < 100; ++k) check(by, random() >> 1);
  }
  for (int k = 0; k < 200'000; ++k) {
    const std::int64_t by = 1 + (random() >> (1 + k % 31));
    check(by, random() >> 1);
    check(by, last);
    check(by, last / static_cast<std::uint32_t>(by) * static_cast<std::uint32_t>(by));
    check(by, last / static_cast<std::uint32_t>(by) * static_cast<std::uint32_t>(by) - 1);
  }
}
