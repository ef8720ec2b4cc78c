#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/support/random_bound.hpp"
#include "vm/dense.hpp"

namespace {
std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded =
      (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  void* p = std::aligned_alloc(alignment, rounded);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

using namespace mlz;

TEST_CASE("nothing is allocated while stepping") {
  for (const auto dtype : {vm::DType::f64, vm::DType::f32}) {
    for (const bool fuse : {false, true}) {
      for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const vm::BoundProgram program = test::random_program(seed);
        vm::MachineOptions options;
        options.dtype = dtype;
        options.fuse = fuse;
        const auto machine = vm::make_dense(program, options, {256, true, vm::kernel_level()});
        const long before = allocations;
        for (const Function f : {Function::setup, Function::predict, Function::learn})
          machine->run(f);
        CHECK(allocations == before);
      }
    }
  }
  CHECK(allocations > 0);
}
