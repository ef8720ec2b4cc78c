#include "tools/support/program_main.hpp"
#include "tools/support/run_options.hpp"
#include "tools/support/run_program.hpp"

int main(int argc, char** argv) {
  return mlz::tools::guarded([&] {
    int exit_code = mlz::tools::kSuccess;
    const auto options = mlz::tools::parse_run_options(argc, argv, exit_code);
    return options ? mlz::tools::run_program(*options) : exit_code;
  });
}
