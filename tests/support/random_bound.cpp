#include "tests/support/random_bound.hpp"

#include <algorithm>
#include <cmath>

namespace mlz::test {

using vm::BoundInstruction;
using vm::BoundRegister;
using vm::RegisterId;

namespace {

struct Shape2 {
  Kind kind;
  std::int64_t rows, cols;
};

class Generator {
 public:
  Generator(std::uint64_t seed, const ProgramOptions& options) : random_(seed), options_(options) {
    for (int i = 0; i < 3; ++i) dims_.push_back(dimension());
    for (double value : {0.0, 1.0, 0.5, -0.25}) constants_.push_back(b_.constant(value));
    for (int i = 0; i < 8; ++i) initial_register();
    b_.keep_tame = true;
  }

  vm::BoundProgram make() {
    for (const Function f : kFunctions) {
      b_.function = f;
      const int count =
          f == Function::setup ? options_.instructions / 5 : options_.instructions * 2 / 5;
      const int end = static_cast<int>(b_.program.lines.size()) + count;
      for (int tries = 0; tries < 4 * count && static_cast<int>(b_.program.lines.size()) < end;
           ++tries)
        any();
    }
    return finish();
  }

 private:
  std::mt19937_64 random_;
  ProgramOptions options_;
  ProgramBuilder b_;
  std::vector<std::int64_t> dims_;
  std::vector<RegisterId> constants_;

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }
  bool chance(double p) { return static_cast<double>(random_() >> 11) * 0x1p-53 < p; }
  template <class C>
  auto pick(const C& from) {
    return *(std::begin(from) + below(static_cast<std::int64_t>(std::size(from))));
  }

  std::int64_t dimension() {
    static constexpr std::int64_t sizes[] = {1,  2,  3,  4,  5,  7,  8,  9,  12,  15, 16,
                                             17, 23, 31, 32, 33, 40, 63, 65, 100, 130};
    std::int64_t n = pick(sizes);
    while (n > options_.largest) n = pick(sizes);
    return n;
  }
  std::int64_t dim() { return chance(0.08) ? 1 : pick(dims_); }

  Shape2 shape() {
    const std::int64_t kind = below(10);
    if (kind < 2) return {Kind::scalar, 1, 1};
    if (kind < 5) return {Kind::vector, 1, dim()};
    return {Kind::matrix, dim(), dim()};
  }

  bool has_shape(RegisterId id, const Shape2& s) const {
    return b_.at(id).kind == s.kind && b_.at(id).rows == s.rows && b_.at(id).cols == s.cols;
  }
  bool writable(RegisterId id) const {
    return b_.at(id).birth == BoundRegister::Birth::zero ||
           b_.at(id).birth == BoundRegister::Birth::copy;
  }

  RegisterId find(const Shape2& s, bool to_write) {
    std::vector<RegisterId> found;
    for (RegisterId id = 0; id < b_.program.registers.size(); ++id) {
      if (has_shape(id, s) && (!to_write || writable(id))) found.push_back(id);
    }
    const bool make_new = found.empty() || (found.size() < 6 && chance(0.25));
    return make_new ? b_.add(s.kind, s.rows, s.cols) : pick(found);
  }
  RegisterId in(const Shape2& s) { return find(s, false); }
  RegisterId out(const Shape2& s) { return find(s, true); }
  RegisterId vec(std::int64_t n) { return in({Kind::vector, 1, n}); }
  RegisterId mat(std::int64_t r, std::int64_t c) { return in({Kind::matrix, r, c}); }
  RegisterId sca() { return chance(0.3) ? pick(constants_) : in({Kind::scalar, 1, 1}); }
  RegisterId fresh(const Shape2& s) { return b_.add(s.kind, s.rows, s.cols); }

  void initial_register() {
    const Shape2 s = shape();
    const RegisterId param = b_.normal_param(s.kind, s.rows, s.cols, chance(0.2) ? 2.0 : 0.4);
    if (chance(0.6)) b_.start_as(b_.add(s.kind, s.rows, s.cols), param);
  }

  /// An operand that broadcasts to s.
  RegisterId operand(const Shape2& s) {
    if (s.kind == Kind::scalar) return sca();
    const std::int64_t how = below(10);
    if (how < 2) return sca();
    if (s.kind == Kind::vector || how < 6) return in(s);
    if (how == 6) return vec(s.cols);
    if (how == 7) return mat(1, s.cols);
    if (how == 8) return mat(s.rows, 1);
    return in(s);
  }

