// The table that says which classes of a set of characters are for training, validation and test.
#include "lang/core/diagnostics.hpp"
#include "memory_file.hpp"
#include "target.hpp"
#include "tasks/omniglot.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  return fuzz::read_or_refuse<InputError>([&] {
    const std::vector<bool> train = tasks::classes_of_split(file.path(), "train");
    const std::vector<bool> test = tasks::classes_of_split(file.path(), "test");
    fuzz::require(train.size() == test.size() && train.size() <= 65536, "every split knows the same classes");
    for (std::size_t id = 0; id < train.size(); ++id) fuzz::require(!(train[id] && test[id]), "no class is in two splits");
  });
}
