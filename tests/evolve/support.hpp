#pragma once
#include <string>

#include "evolve/numbered/evaluator.hpp"
#include "evolve/numbered/live.hpp"
#include "evolve/numbered/mutations.hpp"
#include "lang/text/compile.hpp"

namespace mlz::test {

inline evolve::Space every_op(int length = 10) {
  evolve::Space space;
  space.banks.count = {4, 3, 2};
  for (auto& part : space.parts) part = {evolve::parse_op_list("all", "ops"), length, 0, 2 * length};
  return space;
}

inline CoreProgram core_of(const std::string& text) {
  Diagnostics diagnostics;
  const auto compiled = text::compile(std::make_shared<SourceFile>(SourceFile{"<test>", text}), {}, diagnostics);
  if (!compiled) throw InputError(diagnostics.text());
  return compiled->core;
}

}  // namespace mlz::test
