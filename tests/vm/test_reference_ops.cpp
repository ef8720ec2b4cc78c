#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "vm/bind_shapes.hpp"
#include "vm/machine.hpp"

using namespace mlz;
using namespace mlz::vm;

namespace {

using Numbers = std::vector<double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Dims scalar() { return {}; }
Dims vec(std::int64_t n) { return {Kind::vector, 1, n}; }
Dims mat(std::int64_t rows, std::int64_t cols) { return {Kind::matrix, rows, cols}; }

struct Case {
  OpId op;
  std::vector<Dims> in;
  Dims out;
  std::array<std::int64_t, 4> attr{};
  double value = 0;
};

/// Every op that a bound program can hold, with small shapes. Elementwise ones follow from the
/// table.
std::vector<Case> cases() {
  std::vector<Case> all{
      {OpId::copy, {vec(5)}, vec(5)},
      {OpId::get, {mat(3, 4)}, mat(2, 2), {1, 1, 2, 2}},
      {OpId::set, {mat(2, 2)}, mat(3, 4), {0, 2, 2, 2}},
      {OpId::set, {vec(4)}, vec(4), {0, 0, 1, 4}},
      {OpId::fill, {scalar()}, mat(2, 3)},
      {OpId::iota, {}, vec(4), {4}},
      {OpId::broadcast, {scalar()}, vec(4)},
      {OpId::broadcast_vector, {vec(3)}, mat(3, 3), {0}},
      {OpId::broadcast_vector, {vec(3)}, mat(3, 3), {1}},
      {OpId::reshape, {mat(2, 3)}, vec(6)},
      {OpId::transpose, {mat(2, 3)}, mat(3, 2)},
      {OpId::transpose, {mat(3, 3)}, mat(3, 3)},
      {OpId::onehot, {scalar()}, vec(3), {3}},
      {OpId::onehot, {vec(2)}, mat(2, 3), {3}},
      {OpId::repeat_rows, {mat(2, 3)}, mat(4, 3), {2}},
      {OpId::repeat_rows, {vec(3)}, vec(6), {2}},
      {OpId::tile_rows, {mat(2, 3)}, mat(4, 3), {2}},
      {OpId::repeat_rows, {vec(3)}, vec(3), {1}},
      {OpId::tile_rows, {vec(3)}, vec(3), {1}},
      {OpId::dot, {vec(9), vec(9)}, scalar()},
      {OpId::dot, {vec(1), vec(1)}, scalar()},
      {OpId::matvec, {mat(3, 3), vec(3)}, vec(3)},
      {OpId::vecmat, {vec(3), mat(3, 3)}, vec(3)},
      {OpId::matmul, {mat(3, 3), mat(3, 3)}, mat(3, 3)},
      {OpId::matmul, {mat(2, 9), mat(9, 3)}, mat(2, 3)},
      {OpId::outer, {vec(2), vec(3)}, mat(2, 3)},
      {OpId::softmax, {mat(2, 5)}, mat(2, 5)},
      {OpId::log_softmax, {vec(5)}, vec(5)},
      {OpId::layer_norm, {mat(2, 5)}, mat(2, 5), {}, 1e-5},
      {OpId::argmax, {vec(4)}, scalar(), {-1}},
      {OpId::argmax, {mat(3, 3)}, vec(3), {0}},
      {OpId::unfold, {mat(6, 2)}, mat(6, 18), {3, 2, 2, 3}},
      {OpId::unfold, {mat(6, 2)}, mat(6, 2), {3, 2, 2, 1}},
      {OpId::max_pool, {mat(6, 2)}, mat(1, 2), {3, 2, 2}},
      {OpId::mean_pool, {mat(6, 2)}, mat(6, 2), {3, 2, 1}},
      {OpId::uniform, {scalar(), scalar()}, scalar()},
      {OpId::uniform, {scalar(), scalar()}, vec(3)},
      {OpId::normal, {scalar(), scalar()}, scalar()},
      {OpId::truncated_normal, {scalar(), scalar()}, scalar()},
      {OpId::bernoulli, {scalar()}, scalar()},
  };
  for (OpId op : {OpId::sum_groups, OpId::sum_strided, OpId::mean_groups, OpId::mean_strided}) {
    all.push_back({op, {mat(4, 2)}, mat(2, 2), {2}});
    all.push_back({op, {vec(3)}, vec(3), {1}});
  }
  for (OpId op : {OpId::sum, OpId::mean, OpId::max, OpId::min, OpId::norm, OpId::std}) {
    all.push_back({op, {mat(3, 4)}, scalar(), {-1}});
    all.push_back({op, {mat(3, 4)}, vec(4), {0}});
    all.push_back({op, {mat(3, 4)}, vec(3), {1}});
    all.push_back({op, {vec(9)}, scalar(), {-1}});
  }
  for (const OpInfo& op : op_table()) {
    if (!op.has(kElementwise)) continue;
    const Dims d = op.operands[0] == "s" ? scalar() : vec(5);
    all.push_back({op.id, std::vector<Dims>(op.operands.size(), d), d});
    if (op.operands.size() > 1 && op.operands[0] == "svm") {
      std::vector<Dims> mixed(op.operands.size(), mat(2, 3));
      mixed[0] = vec(3);
      if (mixed.size() > 2) mixed[1] = scalar();
      all.push_back({op.id, mixed, mat(2, 3)});
    }
  }
  return all;
}

/// One instruction on registers a, b, c and out; `alias` is the operand that is also the result, or
/// -1.
BoundProgram one(const Case& c, int alias) {
  BoundProgram p;
  p.role.fill(kNoRegister);
  const auto add = [&](const char* name, const Dims& d) {
    BoundRegister r;
    r.name = name;
    r.kind = d.kind;
    r.rows = d.rows;
    r.cols = d.cols;
    r.observed = true;
    p.registers.push_back(r);
    return static_cast<RegisterId>(p.registers.size() - 1);
  };
  BoundInstruction i;
  i.op = c.op;
  i.attr = c.attr;
  i.value = c.value;
  static constexpr const char* kNames[] = {"a", "b", "c"};
  for (const Dims& d : c.in) {
    i.in[i.in_count] = add(kNames[i.in_count], d);
    ++i.in_count;
  }
  i.out = alias < 0 ? add("out", c.out) : i.in[static_cast<std::size_t>(alias)];
  p.code[1].push_back(i);
  return p;
}

Numbers numbers(std::size_t n, double shift) {
  Numbers out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = std::cos(static_cast<double>(i) * 1.7 + shift);
  return out;
}

/// The result with given operands; missing ones are filled with numbers in -1 .. 1. `out` holds
/// `before` at first.
Numbers result(const Case& c, int alias, std::vector<Numbers> in = {}, const Numbers& before = {}) {
  const BoundProgram p = one(c, alias);
  auto machine = make_machine("reference", p, {});
  for (std::size_t k = 0; k < c.in.size(); ++k) {
    if (k >= in.size())
      in.push_back(numbers(static_cast<std::size_t>(c.in[k].size()), static_cast<double>(k)));
    machine->write(static_cast<RegisterId>(k), 0, std::span<const double>(in[k]));
  }
  const RegisterId out = p.code[1][0].out;
  if (!before.empty()) machine->write(out, 0, std::span<const double>(before));
  machine->run(Function::predict);
  Numbers got(static_cast<std::size_t>(c.out.size()));
  machine->read(out, 0, std::span<double>(got));
  return got;
}

bool same_bits(const Numbers& a, const Numbers& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) return false;
  }
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("the reference engine executes every op of the table") {
  // Binding turns these into something else, or refuses them.
  const std::set<OpId> absent{OpId::noop, OpId::constant, OpId::concat, OpId::set_fraction};
  std::set<OpId> executed;
  for (const Case& c : cases()) {
    std::string why;
    INFO(op_info(c.op).name());
    if (c.op != OpId::get && c.op != OpId::set) {
      BoundInstruction i;
      i.op = c.op;
      i.attr = c.attr;
      const auto shape = result_dims(
          i, c.in, c.op == OpId::reshape ? std::optional<Dims>(c.out) : std::nullopt, c.out, why);
      REQUIRE_MESSAGE(shape.has_value(), why);
      CHECK(*shape == c.out);
    }
    CHECK_NOTHROW(result(c, -1));
    executed.insert(c.op);
  }
  for (const OpInfo& op : op_table()) {
    INFO(op.name());
    CHECK(executed.count(op.id) + absent.count(op.id) == 1);
  }
}

