#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "lang/core/source.hpp"

namespace mlz {

/// A second place that explains an error, such as where a shape came from.
struct Note {
  Location where;
  std::string message;
};

/// One error in a program, as a person needs to see it.
struct Diagnostic {
  Location where;
  std::string message;  ///< what is wrong and what was expected, without a final stop
  std::vector<Note> notes;
  std::string hint;  ///< what to do about it; may be empty

  /// The full text: place, message, source line with caret, notes and hint.
  std::string text() const;
};

/// Collects the errors of one compilation in the order of their places. Keeps the first `limit` and
/// counts the rest, so that a file of a million errors costs bounded memory.
class Diagnostics {
 public:
  explicit Diagnostics(int limit = 100) : limit_(limit) {}

  Diagnostic& error(Location where, std::string message, std::string hint = {});
  bool ok() const { return count_ == 0; }
  long count() const { return count_; }
  const std::vector<Diagnostic>& items() const { return items_; }

  /// All kept errors, followed by "and N more" when some were dropped.
  std::string text() const;

 private:
  int limit_;
  long count_ = 0;
  std::vector<Diagnostic> items_;
  Diagnostic dropped_;
};

/// Thrown where a caller asked for a value and the input does not allow one: the message is complete
/// and meant for the user (exit code 2).
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Of `candidates`, the one a person most likely meant by `word`, or empty when none is close.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace mlz
