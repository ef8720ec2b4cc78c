#include <algorithm>
#include <tuple>

#include "vm/api/impl.hpp"

namespace mlz {
namespace {

std::string file_of(const Location& where) { return where.file ? where.file->name : std::string(); }

ProgramError value_of(const Diagnostic& d) {
  ProgramError e;
  e.file = file_of(d.where);
  if (d.where.known()) {
    e.line = d.where.line;
    e.column = d.where.column;
    e.length = d.where.length;
  }
  e.message = d.message;
  e.hint = d.hint;
  for (const Note& n : d.notes) {
    const bool known = n.where.known();
    e.notes.push_back({file_of(n.where), known ? n.where.line : 0, known ? n.where.column : 0, n.message});
  }
  e.text = d.text();
  return e;
}

}  // namespace

ProgramError plain_error(const std::string& message) {
  ProgramError e;
  e.message = message;
  e.text = "error: " + message + "\n";
  return e;
}

std::vector<ProgramError> error_values(const Diagnostics& diagnostics) {
  std::vector<ProgramError> out;
  for (const Diagnostic& d : diagnostics.items()) out.push_back(value_of(d));
  std::vector<std::string> files;  // in the order in which errors name them
  for (const ProgramError& e : out) {
    if (std::find(files.begin(), files.end(), e.file) == files.end()) files.push_back(e.file);
  }
  const auto place = [&](const ProgramError& e) {
    return std::tuple(std::find(files.begin(), files.end(), e.file), e.line, e.column);
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const ProgramError& a, const ProgramError& b) { return place(a) < place(b); });
  return out;
}

}  // namespace mlz
