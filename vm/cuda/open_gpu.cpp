#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "lang/core/diagnostics.hpp"
#include "vm/cuda/device.hpp"

namespace mlz::vm::cuda {
namespace {

constexpr const char* kFile = "libmlz_cuda.so";

/// Where the library is: named by the environment, beside the program, in bin/ of a build folder, or installed. Empty
/// where it is nowhere.
std::string find_library() {
  if (const char* named = std::getenv("MLZ_CUDA_LIBRARY")) return named;
  std::error_code none;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
  for (const auto& path :
       {folder / kFile, folder.parent_path() / "lib" / kFile, folder.parent_path().parent_path() / "bin" / kFile,
        std::filesystem::path(MLZ_CUDA_FOLDER) / kFile}) {
    if (std::filesystem::exists(path, none)) return path.string();
  }
  return {};
}

OpenFunction load() {
  const std::string file = find_library();
  if (file.empty()) {
    throw InputError(
        fmt::format("the engine `cuda` is not in this build: there is no {}; builds that are configured "
                    "where a CUDA toolkit is make it",
                    kFile));
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw InputError(fmt::format("the engine `cuda` cannot be used: {}", dlerror()));
  if (void* found = dlsym(library, kOpenName)) return reinterpret_cast<OpenFunction>(found);
  throw InputError(fmt::format("the engine `cuda` cannot be used: {} has no {}", file, kOpenName));
}

/// For tests: the launches on the processor in place of a GPU.
bool wants_host() {
  const char* device = std::getenv("MLZ_CUDA_DEVICE");
  return device != nullptr && std::string_view(device) == "host";
}

}  // namespace

std::unique_ptr<Device> open_gpu() {
  if (wants_host()) return open_host_device();
  static const OpenFunction open = load();
  std::string reason;
  std::unique_ptr<Device> device(open(kDeviceAbi, reason));
  if (!device) throw InputError("the engine `cuda` cannot be used: " + reason);
  return device;
}

}  // namespace mlz::vm::cuda
