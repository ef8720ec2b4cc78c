#include "tasks/csv.hpp"

#include "lang/core/diagnostics.hpp"
#include "memory_file.hpp"
#include "target.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  fuzz::read_or_refuse<InputError>([&] { tasks::read_csv(file.path(), {{}, true}, nullptr); });
  return fuzz::read_or_refuse<InputError>([&] {
    const tasks::CsvTable table = tasks::read_csv(file.path(), {}, nullptr);
    fuzz::require(table.labels.size() == table.features.dims[0], "every row has a label");
    fuzz::require(tasks::read_csv(file.path(), {}, &table).labels == table.labels, "a table matches itself");
  });
}
