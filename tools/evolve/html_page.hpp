#pragma once
#include <string>
#include <vector>

namespace mlz::tools::html {

/// Parts of the pages about runs; each escapes what it is given.
std::string heading(const std::string& text);
std::string row(const std::vector<std::string>& cells, const char* tag = "td");
/// Rows as made by row(), below the names of the columns.
std::string table(const std::vector<std::string>& names, const std::vector<std::string>& rows);
/// Rows as made by row(), without names.
std::string table(const std::vector<std::string>& rows);
std::string listing(const std::string& program);
std::string command(const std::string& line);

/// A whole page around a body that is HTML already, with all it needs in it.
std::string page(const std::string& title, const std::string& body);

}  // namespace mlz::tools::html