  void elementwise(OpId id, const Shape2& s) {
    BoundInstruction i;
    i.op = id;
    i.in_count = static_cast<std::uint8_t>(op_info(id).operands.size());
    for (int k = 0; k < i.in_count; ++k) i.in[k] = operand(s);
    const bool pair = s.kind == Kind::matrix && i.in_count > 1 && chance(0.15);
    if (pair)
      i.in[0] = mat(s.rows, 1), i.in[1] = vec(s.cols);  // a column and a row make the whole shape
    else
      i.in[static_cast<std::size_t>(below(i.in_count))] = in(s);
    i.out = chance(0.25) && writable(i.in[0]) && has_shape(i.in[0], s) ? i.in[0] : out(s);
    b_.add(i, !chance(0.02));
  }

  OpId any_elementwise() {
    OpId id;
    do
      id = op_table()[static_cast<std::size_t>(below(static_cast<std::int64_t>(op_table().size())))]
               .id;
    while (!op_info(id).has(kElementwise));
    return id;
  }
  void any_elementwise_op() { elementwise(any_elementwise(), shape()); }

  /// Operations of one shape that feed each other, with other things in between: what chains are
  /// made of.
  void chain() {
    static constexpr OpId cheap[] = {OpId::add,    OpId::sub,   OpId::mul,  OpId::relu,
                                     OpId::square, OpId::where, OpId::clip, OpId::maximum,
                                     OpId::step,   OpId::abs,   OpId::tanh, OpId::sigmoid};
    Shape2 s = shape();
    if (chance(0.7)) s = {Kind::matrix, dim(), dim()};
    for (std::int64_t n = 2 + below(7); n > 0; --n) {
      elementwise(pick(cheap), s);
      if (chance(0.15)) any();
    }
  }

  /// W = W + rate * outer(a, b) in its variants, and spoilt ones.
  void rank_one() {
    const std::int64_t r = dim(), c = dim();
    const Shape2 s{Kind::matrix, r, c};
    const RegisterId t = fresh(s), u = fresh(s), a = vec(r), b = vec(c), rate = sca(), w = out(s);
    if (chance(0.8))
      b_.op(OpId::outer, t, {a, b});
    else
      b_.op(OpId::mul, t, {mat(r, 1), mat(1, c)});
    if (chance(0.15)) any();
    if (chance(0.1)) b_.op(OpId::add, out({Kind::vector, 1, c}), {b, b});
    const bool scaled = chance(0.7);
    if (scaled && chance(0.5))
      b_.op(OpId::mul, u, {rate, t});
    else if (scaled)
      b_.op(OpId::mul, u, {t, chance(0.7) ? rate : mat(r, 1)});
    if (chance(0.1)) any();
    if (chance(0.1)) b_.op(OpId::copy, out(s), {t});
    const RegisterId last = scaled ? u : t;
    const RegisterId to = chance(0.8) ? w : out(s);
    if (chance(0.5))
      b_.op(OpId::add, to, {w, last});
    else if (chance(0.5))
      b_.op(OpId::add, to, {last, w});
    else if (chance(0.8))
      b_.op(OpId::sub, to, {w, last});
    else
      b_.op(OpId::sub, to, {last, w});
  }

  void transposed_product() {
    const std::int64_t m = dim(), k = dim(), n = dim();
    const RegisterId a = mat(k, m), t = fresh({Kind::matrix, m, k});
    b_.op(OpId::transpose, t, {a});
    if (chance(0.2)) any();
    if (chance(0.15) && writable(a)) b_.op(OpId::copy, a, {mat(k, m)});
    for (int uses = chance(0.3) ? 2 : 1; uses > 0; --uses) {
      const std::int64_t which = below(5);
      if (which == 0)
        b_.op(OpId::matvec, out({Kind::vector, 1, m}), {t, vec(k)});
      else if (which == 1)
        b_.op(OpId::vecmat, out({Kind::vector, 1, k}), {vec(m), t});
      else if (which == 2)
        b_.op(OpId::matmul, out({Kind::matrix, m, n}), {t, mat(k, n)});
      else if (which == 3)
        b_.op(OpId::matmul, out({Kind::matrix, n, k}), {mat(n, m), t});
      else
        both_transposed(t, m, k, n);
    }
    if (chance(0.1)) b_.op(OpId::copy, out({Kind::matrix, m, k}), {t});
  }

