#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "lang/core/diagnostics.hpp"
#include "vm/cuda/device.hpp"

namespace mlz::vm::cuda {
namespace {

constexpr const char* kFile = "libmlz_cuda.so";

/// Where the library may be: named by the environment, beside the program or in ../lib of it, or where the system
/// looks for libraries.
std::vector<std::string> candidates() {
  if (const char* named = std::getenv("MLZ_CUDA_LIBRARY")) return {named};
  std::vector<std::string> out;
  std::error_code none;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
  for (const auto& path : {folder / kFile, folder.parent_path() / "bin" / kFile, folder.parent_path() / "lib" / kFile,
                           folder.parent_path().parent_path() / "bin" / kFile}) {
    if (std::filesystem::exists(path, none)) out.push_back(path.string());
  }
  out.emplace_back(kFile);
  return out;
}

OpenFunction load() {
  std::string problem;
  for (const std::string& file : candidates()) {
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      if (problem.empty()) problem = dlerror();
      continue;
    }
    if (void* found = dlsym(library, kOpenName)) return reinterpret_cast<OpenFunction>(found);
    problem = file + " is not that library";
  }
  throw InputError(fmt::format("the engine `cuda` needs {}, which cannot be loaded: {}", kFile, problem));
}

}  // namespace

std::unique_ptr<Device> open_gpu() {
  static const OpenFunction open = load();
  std::string reason;
  std::unique_ptr<Device> device(open(kDeviceAbi, reason));
  if (!device) throw InputError("the engine `cuda` cannot be used: " + reason);
  return device;
}

}  // namespace mlz::vm::cuda
