#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "bench/session.hpp"

namespace mlz::bench {
namespace {

/// A run of the mlzrun beside this program that ends before it looks at data.
Contender start(const std::string& name, const std::string& arguments) {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string command = fmt::format("exec '{}' {} >/dev/null", (folder / "mlzrun").string(), arguments);
  return {name, false, by_the_wall([command] {
            if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot run " + command);
            return 0.0;
          })};
}

}  // namespace

void bench_start(Session& session) {
  session.add({"mlzrun", "ms", 1e6, {start("--version", "--version"), start("mlp --check", "stdlib/mlp.mlz --check")}});
}

}  // namespace mlz::bench
