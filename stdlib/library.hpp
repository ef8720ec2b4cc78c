#pragma once
#include <string_view>
#include <vector>

namespace mlz {

/// A program of the standard library, embedded at build time.
struct LibraryFile {
  std::string_view name;  ///< "mlp.mlz"
  std::string_view text;
};
const std::vector<LibraryFile>& library_files();

}  // namespace mlz
