#include "tools/support/safetensors.hpp"

#include "lang/core/diagnostics.hpp"
#include "target.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse<InputError>([&] {
    const auto first = tools::from_safetensors(fuzz::text_of({data, size}), "fuzz");
    const auto bytes = tools::to_safetensors(first, vm::DType::f64);
    const auto again = tools::from_safetensors(bytes, "written");
    fuzz::require(tools::to_safetensors(again, vm::DType::f64) == bytes, "what is written reads back the same");
  });
}
