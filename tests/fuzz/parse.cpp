// Any text parses or is refused, and what was parsed is printed and read back as the same program.
#include "lang/text/parser.hpp"
#include "target.hpp"

using namespace mlz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = [](std::string text, Diagnostics& diagnostics) {
    return text::parse(std::make_shared<const SourceFile>(SourceFile{"fuzz.mlz", std::move(text)}), diagnostics);
  };
  Diagnostics first, second;
  const text::Program program = parsed(fuzz::text_of({data, size}), first);
  if (!first.ok()) {
    fuzz::require(!first.text().empty(), "errors have a text");
    return 0;
  }
  const std::string printed = text::print(program);
  const text::Program again = parsed(printed, second);
  fuzz::require(second.ok(), "what is printed parses:\n" + printed + second.text());
  fuzz::require(text::print(again) == printed, "printing is stable:\n" + printed);
  return 0;
}
