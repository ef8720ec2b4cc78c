#include <algorithm>

#include "vm/optimise.hpp"

namespace mlz::vm {
namespace {

/// How far ahead a write is looked after: bounds the time taken on unrolled programs.
constexpr std::size_t kWindow = 256;

/// Which columns, or else which rows, of a register have been written whole.
class Coverage {
 public:
  explicit Coverage(const BoundRegister& r)
      : rows_(r.rows),
        cols_(r.cols),
        row_done_(static_cast<std::size_t>(r.rows), 0),
        col_done_(static_cast<std::size_t>(r.cols), 0) {}

  void add(const std::array<std::int64_t, 4>& window) {
    const auto& [row, col, rows, cols] = window;
    if (rows == rows_) std::fill_n(col_done_.begin() + col, cols, char{1});
    if (cols == cols_) std::fill_n(row_done_.begin() + row, rows, char{1});
  }
  bool complete() const { return all(row_done_) || all(col_done_); }

 private:
  std::int64_t rows_, cols_;
  std::vector<char> row_done_, col_done_;

  static bool all(const std::vector<char>& done) { return std::ranges::find(done, char{0}) == done.end(); }
};

/// The first `set` after the write at `at` where that one and the ones after it write every entry before any is read; the
/// number of instructions where there is none.
std::size_t covered_from(const BoundProgram& program, const std::vector<BoundInstruction>& code, std::size_t at) {
  const RegisterId r = code[at].out;
  Coverage coverage(program.registers[r]);
  std::size_t first = code.size();
  for (std::size_t j = at + 1; j < std::min(code.size(), at + kWindow); ++j) {
    if (reads(code[j], r)) break;
    if (code[j].out != r) continue;
    if (!keeps_old_value(code[j])) break;
    first = std::min(first, j);
    coverage.add(code[j].attr);
    if (coverage.complete()) return first;
  }
  return code.size();
}

}  // namespace

void drop_covered(Optimised& o) {
  for (auto& code : o.program.code) {
    for (std::size_t at = 0; at < code.size(); ++at) {
      if (keeps_old_value(code[at]) || code[at].op == OpId::set) continue;
      const std::size_t first = covered_from(o.program, code, at);
      if (first == code.size()) continue;
      code[first].value = 1;
      code[at].op = OpId::noop;
    }
    std::erase_if(code, [](const BoundInstruction& i) { return i.op == OpId::noop; });
  }
}

}  // namespace mlz::vm
