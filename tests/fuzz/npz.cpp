#include "lang/core/diagnostics.hpp"
#include "memory_file.hpp"
#include "target.hpp"
#include "tasks/npy.hpp"
#include "tasks/zip.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  fuzz::read_or_refuse<InputError>([&] { tasks::read_npz(file.path(), "x"); });
  return fuzz::read_or_refuse<InputError>([&] {
    for (const tasks::ZipMember& member : tasks::zip_directory(file.path())) {
      const auto source = tasks::open_member(file.path(), member);
      std::vector<std::uint8_t> bytes(1 << 16);
      while (source->read(bytes) == bytes.size()) {
      }
    }
  });
}
