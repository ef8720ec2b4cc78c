#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mlz {

/// One text a program is made of: its main file, or an imported module.
struct SourceFile {
  std::string name;  ///< as shown in messages: a path or "<text>"
  std::string text;

  /// The line with that number (from 1), without its end; empty when there is none.
  std::string_view line(int number) const;
};

/// A place in a source file. Lines and columns count from 1; line 0 means "nowhere".
struct Location {
  std::shared_ptr<const SourceFile> file;
  int line = 0;
  int column = 0;
  int length = 1;  ///< columns to underline

  bool known() const { return line > 0 && file != nullptr; }
};

}  // namespace mlz
