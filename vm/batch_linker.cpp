#include "vm/batch_linker.hpp"

#include <bit>
#include <cstring>

namespace mlz::vm {
namespace {

using stream::Code;

constexpr std::uint32_t kLine = 64;

std::uint32_t to_line(std::size_t bytes) { return static_cast<std::uint32_t>((bytes + kLine - 1) / kLine * kLine); }

void set_constant(Code& code, double value) { std::memcpy(&code.b, &value, sizeof value); }

/// Numbers of AutoML-Zero ops that fusion looks for.
enum : std::uint8_t { kAdd = 1, kSub = 2, kMul = 3, kScale = 18, kVectorAdd = 23, kVectorSub = 24, kOuterProduct = 28,
                      kMatrixVector = 31, kMatrixAdd = 39, kMatrixSub = 40 };

bool scalar_arithmetic(std::uint8_t op) { return op >= kAdd && op <= kMul; }

/// The handler for `q` where its operand is the result of `p`, on the left or on the right; or -1.
int fused_op(std::uint8_t p, std::uint8_t q, bool left) {
  if (scalar_arithmetic(p) && scalar_arithmetic(q)) {
    return stream::scalar_pair(p - kAdd, q == kSub && !left ? 3 : q - kAdd);
  }
  const int add = p == kScale && (q == kVectorAdd || q == kVectorSub)            ? int{stream::kAddScaled}
                  : p == kOuterProduct && (q == kMatrixAdd || q == kMatrixSub) ? int{stream::kAddOuter}
                                                                                 : -1;
  if (add >= 0) return q == kVectorAdd || q == kMatrixAdd ? add : left ? add + 2 : add + 1;
  return p == kMatrixVector && q == kVectorAdd ? int{stream::kMatvecAdd} : -1;
}

}  // namespace

BatchLayout::BatchLayout(std::uint32_t n, std::uint32_t lanes, std::uint32_t number_bytes, bool matrices_apart)
    : features(n), entry(lanes * number_bytes), number(number_bytes), apart(matrices_apart) {
  zero = to_line(sizeof(stream::Header));
  label = zero + size(Bank::vector);
  x = label + size(Bank::scalar);
  scratch = x + size(Bank::vector);
  candidates = scratch + size(Bank::matrix) * (apart ? stream::kRooms : 1);
}

void BatchLinker::lay_out(const CompactProgram& program, std::uint32_t begin, BatchCode& out) {
  out.state = begin;
  std::uint32_t at = begin + stream::kStateEntries * layout_.entry;
  out.registers = at;
  RegisterSet used = live_->used;
  used.add(Bank::scalar, 1);
  for (const Bank bank : {Bank::scalar, Bank::vector, Bank::matrix}) {
    if (bank == Bank::matrix) out.matrices = at;
    for (std::uint64_t left = used.bits[static_cast<std::size_t>(bank)]; left != 0; left &= left - 1) {
      offset_[static_cast<std::size_t>(bank)][static_cast<std::size_t>(std::countr_zero(left))] = at;
      at += layout_.size(bank);
    }
  }
  out.end = at;
  out.prediction = offset_[1][1];
  out.constants.clear();
  for (const auto& [reg, value] : program.constants) {
    if (used.has(Bank::scalar, reg)) out.constants.push_back({offset_[1][reg], value});
  }
}

/// Registers that only hold what the task hands in are shared by all candidates.
std::uint32_t BatchLinker::place(Bank bank, std::uint8_t reg) const {
  if (reg == 0 && bank == Bank::scalar && !live_->writes_target) {
    return function_ == Function::learn ? layout_.label : layout_.zero;
  }
  if (reg == 0 && bank == Bank::vector && !live_->writes_features) {
    return function_ == Function::setup ? layout_.zero : layout_.x;
  }
  return bank == Bank::none ? 0 : offset_[static_cast<std::size_t>(bank)][reg];
}

/// Copies into registers that the program writes itself.
void BatchLinker::show_inputs(std::vector<Code>& out) const {
  if (function_ == Function::setup) return;
  if (live_->writes_features) out.push_back({handler(kCopy + 1), offset_[2][0], layout_.x, 0, 0});
  if (live_->writes_target) {
    const std::uint32_t from = function_ == Function::learn ? layout_.label : layout_.zero;
    out.push_back({handler(kCopy), offset_[1][0], from, 0, 0});
  }
}

std::uint32_t BatchLinker::draw(const LiveInstruction& l) {
  const CompactOpInfo& op = kCompactOpTable[l.i.op];
  BatchDraw d{candidate_, function_, op.op, l.sampler, place(op.out, l.i.out), layout_.size(op.out) / layout_.entry,
              l.i.op >= kAutomlOps, 0, 0, 0, 0};
  if (d.from_registers) {
    d.a = place(op.a, l.i.a);
    d.b = place(op.b, l.i.b);
  } else {
    d.first = static_cast<double>(l.i.pair()[0]);
    d.second = static_cast<double>(l.i.pair()[1]);
  }
  draws_->push_back(d);
  return static_cast<std::uint32_t>(draws_->size() - 1);
}

/// Where the entry that an instruction sets lies in its register.
std::uint32_t BatchLinker::entry_offset(const CompactInstruction& i) const {
  const std::uint32_t n = layout_.features, row = entry_of_fraction(i.pair()[0], n);
  if (kCompactOpTable[i.op].out != Bank::matrix) return row * layout_.entry;
  const std::uint32_t column = entry_of_fraction(i.pair()[1], n);
  return layout_.apart ? (column * n + row) * layout_.number : (row * n + column) * layout_.entry;
}

Code BatchLinker::one(const LiveInstruction& l) {
  const CompactInstruction& i = l.i;
  const CompactOpInfo& op = kCompactOpTable[i.op];
  Code code{handler(i.op), place(op.out, i.out), place(op.a, i.a), place(op.b, i.b), 0};
  if (op.random) {
    code.a = draw(l);
  } else if (i.op == kScalarConstant) {
    set_constant(code, i.number());
  } else if (op.keeps_rest) {
    code.out += entry_offset(i);
    if (op.op == OpId::set_fraction) set_constant(code, static_cast<double>(op.out == Bank::matrix ? i.third : i.pair()[1]));
  }
  return code;
}

bool BatchLinker::fused(const LiveInstruction& p, const LiveInstruction& q, Code& out) const {
  const CompactOpInfo &first = kCompactOpTable[p.i.op], &second = kCompactOpTable[q.i.op];
  const bool left = second.a == first.out && q.i.a == p.i.out, right = second.b == first.out && q.i.b == p.i.out;
  if (left == right || !(left ? q.a_dies : q.b_dies)) return false;
  const int op = fused_op(p.i.op, q.i.op, left);
  if (op < 0) return false;
  const std::uint8_t other = left ? q.i.b : q.i.a;
  out = {handler(op), place(second.out, q.i.out), place(first.a, p.i.a), place(first.b, p.i.b),
         place(left ? second.b : second.a, other)};
  return true;
}

void BatchLinker::link(const LiveProgram& live, const CompactProgram& program, std::uint32_t candidate,
                       std::uint32_t begin, BatchCode& out, std::vector<BatchDraw>& draws) {
  live_ = &live;
  candidate_ = candidate;
  draws_ = &draws;
  lay_out(program, begin, out);
  for (const Function f : kFunctions) {
    function_ = f;
    std::vector<Code>& code = out.code[static_cast<std::size_t>(f)];
    const std::vector<LiveInstruction>& lines = live.code[static_cast<std::size_t>(f)];
    code.clear();
    show_inputs(code);
    for (std::size_t k = 0; k < lines.size(); ++k) {
      Code joined;
      if (fuse_ && k + 1 < lines.size() && fused(lines[k], lines[k + 1], joined)) {
        code.push_back(joined);
        ++k;
      } else {
        code.push_back(one(lines[k]));
      }
    }
  }
}

}  // namespace mlz::vm