TEST_CASE("a result may be an operand: operands are read first") {
  int aliased = 0;
  for (const Case& c : cases()) {
    for (std::size_t k = 0; k < c.in.size(); ++k) {
      if (!(c.in[k] == c.out)) continue;
      INFO(op_info(c.op).name(), " operand ", k);
      const Numbers before =
          c.op == OpId::set ? numbers(static_cast<std::size_t>(c.out.size()), 0) : Numbers{};
      CHECK(same_bits(result(c, static_cast<int>(k)), result(c, -1, {}, before)));
      ++aliased;
    }
  }
  CHECK(aliased > 80);
}

TEST_CASE("values of ops that move entries") {
  const Numbers six{1, 2, 3, 4, 5, 6};
  CHECK(result({OpId::transpose, {mat(2, 3)}, mat(3, 2)}, -1, {six}) == Numbers{1, 4, 2, 5, 3, 6});
  CHECK(result({OpId::broadcast_vector, {vec(2)}, mat(2, 2), {0}}, -1, {{1, 2}}) ==
        Numbers{1, 1, 2, 2});
  CHECK(result({OpId::broadcast_vector, {vec(2)}, mat(2, 2), {1}}, -1, {{1, 2}}) ==
        Numbers{1, 2, 1, 2});
  CHECK(result({OpId::onehot, {scalar()}, vec(3), {3}}, -1, {{1.9}}) == Numbers{0, 1, 0});
  CHECK(result({OpId::onehot, {scalar()}, vec(3), {3}}, -1, {{-0.5}}) == Numbers{0, 0, 0});
  CHECK(result({OpId::onehot, {scalar()}, vec(3), {3}}, -1, {{kNan}}) == Numbers{0, 0, 0});
  CHECK(result({OpId::onehot, {vec(2)}, mat(2, 2), {2}}, -1, {{1, 2}}) == Numbers{0, 1, 0, 0});
  CHECK(result({OpId::repeat_rows, {mat(2, 2)}, mat(4, 2), {2}}, -1, {{1, 2, 3, 4}}) ==
        Numbers{1, 2, 1, 2, 3, 4, 3, 4});
  CHECK(result({OpId::tile_rows, {mat(2, 2)}, mat(4, 2), {2}}, -1, {{1, 2, 3, 4}}) ==
        Numbers{1, 2, 3, 4, 1, 2, 3, 4});
  CHECK(result({OpId::repeat_rows, {vec(2)}, vec(4), {2}}, -1, {{1, 2}}) == Numbers{1, 1, 2, 2});
  CHECK(result({OpId::tile_rows, {vec(2)}, vec(4), {2}}, -1, {{1, 2}}) == Numbers{1, 2, 1, 2});
  const Numbers eight{1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(result({OpId::sum_groups, {mat(4, 2)}, mat(2, 2), {2}}, -1, {eight}) ==
        Numbers{4, 6, 12, 14});
  CHECK(result({OpId::sum_strided, {mat(4, 2)}, mat(2, 2), {2}}, -1, {eight}) ==
        Numbers{6, 8, 10, 12});
  CHECK(result({OpId::mean_groups, {vec(8)}, vec(2), {4}}, -1, {eight}) == Numbers{2.5, 6.5});
  CHECK(result({OpId::mean_strided, {vec(8)}, vec(2), {4}}, -1, {eight}) == Numbers{4, 5});
  CHECK(result({OpId::set, {scalar()}, mat(2, 2), {0, 1, 2, 1}}, -1, {{9}}, {1, 2, 3, 4}) ==
        Numbers{1, 9, 3, 9});
}

TEST_CASE("values of products and reductions") {
  const Numbers six{1, 2, 3, 4, 5, 6};
  CHECK(result({OpId::matvec, {mat(2, 3), vec(3)}, vec(2)}, -1, {six, {1, 0, 2}}) ==
        Numbers{7, 16});
  CHECK(result({OpId::vecmat, {vec(2), mat(2, 3)}, vec(3)}, -1, {{1, 2}, six}) ==
        Numbers{9, 12, 15});
  CHECK(result({OpId::matmul, {mat(2, 3), mat(3, 2)}, mat(2, 2)}, -1, {six, six}) ==
        Numbers{22, 28, 49, 64});
  CHECK(result({OpId::outer, {vec(2), vec(2)}, mat(2, 2)}, -1, {{1, 2}, {3, 4}}) ==
        Numbers{3, 4, 6, 8});
  CHECK(result({OpId::sum, {mat(2, 3)}, vec(3), {0}}, -1, {six}) == Numbers{5, 7, 9});
  CHECK(result({OpId::sum, {mat(2, 3)}, vec(2), {1}}, -1, {six}) == Numbers{6, 15});
  CHECK(result({OpId::max, {mat(2, 3)}, vec(3), {0}}, -1, {{1, kNan, 3, 4, 5, 2}})[2] == 3);
  CHECK(std::isnan(result({OpId::max, {mat(2, 3)}, vec(3), {0}}, -1, {{1, kNan, 3, 4, 5, 2}})[1]));
  CHECK(result({OpId::norm, {vec(2)}, scalar(), {-1}}, -1, {{3, 4}}) == Numbers{5});
  CHECK(result({OpId::std, {vec(4)}, scalar(), {-1}}, -1, {{1, 1, 3, 3}}) == Numbers{1});
  CHECK(result({OpId::argmax, {mat(2, 3)}, vec(2), {1}}, -1, {{1, 3, 3, 9, 2, 1}}) ==
        Numbers{1, 0});
}

TEST_CASE("values of image ops") {
  const Numbers pixels{1, 2, 3, 4, 5, 6};  // two rows of three
  const Numbers patches = result({OpId::unfold, {vec(6)}, mat(6, 9), {2, 3, 1, 3}}, -1, {pixels});
  CHECK(Numbers(patches.begin(), patches.begin() + 9) == Numbers{0, 0, 0, 0, 1, 2, 0, 4, 5});
  CHECK(Numbers(patches.end() - 9, patches.end()) == Numbers{2, 3, 0, 5, 6, 0, 0, 0, 0});
  const Numbers even = result({OpId::unfold, {vec(6)}, mat(6, 4), {2, 3, 1, 2}}, -1, {pixels});
  CHECK(Numbers(even.begin(), even.begin() + 4) == Numbers{1, 2, 4, 5});
  // Two channels: pixel p has (p, 10 p).
  const Numbers two{1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60};
  CHECK(result({OpId::max_pool, {mat(6, 2)}, mat(1, 2), {2, 3, 2}}, -1, {two}) == Numbers{5, 50});
  CHECK(result({OpId::mean_pool, {mat(6, 2)}, mat(1, 2), {2, 3, 2}}, -1, {two}) == Numbers{3, 30});
  const Numbers deep = result({OpId::unfold, {mat(6, 2)}, mat(6, 18), {2, 3, 2, 3}}, -1, {two});
  CHECK(Numbers(deep.begin() + 8, deep.begin() + 12) == Numbers{1, 10, 2, 20});
}

TEST_CASE("ties and NaN in minima and maxima go the way of the table") {
  const auto two = [](OpId op, Dims d, double a, double b) {
    return result({op, {d, d}, d}, -1, {{a}, {b}})[0];
  };
  CHECK(two(OpId::minimum, scalar(), 2, kNan) == 2);
  CHECK(std::isnan(two(OpId::minimum, scalar(), kNan, 2)));
  CHECK(std::signbit(two(OpId::maximum, vec(1), -0.0, 0.0)));
  CHECK(std::isnan(two(OpId::minimum_m, mat(1, 1), 2, kNan)));
  CHECK(two(OpId::maximum_m, mat(1, 1), kNan, 2) == 2);
}
