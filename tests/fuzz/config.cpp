// Configuration of a search: lines of `name = value`, or JSON.
#include "evolve/config.hpp"

#include "lang/core/diagnostics.hpp"
#include "target.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse<InputError>([&] {
    evolve::Config config, from_json;
    evolve::apply_config(config, fuzz::text_of({data, size}), "fuzz");
    evolve::apply_config(from_json, evolve::to_json(config), "json");
    fuzz::require(evolve::differing_fields(config, from_json).empty(), "JSON keeps every field");
  });
}
