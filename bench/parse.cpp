#include <fmt/format.h>

#include <stdexcept>

#include "bench/session.hpp"
#include "lang/text/compile.hpp"

namespace mlz::bench {
namespace {

/// Lines of the forms that programs are made of: numbered registers, expressions, products, calls.
std::string long_program(int lines) {
  std::string text = "def Setup():\n  s2 = 0.01\n  m0 = normal(0, 0.1)\ndef Predict():\n";
  for (int k = 0; k < lines / 2; ++k) text += fmt::format("  v{} = relu(m0 @ v{} + s2 * v1)\n", 1 + k % 7, (k * 3) % 8);
  text += "  s1 = dot(v1, v2)\ndef Learn():\n";
  for (int k = 0; k < lines / 2 - 5; ++k) text += fmt::format("  s{} = s{} + {} * (s0 - s1)\n", 2 + k % 5, 2 + k % 3, 0.25 * k);
  return text;
}

}  // namespace

void bench_parse(Session& session) {
  const auto file = std::make_shared<SourceFile>(SourceFile{"<text>", long_program(1000)});
  const auto compile = [file] {
    Diagnostics diagnostics;
    const auto compiled = text::compile(file, {}, diagnostics);
    if (!compiled) throw std::runtime_error(diagnostics.text());
    return static_cast<double>(compiled->core.functions[1].size());
  };
  session.add({"1,000 lines", "ms", 1e6, {{"mlz", true, on_this_thread(compile)}}});
}

}  // namespace mlz::bench
