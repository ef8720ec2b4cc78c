#include "lang/core/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace mlz {
namespace {

constexpr std::size_t kWidestLine = 160;

std::string place(const Location& where) {
  if (!where.known()) return where.file ? where.file->name : std::string("program");
  return fmt::format("{}:{}:{}", where.file->name, where.line, where.column);
}

/// A printable copy of a source line: control characters become spaces, long lines are cut.
std::string shown(std::string_view line) {
  std::string out(line.substr(0, kWidestLine));
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }, ' ');
  return out;
}

std::string excerpt(const Location& where) {
  if (!where.known()) return {};
  const std::string line = shown(where.file->line(where.line));
  const auto column = static_cast<std::size_t>(std::max(where.column, 1) - 1);
  if (line.empty() || column > line.size()) return {};
  const std::size_t room = std::max<std::size_t>(line.size() - column, 1);
  const std::size_t width = std::clamp<std::size_t>(static_cast<std::size_t>(where.length), 1, room);
  return fmt::format("  {}\n  {}^{}\n", line, std::string(column, ' '), std::string(width - 1, '~'));
}

}  // namespace

std::string_view SourceFile::line(int number) const {
  std::size_t begin = 0;
  for (int i = 1; i < number; ++i) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return {};
    begin = end + 1;
  }
  const std::size_t end = text.find('\n', begin);
  std::string_view found = std::string_view(text).substr(begin, end == std::string::npos ? end : end - begin);
  if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
  return found;
}

std::string Diagnostic::text() const {
  std::string out = fmt::format("{}: error: {}\n{}", place(where), message, excerpt(where));
  for (const Note& note : notes) {
    out += fmt::format("{}: note: {}\n{}", place(note.where), note.message, excerpt(note.where));
  }
  if (!hint.empty()) out += fmt::format("  hint: {}\n", hint);
  return out;
}

Diagnostic& Diagnostics::error(Location where, std::string message, std::string hint) {
  Diagnostic made{std::move(where), std::move(message), {}, std::move(hint)};
  ++count_;
  if (count_ > limit_) return dropped_ = std::move(made);
  items_.push_back(std::move(made));
  return items_.back();
}

std::string Diagnostics::text() const {
  std::vector<const Diagnostic*> order;
  for (const Diagnostic& item : items_) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const Diagnostic* a, const Diagnostic* b) {
    if (a->where.file != b->where.file) return false;
    return std::pair(a->where.line, a->where.column) < std::pair(b->where.line, b->where.column);
  });
  std::string out;
  for (const Diagnostic* item : order) out += item->text();
  const long more = count_ - static_cast<long>(items_.size());
  if (more > 0) out += fmt::format("and {} more error{}\n", more, more == 1 ? "" : "s");
  return out;
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + 3 || word.size() > candidate.size() + 3) continue;
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t cost = word[i - 1] == candidate[j - 1] ? 0 : 1;
        const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + cost});
        diagonal = row[j];
        row[j] = next;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace mlz
