#include <doctest/doctest.h>

#include "lang/text/compile.hpp"
#include "lang/text/parser.hpp"
#include "tests/support/random_program.hpp"

using namespace mlz;

namespace {

std::shared_ptr<const SourceFile> source(std::string text) {
  return std::make_shared<SourceFile>(SourceFile{"random.mlz", std::move(text)});
}

text::Compiled compiled(const std::string& program) {
  Diagnostics problems;
  auto result = text::compile(source(program), {}, problems);
  INFO(program);
  INFO(problems.text());
  REQUIRE(result.has_value());
  return std::move(*result);
}

}  // namespace

TEST_CASE("both printed forms of 10,000 random programs read back as the same program") {
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    tests::RandomProgramOptions options;
    options.core = seed % 2 == 1;
    const std::string program = tests::random_program(seed, options);
    const text::Compiled first = compiled(program);

    const std::string surface = text::print(first.ast);
    Diagnostics problems;
    const text::Program again = text::parse(source(surface), problems);
    INFO(surface);
    REQUIRE(problems.ok());
    REQUIRE(text::equal(first.ast, again));

    const std::string core = print(first.core);
    const text::Compiled lowered = compiled(core);
    INFO(core);
    REQUIRE(lowered.core == first.core);
    REQUIRE(print(lowered.core) == core);
  }
}