  void both_transposed(RegisterId t, std::int64_t m, std::int64_t k, std::int64_t n) {
    const RegisterId other = fresh({Kind::matrix, k, n});
    b_.op(OpId::transpose, other, {mat(n, k)});
    b_.op(OpId::matmul, out({Kind::matrix, m, n}), {t, other});
  }

  void products() {
    const std::int64_t m = dim(), k = dim(), n = dim();
    switch (below(5)) {
      case 0:
        b_.op(OpId::dot, out({Kind::scalar, 1, 1}), {vec(k), vec(k)});
        break;
      case 1:
        b_.op(OpId::matvec, out({Kind::vector, 1, m}), {mat(m, k), vec(k)});
        break;
      case 2:
        b_.op(OpId::vecmat, out({Kind::vector, 1, n}), {vec(k), mat(k, n)});
        break;
      case 3:
        b_.op(OpId::matmul, out({Kind::matrix, m, n}), {mat(m, k), mat(k, n)});
        break;
      default:
        b_.op(OpId::outer, out({Kind::matrix, m, n}), {vec(m), vec(n)});
    }
  }

  void reductions() {
    static constexpr OpId ops[] = {OpId::sum,  OpId::mean, OpId::max,   OpId::min,
                                   OpId::norm, OpId::std,  OpId::argmax};
    const OpId id = pick(ops);
    const std::int64_t r = dim(), c = dim();
    const std::int64_t how = below(id == OpId::argmax ? 3 : 4);
    if (how == 0)
      b_.op(id, out({Kind::scalar, 1, 1}), {vec(c)}, {-1});
    else if (how == 1)
      b_.op(id, out({Kind::vector, 1, c}), {mat(r, c)}, {0});
    else if (how == 2)
      b_.op(id, out({Kind::vector, 1, r}), {mat(r, c)}, {1});
    else
      b_.op(id, out({Kind::scalar, 1, 1}), {mat(r, c)}, {-1});
  }

  void row_functions() {
    static constexpr OpId ops[] = {OpId::softmax, OpId::log_softmax, OpId::layer_norm};
    Shape2 s = shape();
    if (s.kind == Kind::scalar) s = {Kind::vector, 1, dim()};
    const RegisterId a = in(s);
    b_.op(pick(ops), chance(0.3) && writable(a) ? a : out(s), {a}, {}, chance(0.5) ? 1e-5 : 0.1);
  }

  Shape2 with_rows(const Shape2& s, std::int64_t rows) const {
    return s.kind == Kind::vector ? Shape2{s.kind, 1, rows} : Shape2{s.kind, rows, s.cols};
  }

  void row_groups() {
    static constexpr OpId up[] = {OpId::repeat_rows, OpId::tile_rows};
    static constexpr OpId down[] = {OpId::sum_groups, OpId::sum_strided, OpId::mean_groups,
                                    OpId::mean_strided};
    const Shape2 s =
        chance(0.4) ? Shape2{Kind::vector, 1, dim()} : Shape2{Kind::matrix, dim(), dim()};
    const std::int64_t rows = s.kind == Kind::vector ? s.cols : s.rows;
    const std::int64_t times = chance(0.2) ? 1 : 1 + below(20);
    if (chance(0.5))
      b_.op(pick(up), out(with_rows(s, rows * times)), {in(s)}, {times});
    else
      b_.op(pick(down), out(s), {in(with_rows(s, rows * times))}, {times});
  }

  std::array<std::int64_t, 4> window(const BoundRegister& r) {
    const std::int64_t rows = chance(0.3) ? r.rows : 1 + below(r.rows),
                       cols = chance(0.3) ? r.cols : 1 + below(r.cols);
    return {below(r.rows - rows + 1), below(r.cols - cols + 1), rows, cols};
  }

  /// A register of the window's shape: as a matrix, or where it is one row or column, perhaps as a
  /// vector or scalar.
  Shape2 window_shape(const std::array<std::int64_t, 4>& w) {
    const std::int64_t n = w[2] * w[3];
    if (n == 1 && chance(0.5)) return {Kind::scalar, 1, 1};
    if ((w[2] == 1 || w[3] == 1) && chance(0.5)) return {Kind::vector, 1, n};
    return {Kind::matrix, w[2], w[3]};
  }

