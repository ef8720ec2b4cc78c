#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mlz {

/// One thing that is wrong with a text, a program file or an option.
struct ProgramError {
  struct Note {
    std::string file;
    int line = 0, column = 0;
    std::string message;
  };
  std::string file;             ///< as named in CompileOptions; empty when the error has no place
  int line = 0, column = 0;     ///< from 1; 0 when the error has no place
  int length = 0;               ///< columns concerned
  std::string message;          ///< what is wrong and what was expected
  std::string hint;             ///< what to do about it; may be empty
  std::vector<Note> notes;      ///< other places that explain the error
  std::string text;             ///< all of it for people, with the source line and a caret
};

/// Thrown by Result::value() when there is none; what() is the text of all errors.
class NoValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A value, or why there is none. At most 100 errors are kept; error_count() counts all.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}  // NOLINT: a value is a result
  Result(std::vector<ProgramError> errors, std::int64_t count)
      : content_(std::move(errors)), count_(count) {}

  bool ok() const { return std::holds_alternative<T>(content_); }
  explicit operator bool() const { return ok(); }

  T& value() & { return check(), std::get<T>(content_); }
  const T& value() const& { return check(), std::get<T>(content_); }
  T value() && { return check(), std::get<T>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const std::vector<ProgramError>& errors() const {
    static const std::vector<ProgramError> none;
    return ok() ? none : std::get<std::vector<ProgramError>>(content_);
  }
  std::int64_t error_count() const { return count_; }
  /// All errors for people; empty when there is a value.
  std::string error_text() const {
    std::string out;
    for (const ProgramError& e : errors()) out += e.text;
    const std::int64_t more = count_ - static_cast<std::int64_t>(errors().size());
    if (more > 0) out += "and " + std::to_string(more) + " more\n";
    return out;
  }

 private:
  void check() const {
    if (!ok()) throw NoValue(error_text());
  }
  std::variant<T, std::vector<ProgramError>> content_;
  std::int64_t count_ = 0;
};

}  // namespace mlz
