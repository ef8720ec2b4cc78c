#include "device.hpp"

namespace mlz::test {

std::unique_ptr<vm::cuda::Device> open_test_device() { return vm::cuda::open_host_device(); }
const bool kOnGpu = false;

}  // namespace mlz::test
