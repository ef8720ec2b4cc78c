#include <algorithm>
#include <map>
#include <set>

#include "lesson.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/bind_shapes.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

/// Rows of the table without a gradient to compare, and why.
const std::map<OpId, std::string> kAbsent{
    {OpId::noop, "has no operands"},
    {OpId::constant, "has no operands; bound, it is a register"},
    {OpId::iota, "has no operands"},
    {OpId::set_fraction, "has no operands; bound, it is `set`"},
    {OpId::concat, "bound, it is several `set`"},
    {OpId::floor, "is flat between its steps"},
    {OpId::sign, "is flat between its steps"},
    {OpId::heaviside, "is flat between its steps"},
    {OpId::step, "is flat between its steps"},
    {OpId::less, "is flat between its steps"},
    {OpId::less_equal, "is flat between its steps"},
    {OpId::greater, "is flat between its steps"},
    {OpId::greater_equal, "is flat between its steps"},
    {OpId::equal, "is flat between its steps"},
    {OpId::not_equal, "is flat between its steps"},
    {OpId::onehot, "is flat between its steps"},
    {OpId::argmax, "is flat between its steps"},
    {OpId::bernoulli, "draws are flat in the probability between their steps"},
};

struct Form {
  Kind kind;
  std::int64_t rows, cols;
};
constexpr Form kScalar{Kind::scalar, 1, 1}, kVector{Kind::vector, 1, 6}, kMatrix{Kind::matrix, 4, 6};

Form shape_of(char letter) { return letter == 's' ? kScalar : letter == 'v' ? kVector : kMatrix; }

/// The values operands may have so that no kink and no edge of a domain is near.
std::pair<double, double> range_of(OpId op) {
  switch (op) {
    case OpId::log:
    case OpId::sqrt:
    case OpId::reciprocal:
    case OpId::div:
    case OpId::power: return {0.5, 2.5};
    case OpId::arcsin:
    case OpId::arccos: return {-0.8, 0.8};
    case OpId::tan: return {-1.2, 1.2};
    default: return {-1.7, 1.9};
  }
}

/// y = sum(op(params) * weights) in a program of one line, for one choice of operands.
class OneOp {
 public:
  OneOp(OpId op, std::uint64_t seed) : op_(op), random_(seed) {}

  /// False when the op does not take operands of these shapes, or gives another shape than `out`.
  bool check(const std::vector<Form>& in, Form out, std::array<std::int64_t, 4> attr, double value = 0) {
    ProgramBuilder b;
    b.function = Function::predict;
    vm::BoundInstruction i;
    i.op = op_;
    i.attr = attr;
    i.value = value;
    std::vector<vm::Dims> dims;
    for (const Form& s : in) {
      dims.push_back({s.kind, s.rows, s.cols});
      i.in[i.in_count++] = b.normal_param(s.kind, s.rows, s.cols, 1);
    }
    const vm::Dims asked{out.kind, out.rows, out.cols};
    std::string why;
    const bool window = op_ == OpId::get || op_ == OpId::set;
    const auto result =
        window ? asked : vm::result_dims(i, dims, asked, asked, why).value_or(vm::Dims{Kind::scalar, 0, 0});
    if (result.size() == 0) return false;
    i.out = b.add(result.kind, result.rows, result.cols);
    if (op_ == OpId::set) b.start_as(i.out, b.normal_param(result.kind, result.rows, result.cols, 1));
    b.add(i);
    finish(b, i.out, result);
    return true;
  }

 private:
  OpId op_;
  std::mt19937_64 random_;

  void finish(ProgramBuilder& b, vm::RegisterId out, const vm::Dims& dims) {
    const vm::RegisterId weights = b.add(dims.kind, dims.rows, dims.cols),
                         product = b.add(dims.kind, dims.rows, dims.cols);
    const vm::RegisterId y = b.scalar();
    b.function = Function::setup;
    b.op(OpId::normal, weights, {b.constant(0), b.constant(1)});
    b.function = Function::predict;
    b.op(OpId::mul, product, {out, weights});
    if (dims.kind == Kind::scalar) b.op(OpId::copy, y, {product});
    else b.op(OpId::sum, y, {product}, {-1, 0, 0, 0});
    b.observe(y);
    b.program.role[static_cast<std::size_t>(Role::y)] = y;
    compare(b.finish());
  }

