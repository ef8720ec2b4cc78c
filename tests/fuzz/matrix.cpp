// A file of learners and tasks.
#include "lang/core/diagnostics.hpp"
#include "memory_file.hpp"
#include "target.hpp"
#include "tools/support/matrix_file.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  tools::RunOptions options;
  options.matrix = file.path();
  return fuzz::read_or_refuse<InputError>([&] {
    const tools::Matrix matrix = tools::read_matrix(options);
    fuzz::require(!matrix.learners.empty() && !matrix.tasks.empty(), "there is something to run");
    fuzz::require(matrix.runs >= 1 && matrix.window >= 1, "it is run");
  });
}
