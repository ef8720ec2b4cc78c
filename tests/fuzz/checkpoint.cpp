// A checkpoint of a search: the input is what follows the first line, which is made to fit, so that the checksum does
// not hide the reader. An input that has its own first line is read as it is, too.
#include "evolve/checkpoint.hpp"

#include "lang/core/diagnostics.hpp"
#include "target.hpp"

using namespace mlz;

namespace {

int read(const std::string& text) {
  return fuzz::read_or_refuse<InputError>([&] {
    const auto written = evolve::to_text(evolve::read_checkpoint(text, "fuzz"));
    fuzz::require(evolve::to_text(evolve::read_checkpoint(written, "again")) == written, "what is written reads back");
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read(fuzz::text_of({data, size}));
  return read(evolve::with_first_line(fuzz::text_of({data, size})));
}
