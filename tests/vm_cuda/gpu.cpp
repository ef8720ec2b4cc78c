#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "device.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::test {

std::unique_ptr<vm::cuda::Device> open_test_device() { return vm::cuda::open_gpu(); }
const bool kOnGpu = true;

}  // namespace mlz::test

namespace {

constexpr int kSkipped = 77;  // as CTest is told

}  // namespace

int main(int argc, char** argv) {
  try {
    std::printf("%s\n", mlz::test::open_test_device()->description().c_str());
  } catch (const mlz::InputError& e) {
    std::printf("SKIPPED, all of these: %s\n", e.what());
    const char* list[] = {argv[0], "--list-test-cases"};
    doctest::Context(2, list).run();
    return kSkipped;
  }
  return doctest::Context(argc, argv).run();
}
