// Any text is compiled, bound and run within its limits, or refused; core form and bound form give the same program
// again, and all engines the same predictions.
#include <bit>
#include <cmath>
#include <optional>

#include "mlz/mlz.hpp"
#include "target.hpp"

namespace {

constexpr int kSteps = 3;

mlz::Result<mlz::BoundProgram> bind(const mlz::Program& program) {
  mlz::BindOptions options;
  options.max_instructions = 2000;
  options.max_bytes = 1 << 20;
  options.max_operations = 1e6;
  return program.bind({{"features", 4}, {"outputs", 2}, {"actions", 2}, {"height", 2}, {"width", 2}, {"channels", 1}},
                      options);
}

/// Predictions of a few steps; nothing where the engine refuses the program.
std::optional<std::vector<double>> predictions(const mlz::BoundProgram& program, const std::string& engine) {
  mlz::StartOptions options;
  options.engine = engine;
  options.blas = false;
  options.max_bytes = 1 << 24;
  auto lifetimes = program.start(options);
  if (!lifetimes) return std::nullopt;
  lifetimes->setup();
  const std::size_t features = program.x() ? static_cast<std::size_t>(program.x()->size()) : 0;
  const std::size_t targets = program.target() ? static_cast<std::size_t>(program.target()->size()) : 0;
  std::vector<double> all;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<double> x(features), target(targets, step % 2);
    for (std::size_t i = 0; i < features; ++i) x[i] = std::sin(static_cast<double>(i) + step);
    const auto y = lifetimes->predict(std::span<const double>(x));
    all.insert(all.end(), y.begin(), y.end());
    lifetimes->learn(std::span<const double>(x), std::span<const double>(target));
  }
  return all;
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool equal = std::bit_cast<std::uint64_t>(a[i]) == std::bit_cast<std::uint64_t>(b[i]);
    if (!equal && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  }
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlz::fuzz::require;
  const auto program = mlz::compile(mlz::fuzz::text_of({data, size}));
  if (!program) {
    require(!program.error_text().empty(), "errors have a text");
    return 0;
  }
  const std::string core = program->core_text();
  const auto again = mlz::compile(core);
  require(bool(again), "core form compiles:\n" + core + again.error_text());
  require(again->core_text() == core, "core form is its own core form:\n" + core);
  const auto bound = bind(*program);
  if (!bound) return 0;
  const auto bytes = bound->to_bytes();
  const auto loaded = mlz::BoundProgram::load(bytes);
  require(bool(loaded), "bound form loads: " + loaded.error_text());
  const auto expected = predictions(*loaded, "reference");
  for (const std::string& engine : mlz::engine_names()) {
    const auto found = predictions(*bound, engine);
    require(!found || !expected || same(*found, *expected), engine + " agrees with reference:\n" + core);
  }
  return 0;
}
