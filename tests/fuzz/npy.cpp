#include "lang/core/diagnostics.hpp"
#include "memory_file.hpp"
#include "target.hpp"
#include "tasks/npy.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  return fuzz::read_or_refuse<InputError>([&] {
    const tasks::Array array = tasks::read_npy(file.path());
    fuzz::require(tasks::to_numbers(array).size() == array.dims[0] * array.row_width(), "values fill the dimensions");
  });
}
