#include <doctest/doctest.h>

#include <cstdlib>
#include <map>

#include "evolve/general/evaluator.hpp"
#include "evolve/general/mutations.hpp"
#include "evolve/general/program_key.hpp"
#include "evolve/general/settle.hpp"
#include "support.hpp"
#include "tests/support/random_program.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

CoreProgram library_program(const std::string& file, std::map<std::string, std::string> set = {}) {
  Diagnostics diagnostics;
  text::CompileOptions options;
  options.set = std::move(set);
  const auto compiled = text::compile(text::read_source(file), options, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(compiled.has_value());
  return compiled->core;
}

std::string example(const char* name) { return MLZ_SOURCE_DIR "/examples/" + std::string(name); }

const std::vector<CoreProgram>& library_programs() {
  static const std::vector<CoreProgram> all{
      library_program("stdlib/mlp.mlz", {{"hidden", "8"}}), library_program("stdlib/linear.mlz"),
      library_program("stdlib/logistic.mlz"),               library_program("stdlib/automl_nn.mlz"),
      library_program(example("02_network.mlz")),           library_program(example("04_layers.mlz")),
      library_program(example("05_batches.mlz")),           library_program(example("07_noise.mlz")),
      library_program(example("08_params.mlz"))};
  return all;
}

CoreProgram first_program(std::uint64_t seed) {
  if (seed % 2 == 0) return library_programs()[seed / 2 % library_programs().size()];
  tests::RandomProgramOptions options;
  options.core = seed % 4 == 1;
  return core_of(tests::random_program(seed, options));
}

GeneralSpace space_for(const CoreProgram& program) {
  GeneralSpace space;
  for (std::size_t f = 0; f < 3; ++f) {
    const int length = instructions_in(program.functions[f]);
    space.parts[f] = {parse_general_ops("all", "ops"), std::max(0, length - 3), length + 3};
  }
  space.most_temporaries = temporaries_of(program) + 4;
  return space;
}

using Table = std::map<std::string, std::string>;

/// What is known of registers, in an order of their names.
Table table_of(const CoreProgram& program) {
  Table out;
  for (const RegisterInfo& r : program.registers) {
    std::string turns;
    for (const std::string& turn : r.per_iteration) turns += "@" + turn;
    out[r.name] = r.shape.print() + turns + "/" + std::to_string(static_cast<int>(r.role)) + (r.is_state ? "s" : "") + (r.is_param ? "p" : "");
  }
  return out;
}

/// A mutated program is one that its text gives again, binds, and stays within the limits.
void require_whole(const CoreProgram& program, const GeneralSpace& space) {
  const std::string text = print(program);
  INFO(text);
  Diagnostics problems;
  const auto again = text::compile(std::make_shared<SourceFile>(SourceFile{"<mutated>", text}), {}, problems);
  INFO(problems.text());
  REQUIRE(again.has_value());
  REQUIRE(print(again->core) == text);
  REQUIRE(again->core == program);
  REQUIRE(table_of(again->core) == table_of(program));
  vm::BindOptions bind;
  bind.sizes = {{"features", 5}, {"outputs", 3}};
  const vm::BoundProgram bound = vm::bind(program, bind, problems);
  INFO(problems.text());
  REQUIRE(problems.ok());
  for (std::size_t f = 0; f < 3; ++f) {
    const int length = instructions_in(program.functions[f]);
    REQUIRE(length >= space.parts[f].least);
    REQUIRE(length <= space.parts[f].most);
  }
  REQUIRE(temporaries_of(program) <= space.most_temporaries);
}

/// Chains of mutations; every `check_every`th program is looked at.
void walk(std::uint64_t mutations, std::uint64_t check_every) {
  constexpr std::uint64_t kChain = 50;
  std::vector<std::uint64_t> changed(general_mutations().size()), tried(changed.size());
  for (std::uint64_t chain = 0; chain * kChain < mutations; ++chain) {
    CoreProgram program = first_program(chain);
    const GeneralSpace space = space_for(program);
    Draws draws(3, 0, 0, chain);
    for (std::uint64_t n = 0; n < kChain; ++n) {
      const std::size_t number = draws.below(static_cast<std::uint32_t>(changed.size()));
      const CoreProgram before = program;
      const bool did = mutate(general_mutations()[number], space, program, draws);
      ++tried[number];
      changed[number] += did;
      CAPTURE(general_mutations()[number].name);
      CAPTURE(chain);
      CAPTURE(n);
      REQUIRE(did != (program == before));
      if ((chain * kChain + n) % check_every == 0 || n + 1 == kChain) {
        INFO(print(before));
        require_whole(program, space);
      }
    }
  }
  for (std::size_t m = 0; m < changed.size(); ++m) {
    CAPTURE(general_mutations()[m].name);
    if (general_mutations()[m].name == std::string("identity")) CHECK(changed[m] == 0);
    else CHECK(changed[m] > tried[m] / 5);
  }
}

}  // namespace

TEST_CASE("mutated programs read back, bind and stay within limits") {
  const char* asked = std::getenv("MLZ_MUTATIONS");
  const std::uint64_t mutations = asked == nullptr ? 20'000 : std::strtoull(asked, nullptr, 10);
  walk(mutations, asked == nullptr ? 2 : 10);
}
