#pragma once
#include <memory>
#include <optional>
#include <string>

#include "lang/core/diagnostics.hpp"
#include "lang/text/ast.hpp"

namespace mlz::text {

/// Parses a whole file. Every logical line is parsed on its own, so that all bad lines are reported; what could be
/// read is returned all the same. Bounded in memory and depth for any input.
Program parse(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics);

/// Parses the text of one expression (the value of `--set name=value`); `source` names it in messages.
std::optional<Expr> parse_expression(const std::string& text, Diagnostics& diagnostics,
                                     const std::string& source = "<expression>");

/// Canonical surface text: parse(print(p)) gives p again, but for locations.
std::string print(const Program& program);
std::string print(const Expr& expr);

bool equal(const Program& a, const Program& b);  ///< but for locations and file
bool equal(const Expr& a, const Expr& b);

}  // namespace mlz::text
