#pragma once
#include "vm/cuda/engine.hpp"

namespace mlz::test {

/// The device that a program of tests is about: loops on the processor, or a GPU.
std::unique_ptr<vm::cuda::Device> open_test_device();
/// On a GPU cuBLAS sums in an order of its own, and some functions differ in the last place.
extern const bool kOnGpu;

inline std::unique_ptr<vm::cuda::CudaMachine> on_device(const vm::BoundProgram& program,
                                                        const vm::MachineOptions& options,
                                                        const vm::cuda::Tuning& tuning = {}) {
  return vm::cuda::make_machine(program, options, open_test_device(), tuning);
}

}  // namespace mlz::test
