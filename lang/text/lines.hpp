#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lang/core/diagnostics.hpp"
#include "lang/core/source.hpp"

/// The pre-pass: source text to logical lines with their place in the block structure.
namespace mlz::text {

inline constexpr std::size_t kMaxFileBytes = 16u << 20;
inline constexpr std::size_t kMaxLineBytes = 64u << 10;  ///< of one logical line
inline constexpr int kMaxLines = 1'000'000;
inline constexpr int kMaxBrackets = 100;  ///< open at the same time
inline constexpr int kMaxLevels = 100;    ///< of indentation

/// Where the part of a logical line that begins at `offset` stands in the file.
struct Piece {
  std::uint32_t offset = 0;
  int line = 0;
  int column = 0;
};

/// One statement, header or docstring: without indentation, comments and line ends inside brackets.
struct LogicalLine {
  int level = 0;          ///< how many blocks it is in
  bool doc = false;       ///< a docstring: `text` is what stands between the quotes, as written
  bool broken = false;    ///< its error is reported already; not to be parsed
  std::string_view text;  ///< valid as long as the file and the Lines
  Piece start;
  std::vector<Piece> continued;  ///< further physical lines, joined by one blank each
};

struct Lines {
  std::shared_ptr<const SourceFile> file;
  std::vector<LogicalLine> lines;
  std::deque<std::string> joined;  ///< texts of lines that run over several physical ones
};

/// Splits a file into logical lines. Indentation may be any mix of blanks and tabs, as long as the
/// lines of one block begin with the same characters. Reports every line that cannot be read; past
/// a limit of the whole file the rest is left out.
Lines read_lines(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics);

/// The place of `length` characters at `offset` of the line's text.
Location locate(const Lines& lines, const LogicalLine& line, std::size_t offset,
                std::size_t length);

/// A docstring as kept in the program: no blank lines around it, common indentation of its further
/// lines and blanks at the ends of lines removed.
std::string clean_doc(std::string_view raw);

}  // namespace mlz::text
