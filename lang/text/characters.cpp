#include "lang/text/characters.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <utility>

namespace mlz::text {
namespace {

/// The code point of a character of `length` bytes that utf8_length accepted.
std::uint32_t code_point(std::string_view text, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (length == 1) return byte(0);
  std::uint32_t value = byte(0) & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (byte(i) & 0x3fu);
  return value;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  if (length < 3) return length;
  const std::uint32_t value = code_point(text, length);
  if (value < (length == 3 ? 0x800u : 0x10000u) || value > 0x10ffff) return 0;
  return value >= 0xd800 && value < 0xe000 ? 0 : length;
}

std::size_t bad_doc_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool line_end = byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if ((byte < 32 && byte != '\n' && byte != '\t' && !line_end) || byte == 127) return i;
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::string describe_character(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.empty() ? '\0' : text[0]);
  const std::size_t length = utf8_length(text);
  if (length == 0) return fmt::format("byte 0x{:02x}", byte);
  if (byte < 32 || byte == 127) return fmt::format("control character 0x{:02x}", byte);
  if (length == 1) return fmt::format("`{}`", text[0]);
  return fmt::format("`{}` (U+{:04X})", text.substr(0, length), code_point(text, length));
}

std::string character_hint(std::string_view text) {
  using Pair = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Pair, 12> kTyped{{{"\u2212", "-"},
                                                {"\u2013", "-"},
                                                {"\u2014", "-"},
                                                {"\u00d7", "*"},
                                                {"\u00b7", "*"},
                                                {"\u2264", "<="},
                                                {"\u2265", ">="},
                                                {"\u2260", "!="},
                                                {"\u201c", "\""},
                                                {"\u201d", "\""},
                                                {"\u00a0", " "},
                                                {"\u2019", "'"}}};
  for (const auto& [character, typed] : kTyped) {
    if (text.substr(0, character.size()) == character)
      return fmt::format("type `{}` instead", typed);
  }
  return "names, numbers and operators are plain ASCII; other characters may stand in comments and "
         "docstrings";
}

}  // namespace mlz::text
