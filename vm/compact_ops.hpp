#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>

#include "lang/core/op_table.hpp"

namespace mlz::vm {

/// Ops of compact instructions: the numbers of AutoML-Zero (Real et al. 2020, 0 to 64), and what the
/// language has besides for the same kinds of registers.
enum CompactOp : std::uint8_t {
  kNoOp = 0,
  kScalarConstant = 56,
  kVectorEntry = 57,
  kMatrixEntry = 58,
  kScalarUniform = 59,  ///< and vector, matrix
  kScalarNormal = 62,   ///< and vector, matrix
  kAutomlOps = 65,
  kUniformOf = 65,  ///< s, v, m = uniform(sa, sb)
  kNormalOf = 68,   ///< s, v, m = normal(sa, sb)
  kSetVectorEntry = 71,  ///< one entry of v = sa; the entry as in kVectorEntry
  kSetMatrixEntry = 72,
  kCopy = 73,  ///< s, v, m
  kCompactOps = 76,
};

/// Where registers live: 0 none, 1 scalars, 2 vectors of `features` entries, 3 square matrices.
enum class Bank : std::uint8_t { none, scalar, vector, matrix };

/// What an op takes and gives.
struct CompactOpInfo {
  OpId op = OpId::noop;
  Bank out = Bank::none, a = Bank::none, b = Bank::none;
  std::int8_t axis = -1;  ///< of reductions and broadcasts
  bool random = false, keeps_rest = false;  ///< keeps_rest: writes one entry of a register
};
constexpr std::array<CompactOpInfo, kCompactOps> make_compact_ops() {
  constexpr Bank none = Bank::none, s = Bank::scalar, v = Bank::vector, m = Bank::matrix;
  std::array<CompactOpInfo, kCompactOps> t{};
  const auto row = [&](int first, OpId op, std::initializer_list<std::array<Bank, 3>> banks, int axis = -1) {
    for (const auto& [out, a, b] : banks) {
      t[static_cast<std::size_t>(first++)] = {op, out, a, b, static_cast<std::int8_t>(axis), false, false};
    }
  };
  row(1, OpId::add, {{s, s, s}});
  row(2, OpId::sub, {{s, s, s}});
  row(3, OpId::mul, {{s, s, s}});
  row(4, OpId::div, {{s, s, s}});
  row(5, OpId::abs, {{s, s, none}});
  row(6, OpId::reciprocal, {{s, s, none}});
  row(7, OpId::sin, {{s, s, none}});
  row(8, OpId::cos, {{s, s, none}});
  row(9, OpId::tan, {{s, s, none}});
  row(10, OpId::arcsin, {{s, s, none}});
  row(11, OpId::arccos, {{s, s, none}});
  row(12, OpId::arctan, {{s, s, none}});
  row(13, OpId::exp, {{s, s, none}});
  row(14, OpId::log, {{s, s, none}});
  row(15, OpId::heaviside, {{s, s, none}});
  row(16, OpId::step, {{v, v, none}, {m, m, none}});
  row(18, OpId::mul, {{v, s, v}});
  row(19, OpId::broadcast, {{v, s, none}});
  row(20, OpId::reciprocal, {{v, v, none}});
  row(21, OpId::norm, {{s, v, none}});
  row(22, OpId::abs, {{v, v, none}});
  row(23, OpId::add, {{v, v, v}});
  row(24, OpId::sub, {{v, v, v}});
  row(25, OpId::mul, {{v, v, v}});
  row(26, OpId::div, {{v, v, v}});
  row(27, OpId::dot, {{s, v, v}});
  row(28, OpId::outer, {{m, v, v}});
  row(29, OpId::mul, {{m, s, m}});
  row(30, OpId::reciprocal, {{m, m, none}});
  row(31, OpId::matvec, {{v, m, v}});
  row(32, OpId::broadcast_vector, {{m, v, none}}, 0);
  row(33, OpId::broadcast_vector, {{m, v, none}}, 1);
  row(34, OpId::norm, {{s, m, none}});
  row(35, OpId::norm, {{v, m, none}}, 0);
  row(36, OpId::norm, {{v, m, none}}, 1);
  row(37, OpId::transpose, {{m, m, none}});
  row(38, OpId::abs, {{m, m, none}});
  row(39, OpId::add, {{m, m, m}});
  row(40, OpId::sub, {{m, m, m}});
  row(41, OpId::mul, {{m, m, m}});
  row(42, OpId::div, {{m, m, m}});
  row(43, OpId::matmul, {{m, m, m}});
  row(44, OpId::minimum, {{s, s, s}, {v, v, v}});
  row(46, OpId::minimum_m, {{m, m, m}});
  row(47, OpId::maximum, {{s, s, s}, {v, v, v}});
  row(49, OpId::maximum_m, {{m, m, m}});
  row(50, OpId::mean, {{s, v, none}, {s, m, none}});
  row(52, OpId::mean, {{v, m, none}}, 1);
  row(53, OpId::std, {{v, m, none}}, 1);
  row(54, OpId::std, {{s, v, none}, {s, m, none}});
  row(56, OpId::constant, {{s, none, none}});
  row(57, OpId::set_fraction, {{v, none, none}, {m, none, none}});
  row(59, OpId::uniform, {{s, none, none}, {v, none, none}, {m, none, none}});
  row(62, OpId::normal, {{s, none, none}, {v, none, none}, {m, none, none}});
  row(kUniformOf, OpId::uniform, {{s, s, s}, {v, s, s}, {m, s, s}});
  row(kNormalOf, OpId::normal, {{s, s, s}, {v, s, s}, {m, s, s}});
  row(kSetVectorEntry, OpId::set, {{v, s, none}, {m, s, none}});
  row(kCopy, OpId::copy, {{s, s, none}, {v, v, none}, {m, m, none}});
  for (const int op : {57, 58, int{kSetVectorEntry}, int{kSetMatrixEntry}}) {
    t[static_cast<std::size_t>(op)].keeps_rest = true;
  }
  for (CompactOpInfo& info : t) info.random = info.op == OpId::uniform || info.op == OpId::normal;
  return t;
}

inline constexpr std::array<CompactOpInfo, kCompactOps> kCompactOpTable = make_compact_ops();

}  // namespace mlz::vm
