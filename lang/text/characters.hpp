#pragma once
#include <string>
#include <string_view>

/// What may stand in program text, character by character.
namespace mlz::text {

/// The number of bytes of the UTF-8 character at the front of `text`; 0 when it is not valid UTF-8.
std::size_t utf8_length(std::string_view text);

/// The first byte of a docstring that may not be kept (invalid UTF-8, a control character), or
/// npos.
std::size_t bad_doc_byte(std::string_view text);

/// The character at the front of `text` as a message names it: "`é` (U+00E9)", "byte 0xff".
std::string describe_character(std::string_view text);

/// What to type instead of a character that word processors put in, or empty.
std::string character_hint(std::string_view text);

}  // namespace mlz::text
