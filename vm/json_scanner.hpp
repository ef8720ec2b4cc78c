#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mlz::vm {

/// Text that is no JSON, or nested too deeply; says what is wrong.
class BadJson : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads JSON from left to right, for headers whose form is known; builds no tree, so memory is that of what is asked
/// for. All functions skip blanks first and throw BadJson for text that is not of the form JSON has.
class JsonScanner {
 public:
  JsonScanner(std::string_view text, int most_depth) : text_(text), most_depth_(most_depth) {}

  /// The character that the next value begins with; 0 at the end.
  char next();
  bool at_end() { return next() == 0; }
  /// An object: `member` is called behind each name and colon, and must read the value.
  void object(const std::function<void(const std::string& name)>& member);
  /// A list: `item` is called before each value, and must read it.
  void list(const std::function<void()>& item);
  /// A text with its escapes decoded; must be UTF-8.
  std::string text();
  /// A number; nothing when it is not a whole one from 0 to 2^64 - 1.
  std::optional<std::uint64_t> whole_number();
  /// Any value.
  void skip();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0, most_depth_;

  void expect(char c);
  bool take(char c);
  void down();
  std::string_view word();
  std::uint32_t hex4();
  void escape(std::string& out);
};

bool is_utf8(std::string_view text);

}  // namespace mlz::vm