  void windows() {
    Shape2 s = shape();
    if (s.kind == Kind::scalar) s = {Kind::vector, 1, dim()};
    const bool reading = chance(0.5);
    const RegisterId large = reading ? in(s) : out(s);
    const auto w = window(b_.at(large));
    const bool vector_window = s.kind == Kind::vector;
    const Shape2 small = vector_window ? Shape2{Kind::vector, 1, w[3]} : window_shape(w);
    if (reading)
      b_.op(OpId::get, out(small), {large}, w);
    else
      b_.op(OpId::set, large, {chance(0.2) ? sca() : in(small)}, w);
  }

  void concat() {
    const std::int64_t r = dim(), c1 = dim(), c2 = dim();
    const RegisterId to = out({Kind::matrix, r, c1 + c2}), a = mat(r, c1), b = mat(r, c2);
    if (!b_.op(OpId::set, to, {a}, {0, 0, r, c1}, 1)) return;
    b_.op(OpId::set, to, {b}, {0, c1, r, c2});
  }

  void moves() {
    const std::int64_t r = dim(), c = dim();
    switch (below(9)) {
      case 0: {
        const Shape2 s = shape();
        b_.op(OpId::copy, out(s), {in(s)});
        break;
      }
      case 1: {
        const Shape2 s = shape();
        b_.op(OpId::fill, out(s), {sca()});
        break;
      }
      case 2:
        b_.op(OpId::iota, out({Kind::vector, 1, c}), {});
        break;
      case 3:
        b_.op(OpId::broadcast, out({Kind::vector, 1, c}), {sca()});
        break;
      case 4:
        b_.op(OpId::broadcast_vector, out({Kind::matrix, c, c}), {vec(c)}, {below(2)});
        break;
      case 5:
        b_.op(OpId::reshape, out({Kind::vector, 1, r * c}), {mat(r, c)});
        break;
      case 6:
        b_.op(OpId::reshape, out({Kind::matrix, c, r}), {mat(r, c)});
        break;
      case 7:
        b_.op(OpId::transpose, out({Kind::matrix, c, r}), {mat(r, c)});
        break;
      default:
        if (chance(0.5))
          b_.op(OpId::onehot, out({Kind::vector, 1, c}), {sca()}, {c});
        else
          b_.op(OpId::onehot, out({Kind::matrix, r, c}), {vec(r)}, {c});
    }
  }

  void images() {
    const std::int64_t h = 1 + below(7), w = 1 + below(7), c = 1 + below(9), k = 1 + below(5);
    const std::int64_t window = 1 + below(std::min({h, w, std::int64_t{3}}));
    const RegisterId image = mat(h * w, c);
    if (chance(0.5)) {
      b_.op(OpId::unfold, out({Kind::matrix, h * w, k * k * c}), {image}, {h, w, c, k});
    } else {
      const Shape2 s{Kind::matrix, (h / window) * (w / window), c};
      b_.op(chance(0.5) ? OpId::max_pool : OpId::mean_pool, out(s), {image}, {h, w, window});
    }
  }

  void draws() {
    static constexpr OpId ops[] = {OpId::uniform, OpId::normal, OpId::truncated_normal};
    const Shape2 s = shape();
    if (chance(0.25))
      b_.op(OpId::bernoulli, out(s), {sca()});
    else
      b_.op(pick(ops), out(s), {sca(), sca()});
  }

  void any() {
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        any_elementwise_op();
        break;
      case 3:
      case 4:
        chain();
        break;
      case 5:
        rank_one();
        break;
      case 6:
        transposed_product();
        break;
      case 7:
        products();
        break;
      case 8:
        reductions();
        break;
      case 9:
        row_functions();
        break;
      case 10:
        row_groups();
        break;
      case 11:
        windows();
        break;
      case 12:
        chance(0.7) ? moves() : concat();
        break;
      case 13:
        moves();
        break;
      case 14:
        images();
        break;
      default:
        if (options_.random_draws) draws();
    }
  }

  vm::BoundProgram finish() {
    for (BoundRegister& r : b_.program.registers) {
      r.observed = r.birth != BoundRegister::Birth::constant && chance(options_.observed);
    }
    b_.program.registers[b_.scalar()].observed = true;
    return b_.finish();
  }
};

}  // namespace

vm::BoundProgram random_program(std::uint64_t seed, const ProgramOptions& options) {
  return Generator(seed, options).make();
}

}  // namespace mlz::test
