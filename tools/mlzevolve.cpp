#include "tools/evolve/evolve_options.hpp"
#include "tools/evolve/evolve_program.hpp"
#include "tools/support/program_main.hpp"

int main(int argc, char** argv) {
  return mlz::tools::guarded([&] {
    int exit_code = mlz::tools::kSuccess;
    const auto options = mlz::tools::parse_evolve_options(argc, argv, exit_code);
    return options ? mlz::tools::evolve_program(*options) : exit_code;
  });
}