  void compare(const vm::BoundProgram& program) {
    vm::MachineOptions options = plain(3);
    options.params = vm::initial_params(program, 1);
    const auto [lo, hi] = range_of(op_);
    for (Numbers& values : options.params) spread(values, lo, hi);
    Lesson lesson(program, 1, 7);
    vm::Reversal reversal(program, "reference", options);
    INFO(op_info(op_).name(), "\n", print(program), print(reversal.adjoint()));
    reversal.run(lesson.steps(reversal));
    const auto found = gradients(reversal);
    for (std::size_t p = 0; p < found.size(); ++p) {
      for (std::size_t k = 0; k < found[p].size(); ++k) {
        constexpr double h = 1e-3;
        const auto loss = [&](double by) { return loss_beside(program, options, lesson, p, k, by); };
        const double expected = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h);
        INFO("param ", p, " entry ", k);
        CHECK(found[p][k] == doctest::Approx(expected).epsilon(2e-8).scale(1));
      }
    }
  }

  /// Different values, all at least 0.02 apart, so that no two of them meet at a kink.
  void spread(Numbers& values, double lo, double hi) {
    for (double& v : values) {
      long place = 0;
      do place = static_cast<long>(random_() % 1000);
      while (std::ranges::any_of(taken_, [&](long t) { return std::abs(t - place) < 8; }) && taken_.size() < 60);
      taken_.insert(place);
      v = lo + (hi - lo) * (static_cast<double>(place) + 0.5) / 1000;
      if (std::abs(v) < 0.01) v += 0.02;
    }
  }
  std::set<long> taken_;
};

/// All combinations of operand kinds that a row admits, also columns, rows and single entries where it broadcasts.
std::vector<std::vector<Form>> operand_shapes(const OpInfo& op) {
  std::vector<std::vector<Form>> all{{}};
  for (const std::string& letters : op.operands) {
    std::vector<std::vector<Form>> longer;
    for (const auto& begun : all) {
      std::vector<Form> choices;
      for (const char letter : letters) choices.push_back(shape_of(letter));
      if (op.has(kElementwise) && op.operands.size() > 1 && letters.find('m') != std::string::npos) {
        choices.push_back({Kind::matrix, 4, 1});
        choices.push_back({Kind::matrix, 1, 6});
        choices.push_back({Kind::vector, 1, 1});
      }
      for (const Form& s : choices) {
        longer.push_back(begun);
        longer.back().push_back(s);
      }
    }
    all = std::move(longer);
  }
  return all;
}

struct Variant {
  Form out;
  std::array<std::int64_t, 4> attr{};
  double value = 0;
};

/// Attributes and results to try with operands of those shapes.
std::vector<Variant> variants(OpId op, const std::vector<Form>& in) {
  const bool matrix = !in.empty() && in[0].kind == Kind::matrix;
  const auto n = [&] { return in[0].rows * in[0].cols; };
  switch (op) {
    case OpId::get:
      if (!matrix) return {{{Kind::vector, 1, 3}, {0, 2, 1, 3}}, {kScalar, {0, 4, 1, 1}}};
      return {{{Kind::matrix, 2, 3}, {1, 2, 2, 3}},
              {kVector, {2, 0, 1, 6}},
              {{Kind::vector, 1, 4}, {0, 3, 4, 1}},
              {kScalar, {1, 1, 1, 1}}};
    case OpId::set:
      if (matrix) return {{{Kind::matrix, 5, 8}, {1, 2, 4, 6}}, {kMatrix, {0, 0, 4, 6}}};
      if (in[0].kind == Kind::vector)
        return {{kMatrix, {2, 0, 1, 6}}, {{Kind::matrix, 7, 3}, {1, 2, 6, 1}}, {{Kind::vector, 1, 9}, {0, 2, 1, 6}}};
      return {{kMatrix, {1, 1, 2, 3}}, {kVector, {0, 3, 1, 1}}, {kVector, {0, 0, 1, 6}}};
    case OpId::fill: return {{kVector}, {kMatrix}};
    case OpId::reshape: return {{{Kind::vector, 1, n()}}, {{Kind::matrix, n(), 1}}};
    case OpId::broadcast_vector: return {{kMatrix, {0}}, {kMatrix, {1}}};
    case OpId::repeat_rows:
    case OpId::tile_rows: return {{kMatrix, {3}}};
    case OpId::sum_groups:
    case OpId::sum_strided:
    case OpId::mean_groups:
    case OpId::mean_strided: return {{kMatrix, {2}}};
    case OpId::sum:
    case OpId::mean:
    case OpId::max:
    case OpId::min:
    case OpId::norm:
    case OpId::std:
      if (!matrix) return {{kScalar, {-1}}};
      return {{kScalar, {-1}}, {kScalar, {0}}, {kScalar, {1}}};
    case OpId::layer_norm: return {{kMatrix, {}, 1e-2}};
    case OpId::unfold:
      if (matrix) return {{kMatrix, {3, 4, 2, 3}}, {kMatrix, {4, 6, 1, 2}}, {kMatrix, {2, 3, 4, 1}}};
      return {{kMatrix, {2, 3, 1, 3}}, {kMatrix, {1, 3, 2, 5}}};
    case OpId::max_pool:
    case OpId::mean_pool: return {{kMatrix, {2, 2, 2}}, {kMatrix, {4, 1, 1}}, {kMatrix, {1, 4, 1}}};
    case OpId::uniform:
    case OpId::normal:
    case OpId::truncated_normal: return {{kScalar}, {kVector}, {kMatrix}};
    default: return {{kVector}};
  }
}

}  // namespace

