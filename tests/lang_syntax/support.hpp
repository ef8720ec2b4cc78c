#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "lang/text/parser.hpp"

namespace mlz::text {

inline std::shared_ptr<const SourceFile> source(std::string text) {
  return std::make_shared<const SourceFile>(SourceFile{"test.mlz", std::move(text)});
}

/// The program of a text that must be free of errors.
inline Program parsed(const std::string& text) {
  Diagnostics diagnostics;
  Program program = parse(source(text), diagnostics);
  CHECK_MESSAGE(diagnostics.ok(), diagnostics.text());
  return program;
}

inline Expr expression(const std::string& text) {
  Diagnostics diagnostics;
  const auto made = parse_expression(text, diagnostics);
  REQUIRE_MESSAGE(made.has_value(), diagnostics.text());
  CHECK(diagnostics.ok());
  return *made;
}

/// The errors of a text, each as "line:column message | hint".
inline std::vector<std::string> errors(const std::string& text) {
  Diagnostics diagnostics;
  parse(source(text), diagnostics);
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics.items()) {
    out.push_back(std::to_string(d.where.line) + ":" + std::to_string(d.where.column) + " " +
                  d.message + (d.hint.empty() ? "" : " | " + d.hint));
  }
  return out;
}

/// The only error of a text.
inline std::string error(const std::string& text) {
  const auto all = errors(text);
  REQUIRE_MESSAGE(all.size() == 1, text, " has ", all.size(),
                  " errors: ", all.empty() ? "" : all[0]);
  return all[0];
}

}  // namespace mlz::text
