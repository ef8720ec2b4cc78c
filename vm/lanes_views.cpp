#include "vm/lanes_views.hpp"

#include <algorithm>

namespace mlz::vm::lanes {
namespace {

/// How far ahead readers are looked for: bounds the time taken on unrolled programs.
constexpr std::size_t kWindow = 512;

template <class F>
std::vector<std::int32_t> list(std::int64_t n, F f) {
  std::vector<std::int32_t> made;
  made.reserve(static_cast<std::size_t>(n));
  for (std::int64_t k = 0; k < n; ++k) made.push_back(static_cast<std::int32_t>(f(k)));
  return made;
}

std::vector<std::int32_t> unfolded(const BoundProgram& program, const BoundInstruction& i) {
  const BoundRegister& out = program.registers[i.out];
  const auto [height, width, channels, kernel] = i.attr;
  return list(out.size(), [&, h = height, w = width, c = channels, n = kernel](std::int64_t k) -> std::int64_t {
    const std::int64_t pixel = k / out.cols, entry = k % out.cols, before = (n - 1) / 2;
    const std::int64_t y = pixel / w + entry / (n * c) - before, x = pixel % w + entry / c % n - before;
    if (y < 0 || y >= h || x < 0 || x >= w) return -1;
    return (y * w + x) * c + entry % c;
  });
}

/// Operations that moved_entries knows.
bool is_move(OpId op) {
  switch (op) {
    case OpId::copy:
    case OpId::reshape:
    case OpId::fill:
    case OpId::broadcast:
    case OpId::get:
    case OpId::broadcast_vector:
    case OpId::transpose:
    case OpId::repeat_rows:
    case OpId::tile_rows:
    case OpId::unfold: return true;
    default: return false;
  }
}

/// Operations whose kernels take their entries from anywhere.
bool reads_anywhere(OpId op) { return op_info(op).has(kElementwise) || is_move(op); }

/// Whether entries follow each other, from the first one on.
bool is_straight(const std::vector<std::int32_t>& index) {
  for (std::size_t k = 1; k < index.size(); ++k) {
    if (index[k] != index[0] + static_cast<std::int32_t>(k)) return false;
  }
  return index[0] >= 0;
}

}  // namespace

std::vector<std::int32_t> moved_entries(const BoundProgram& program, const BoundInstruction& i) {
  const std::int64_t n = program.registers[i.out].size(), out_cols = program.registers[i.out].cols;
  if (!is_move(i.op)) return {};
  const BoundRegister& from = program.registers[i.in[0]];
  const std::int64_t cols = from.kind == Kind::vector ? 1 : from.cols, count = from.size() / cols;
  const auto& attr = i.attr;
  switch (i.op) {
    case OpId::copy:
    case OpId::reshape: return list(n, [](std::int64_t k) { return k; });
    case OpId::fill:
    case OpId::broadcast: return list(n, [](std::int64_t) { return 0; });
    case OpId::get:
      return list(n, [&](std::int64_t k) { return (attr[0] + k / attr[3]) * from.cols + attr[1] + k % attr[3]; });
    case OpId::broadcast_vector: return list(n, [&](std::int64_t k) { return attr[0] == 0 ? k / out_cols : k % out_cols; });
    case OpId::transpose: return list(n, [&](std::int64_t k) { return k % out_cols * from.cols + k / out_cols; });
    case OpId::repeat_rows: return list(n, [&](std::int64_t k) { return k / cols / attr[0] * cols + k % cols; });
    case OpId::tile_rows: return list(n, [&](std::int64_t k) { return k / cols % count * cols + k % cols; });
    case OpId::unfold: return unfolded(program, i);
    default: return {};
  }
}

Views::Views(const BoundProgram& program, std::span<const BoundInstruction> code, const std::vector<char>& kept)
    : program_(program), code_(code), skipped_(code.size(), 0), operands_(code.size()) {
  for (std::size_t at = 0; at < code.size(); ++at) {
    for (std::size_t k = 0; k < code[at].in_count; ++k) operands_[at][k].reg = code[at].in[k];
  }
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (kept[code[at].out] == 0) fold(at);
  }
}

/// The operands that are what the instruction at `at` writes. False where a part of it is written later, or a reader is not
/// found.
bool Views::find_readers(std::size_t at, std::vector<Reader>& readers) const {
  const RegisterId made = code_[at].out;
  for (std::size_t j = at + 1; j < code_.size(); ++j) {
    const BoundInstruction& i = code_[j];
    if (reads(i, made) && (j - at > kWindow || op_info(i.op).has(kRandom))) return false;
    for (std::size_t k = 0; k < i.in_count; ++k) {
      if (i.in[k] == made) readers.push_back({j, k});
    }
    if (i.out == made) return !keeps_old_value(i);
  }
  return true;
}

View Views::through(const View& source, std::vector<std::int32_t> entries) const {
  View view{source.reg, 0, std::move(entries)};
  for (std::int32_t& entry : view.index) {
    if (entry < 0) continue;
    entry = source.index.empty() ? entry + static_cast<std::int32_t>(source.first)
                                 : source.index[static_cast<std::size_t>(entry)];
  }
  if (!is_straight(view.index)) return view;
  view.first = view.index[0];
  view.index.clear();
  return view;
}

void Views::fold(std::size_t at) {
  std::vector<Reader> readers;
  if (!is_move(code_[at].op) || !find_readers(at, readers)) return;
  std::vector<std::int32_t> entries = moved_entries(program_, code_[at]);
  if (std::ranges::find(entries, -1) != entries.end()) return;
  const View view = through(operands_[at][0], std::move(entries));
  for (const Reader& r : readers) {
    if (!view.index.empty() && !reads_anywhere(code_[r.at].op)) return;
  }
  for (std::size_t j = at + 1; !readers.empty() && j <= readers.back().at; ++j) {
    if (code_[j].out == view.reg) return;
  }
  for (const Reader& r : readers) operands_[r.at][r.operand] = view;
  skipped_[at] = 1;
}

}  // namespace mlz::vm::lanes