TEST_CASE("every op's gradient agrees with differences, for every kind and broadcast of its operands") {
  for (const OpInfo& op : op_table()) {
    const bool flows =
        std::ranges::any_of(op.gradients, [](const std::string& g) { return g != "zero" && g != "none"; });
    INFO(op.name(), " ", op.operands.empty() ? "" : op.operands[0]);
    REQUIRE(flows != kAbsent.contains(op.id));
    if (!flows) continue;
    int checked = 0;
    std::uint64_t seed = 1;
    for (std::vector<Form> in : operand_shapes(op)) {
      if (op.rule == ShapeRule::matvec) in[1] = kVector;
      if (op.rule == ShapeRule::vecmat) in[0] = {Kind::vector, 1, 4};
      if (op.rule == ShapeRule::matmul) in[1] = {Kind::matrix, 6, 3};
      for (const Variant& v : variants(op.id, in)) checked += OneOp(op.id, ++seed).check(in, v.out, v.attr, v.value);
    }
    CHECK(checked > 0);
  }
}

TEST_CASE("pools leave incomplete blocks at the edges without gradient") {
  for (const OpId op : {OpId::max_pool, OpId::mean_pool}) {
    CHECK(OneOp(op, 5).check({{Kind::matrix, 15, 2}}, kMatrix, {3, 5, 2, 0}));
  }
}

TEST_CASE("ties of a largest entry share its gradient") {
  ProgramBuilder b;
  const vm::RegisterId a = b.normal_param(Kind::vector, 1, 4, 1), y = b.scalar();
  b.function = Function::predict;
  b.op(OpId::max, y, {a}, {-1, 0, 0, 0});
  b.observe(y);
  b.program.role[static_cast<std::size_t>(Role::y)] = y;
  const vm::BoundProgram program = b.finish();
  vm::MachineOptions options = plain(0);
  options.params = {{1, 2, 2, 0}};
  Lesson lesson(program, 1, 1);
  vm::Reversal reversal(program, "reference", options);
  reversal.run(lesson.steps(reversal));
  const Numbers g = gradients(reversal)[0];
  CHECK(g[0] == 0);
  CHECK(g[1] == g[2]);
  CHECK(g[1] != 0);
}

TEST_CASE("norms and deviations of nothing but zeros have the gradient zero, not NaN") {
  for (const OpId op : {OpId::norm, OpId::std}) {
    ProgramBuilder b;
    const vm::RegisterId a = b.normal_param(Kind::vector, 1, 4, 1), y = b.scalar();
    b.function = Function::predict;
    b.op(op, y, {a}, {-1, 0, 0, 0});
    b.observe(y);
    b.program.role[static_cast<std::size_t>(Role::y)] = y;
    const vm::BoundProgram program = b.finish();
    vm::MachineOptions options = plain(0);
    options.params = {{0, 0, 0, 0}};
    Lesson lesson(program, 1, 1);
    vm::Reversal reversal(program, "reference", options);
    reversal.run(lesson.steps(reversal));
    CHECK(gradients(reversal)[0] == Numbers(4, 0.0));
  }
}
