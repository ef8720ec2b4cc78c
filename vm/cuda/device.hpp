#pragma once
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "vm/cuda/launch.hpp"

/// What the cuda engine needs of a device. Two things do it: a GPU (the library mlz_cuda, loaded at run time) and plain
/// loops on the processor, which run the same launches through the same kernels for tests.
namespace mlz::vm::cuda {

/// Something went wrong on the device; `launch` is its position in the sequence that was run, or -1.
struct DeviceError : std::runtime_error {
  explicit DeviceError(const std::string& what, int where = -1) : std::runtime_error(what), launch(where) {}
  int launch;
};

/// What all launches of a machine share; addresses are those of the device.
struct Session {
  bool wide = true;  ///< double rather than float
  bool tf32 = false;
  void* memory = nullptr;
  DrawState* state = nullptr;
  LaneKey* keys = nullptr;
};

/// Work done so far.
struct Counts {
  std::uint64_t launches = 0;    ///< kernels and calls of cuBLAS, those of replayed recordings included
  std::uint64_t products = 0;    ///< of these, calls of cuBLAS
  std::uint64_t recordings = 0;  ///< replays
  std::uint64_t bytes_up = 0, bytes_down = 0;
};

/// One device as one machine uses it: all work is done in the order of the calls. Everything throws DeviceError.
class Device {
 public:
  virtual ~Device() = default;
  virtual std::string description() const = 0;

  /// Memory with all bytes 0; released by `release`.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  virtual void zero(void* to, std::size_t bytes) = 0;
  /// Copies to the device; `from` may change as soon as this returns.
  virtual void upload(void* to, const void* from, std::size_t bytes) = 0;
  /// Waits for all work, then copies from the device.
  virtual void download(void* to, const void* from, std::size_t bytes) = 0;

  virtual void begin(const Session& session) = 0;
  /// Hands in launches that will run again and again; returns their number.
  virtual int add(const std::vector<Launch>& sequence) = 0;
  virtual void run(int sequence) = 0;
  virtual void run(const Launch& launch) = 0;
  /// Forgets all sequences.
  virtual void clear() = 0;

  /// Runs a sequence launch by launch and returns the milliseconds that each took.
  virtual std::vector<float> time(int sequence) = 0;
  virtual Counts counts() const = 0;
};

/// Plain loops on the processor.
std::unique_ptr<Device> open_host_device();
/// The first GPU. Throws InputError, in one line, when there is none or mlz_cuda cannot be loaded.
std::unique_ptr<Device> open_gpu();

/// What the library mlz_cuda exports under the name kOpenName: a device, or null with a reason.
using OpenFunction = Device* (*)(int abi, std::string& reason);
inline constexpr const char* kOpenName = "mlz_cuda_open";
/// Changes whenever the structures of launch.hpp or this file do.
inline constexpr int kDeviceAbi = 2 + static_cast<int>(sizeof(Launch)) * 16;

}  // namespace mlz::vm::cuda
