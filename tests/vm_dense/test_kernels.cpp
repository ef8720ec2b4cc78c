#include <doctest/doctest.h>

#include "tests/support/compare.hpp"
#include "vm/dense_kernels.hpp"
#include "vm/reduce.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::dense::Fold;

namespace {

template <class T>
std::vector<T> numbers(std::size_t n, std::uint64_t seed) {
  std::vector<double> out(n);
  draw_normal({seed, 0, 0, 0, 0}, 0, 1, out);
  std::vector<T> converted(out.begin(), out.end());
  for (std::size_t i = 0; i < n; i += 7) converted[i] = T(0) * converted[i];  // zeros of both signs
  return converted;
}

template <class T>
T folded(Fold fold, std::int64_t n, const T* a, std::int64_t step) {
  const auto term = [=](std::int64_t i) { return a[i * step]; };
  switch (fold) {
    case Fold::sum:
      return vm::sum<T>(n, term);
    case Fold::squares:
      return vm::sum<T>(n, [=](std::int64_t i) { return term(i) * term(i); });
    case Fold::largest:
      return vm::largest<T>(n, term);
    default:
      return vm::smallest<T>(n, term);
  }
}

template <class T>
void check_folds(const vm::dense::Kernels<T>& kernels, const std::vector<T>& a) {
  for (int which = 0; which < vm::dense::kFolds; ++which) {
    const auto fold = static_cast<Fold>(which);
    for (std::int64_t n = 1; n <= 70; ++n) {
      CHECK(same_bits(static_cast<double>(kernels.fold[which](n, a.data())),
                      static_cast<double>(folded<T>(fold, n, a.data(), 1))));
    }
    for (const std::int64_t cols : {1, 2, 3, 5, 8, 13, 31, 64}) {
      for (const std::int64_t n : {1, 5, 8, 16, 17, 40}) {
        std::vector<T> out(static_cast<std::size_t>(cols));
        kernels.fold_columns[which](n, cols + 1, cols, a.data(), out.data());
        for (std::int64_t j = 0; j < cols; ++j) {
          CHECK(same_bits(static_cast<double>(out[j]),
                          static_cast<double>(folded<T>(fold, n, a.data() + j, cols + 1))));
        }
      }
    }
  }
}

template <class T>
void check_level(vm::Level level) {
  const auto& kernels = vm::dense::kernels<T>(level);
  auto a = numbers<T>(3000, 1);
  check_folds(kernels, a);
  a[20] = std::numeric_limits<T>::quiet_NaN();
  a[50] = -std::numeric_limits<T>::infinity();
  check_folds(kernels, a);
}

}  // namespace

TEST_CASE("folds keep the written order on every level") {
  for (const vm::Level level : vm::kLevels) {
    if (!vm::level_available(level)) {
      MESSAGE("skipped: this processor lacks level ", vm::level_name(level));
      continue;
    }
    check_level<double>(level);
    check_level<float>(level);
  }
}

TEST_CASE("there are loops for every elementwise op and way to broadcast") {
  const auto& kernels = vm::dense::kernels<double>(vm::kernel_level());
  for (const OpInfo& op : op_table()) {
    if (!op.has(kElementwise)) continue;
    const unsigned all = (1u << op.operands.size()) - 1;
    for (unsigned pattern = 0; pattern < std::max(all, 1u); ++pattern) {
      INFO(op.name(), " ", pattern);
      const bool exists = kernels.blocks[vm::dense::row_op(op.id)][pattern] != nullptr;
      CHECK(exists);
    }
  }
}
