#include <fmt/format.h>

#include <stdexcept>

#include "bench/session.hpp"
#include "lang/text/compile.hpp"
#include "lang/text/parser.hpp"

namespace mlz::bench {
namespace {

/// Lines of the forms that programs are made of: numbered registers, expressions, products, calls.
std::string long_program(int lines) {
  std::string text = "def Setup():\n  s2 = 0.01\n  m0 = normal(0, 0.1)\ndef Predict():\n";
  for (int k = 0; k < lines / 2; ++k) text += fmt::format("  v{} = relu(m0 @ v{} + s2 * v1)\n", 1 + k % 7, (k * 3) % 8);
  text += "  s1 = dot(v1, v2)\ndef Learn():\n";
  for (int k = 0; k < lines / 2 - 6; ++k) text += fmt::format("  s{} = s{} + {} * (s0 - s1)\n", 2 + k % 5, 2 + k % 3, 0.25 * k);
  return text;
}

void add(Session& session, const std::string& name, std::function<double(Diagnostics&)> work) {
  const auto run = [work] {
    Diagnostics diagnostics;
    const double result = work(diagnostics);
    if (!diagnostics.ok()) throw std::runtime_error(diagnostics.text());
    return result;
  };
  session.add({name, "ms", 1e6, {{"mlz", true, on_this_thread(run)}}});
}

}  // namespace

void bench_parse(Session& session) {
  const auto file = std::make_shared<SourceFile>(SourceFile{"<text>", long_program(1000)});
  add(session, "text to syntax tree", [file](Diagnostics& diagnostics) {
    return static_cast<double>(text::parse(file, diagnostics).file->text.size());
  });
  add(session, "text to core form", [file](Diagnostics& diagnostics) {
    const auto compiled = text::compile(file, {}, diagnostics);
    return compiled ? static_cast<double>(compiled->core.registers.size()) : 0;
  });
}

}  // namespace mlz::bench
