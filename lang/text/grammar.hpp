#pragma once
#include <optional>

#include "lang/core/diagnostics.hpp"
#include "lang/text/builder.hpp"
#include "lang/text/lines.hpp"

/// The grammar of one logical line. Its implementation is the only user of the parser library.
namespace mlz::text {

/// Parses `line` as a declaration, statement or header; monostate, with the error reported, when it
/// is none. `nodes` counts the expressions of the file so far.
ParsedLine parse_line(const Lines& lines, const LogicalLine& line, long& nodes,
                      Diagnostics& diagnostics);

/// Parses `line` as one expression.
std::optional<Expr> parse_expression_line(const Lines& lines, const LogicalLine& line, long& nodes,
                                          Diagnostics& diagnostics);

}  // namespace mlz::text
