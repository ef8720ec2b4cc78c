#pragma once
#include <cuda_runtime_api.h>

#include "vm/cuda/device.hpp"

namespace mlz::vm::cuda {

/// Enqueues a launch that is not a product of cuBLAS.
cudaError_t launch_kernel(const Launch& launch, const Session& session, cudaStream_t stream);

}  // namespace mlz::vm::cuda
