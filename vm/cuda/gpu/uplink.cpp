#include "vm/cuda/gpu/uplink.hpp"

#include <algorithm>
#include <cstring>

namespace mlz::vm::cuda {

Uplink::Uplink(cudaStream_t stream) : stream_(stream) {
  for (Room& room : rooms_) {
    check(cudaMallocHost(reinterpret_cast<void**>(&room.data), kRoomBytes), "room for copies");
    check(cudaEventCreateWithFlags(&room.done, cudaEventDisableTiming), "making an event");
  }
  check(cudaMallocHost(reinterpret_cast<void**>(&back_), kRoomBytes), "room for copies");
}

Uplink::~Uplink() {
  for (const Room& room : rooms_) {
    cudaFreeHost(room.data);
    cudaEventDestroy(room.done);
  }
  cudaFreeHost(back_);
}

/// Room for so many bytes, at most kRoomBytes, that no copy uses.
char* Uplink::take(std::size_t bytes) {
  if (rooms_[current_].used + bytes > kRoomBytes) {
    Room& full = rooms_[current_];
    check(cudaEventRecord(full.done, stream_), "copying to the GPU");
    full.waiting = true;
    current_ = 1 - current_;
    Room& next = rooms_[current_];
    if (next.waiting) check(cudaEventSynchronize(next.done), "copying to the GPU");
    next.waiting = false;
    next.used = 0;
  }
  Room& room = rooms_[current_];
  char* at = room.data + room.used;
  room.used += (bytes + 63) / 64 * 64;
  return at;
}

void Uplink::send(void* to, const void* from, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes; done += kRoomBytes) {
    const std::size_t n = std::min(kRoomBytes, bytes - done);
    char* room = take(n);
    std::memcpy(room, static_cast<const char*>(from) + done, n);
    check(cudaMemcpyAsync(static_cast<char*>(to) + done, room, n, cudaMemcpyHostToDevice, stream_),
          "copying to the GPU");
  }
}

void Uplink::fetch(void* to, const void* from, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes; done += kRoomBytes) {
    const std::size_t n = std::min(kRoomBytes, bytes - done);
    check(cudaMemcpyAsync(back_, static_cast<const char*>(from) + done, n, cudaMemcpyDeviceToHost, stream_),
          "copying from the GPU");
    check(cudaStreamSynchronize(stream_), "waiting for the GPU (MLZ_CUDA_CHECK=1 finds the line)");
    std::memcpy(static_cast<char*>(to) + done, back_, n);
  }
}

}  // namespace mlz::vm::cuda
