#pragma once
#include <cuda_runtime_api.h>

#include "vm/cuda/device.hpp"

namespace mlz::vm::cuda {

/// Throws DeviceError unless a call succeeded.
inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw DeviceError(std::string(what) + ": " + cudaGetErrorString(status));
}

/// Copies between host and GPU through memory that the system keeps in place, so that copies to the GPU do not wait.
class Uplink {
 public:
  explicit Uplink(cudaStream_t stream);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  /// `from` may change as soon as this returns.
  void send(void* to, const void* from, std::size_t bytes);
  /// Waits until all work of the stream is done.
  void fetch(void* to, const void* from, std::size_t bytes);

 private:
  static constexpr std::size_t kRoomBytes = std::size_t{4} << 20;
  /// Filled from its start on; once it is full its copies must be done before it is filled again.
  struct Room {
    char* data = nullptr;
    cudaEvent_t done = nullptr;
    std::size_t used = 0;
    bool waiting = false;
  };
  cudaStream_t stream_;
  Room rooms_[2];
  char* back_ = nullptr;
  int current_ = 0;

  char* take(std::size_t bytes);
};

}  // namespace mlz::vm::cuda
