#pragma once
#include <memory>

#include "vm/cuda/device.hpp"
#include "vm/cuda/plan.hpp"
#include "vm/machine.hpp"

namespace mlz::vm {

/// The engine for large matrix steps and populations of large lifetimes on an NVIDIA GPU. Throws InputError when there
/// is none. In f32 and without BLAS its results have the bits of `lanes` and `dense` but for `power`, draws of normals,
/// and reductions of cuda::Tuning::block_terms terms and more.
std::unique_ptr<Machine> make_cuda(const BoundProgram& program, const MachineOptions& options);
/// Whether make_cuda finds a GPU and what it needs to use it.
bool has_gpu();

/// What the engine does, one line for each launch; needs no GPU.
std::string dump_cuda(const BoundProgram& program, const MachineOptions& options);

namespace cuda {

/// A machine on some device, with a look at what it does.
class CudaMachine : public Machine {
 public:
  virtual const Device& device() const = 0;
  virtual const CudaPlan& plan() const = 0;
  /// Runs a function launch by launch; milliseconds of each launch of plan().code.
  virtual std::vector<float> time(Function function) = 0;
};
std::unique_ptr<CudaMachine> make_machine(const BoundProgram& program, const MachineOptions& options,
                                          std::unique_ptr<Device> device, const Tuning& tuning = {});

}  // namespace cuda
}  // namespace mlz::vm
