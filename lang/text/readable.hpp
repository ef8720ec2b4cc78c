#pragma once
#include <string>

#include "lang/core/core_program.hpp"

namespace mlz::text {

/// How far the readable form goes.
struct ReadableOptions {
  bool fold = true;        ///< what is used once becomes part of the expression that uses it
  bool names = true;       ///< numbered registers get names, and numbers set once in Setup become consts
  std::size_t width = 88;  ///< expressions do not grow beyond so many characters
};

/// Surface text for people of a program without holes: the same operations in the same order of dependence, in infix
/// notation. Held lines stay lines. Whoever relies on equal results must compare them: where an expression of numbers
/// alone arises it is worked out before the run, which may differ in the last bit.
std::string readable(const CoreProgram& program, const ReadableOptions& options = {});

}  // namespace mlz::text
