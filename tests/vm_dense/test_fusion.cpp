#include <doctest/doctest.h>

#include "tests/support/compare.hpp"
#include "tests/support/random_bound.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;
using vm::RegisterId;

namespace {

std::string dump(const vm::BoundProgram& program, bool fuse = true, vm::dense::Tuning tuning = {}) {
  vm::MachineOptions options;
  options.blas = false;
  options.fuse = fuse;
  options.optimise = false;
  return vm::dump_dense(program, options, tuning);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// h = relu(W1 @ x); y = W2 @ h; d = target - softmax(y); b = (W2.T @ d) * heaviside(h);
/// W2 = W2 + rate * outer(d, h); W1 = W1 + rate * outer(b, x)
struct Mlp {
  ProgramBuilder b;
  RegisterId x, target, y, w1, w2, h0, h, p, d, wt, back, gate, g, o2, s2, o1, s1;

  explicit Mlp(std::int64_t inputs = 784, std::int64_t hidden = 128, std::int64_t outputs = 10) {
    const RegisterId rate = b.constant(0.02);
    const auto p1 = b.normal_param(Kind::matrix, hidden, inputs, 0.03);
    const auto p2 = b.normal_param(Kind::matrix, outputs, hidden, 0.09);
    named(x, "x", Kind::vector, 1, inputs), named(target, "target", Kind::vector, 1, outputs);
    named(y, "y", Kind::vector, 1, outputs), named(w1, "W1", Kind::matrix, hidden, inputs);
    named(w2, "W2", Kind::matrix, outputs, hidden), named(h0, "h0", Kind::vector, 1, hidden);
    named(h, "h", Kind::vector, 1, hidden), named(p, "p", Kind::vector, 1, outputs);
    named(d, "d", Kind::vector, 1, outputs), named(wt, "Wt", Kind::matrix, hidden, outputs);
    named(back, "back", Kind::vector, 1, hidden), named(gate, "gate", Kind::vector, 1, hidden);
    named(g, "g", Kind::vector, 1, hidden), named(o2, "o2", Kind::matrix, outputs, hidden);
    named(s2, "s2", Kind::matrix, outputs, hidden), named(o1, "o1", Kind::matrix, hidden, inputs);
    named(s1, "s1", Kind::matrix, hidden, inputs);
    b.start_as(w1, p1), b.start_as(w2, p2);
    b.program.role[static_cast<std::size_t>(Role::x)] = x;
    b.program.role[static_cast<std::size_t>(Role::target)] = target;
    b.program.role[static_cast<std::size_t>(Role::y)] = y;
    b.observe(y);
    b.function = Function::predict;
    b.op(OpId::matvec, h0, {w1, x});
    b.op(OpId::relu, h, {h0});
    b.op(OpId::matvec, y, {w2, h});
    b.function = Function::learn;
    b.op(OpId::softmax, p, {y});
    b.op(OpId::sub, d, {target, p});
    b.op(OpId::transpose, wt, {w2});
    b.op(OpId::matvec, back, {wt, d});
    b.op(OpId::step, gate, {h});
    b.op(OpId::mul, g, {back, gate});
    b.op(OpId::outer, o2, {d, h});
    b.op(OpId::mul, s2, {rate, o2});
    b.op(OpId::add, w2, {w2, s2});
    b.op(OpId::outer, o1, {g, x});
    b.op(OpId::mul, s1, {rate, o1});
    b.op(OpId::add, w1, {w1, s1});
  }

  void named(RegisterId& id, const char* name, Kind kind, std::int64_t rows, std::int64_t cols) {
    id = b.add(kind, rows, cols);
    b.name(id, name);
  }
};

}  // namespace

TEST_CASE("all rules fire on a two-layer network") {
  Mlp mlp;
  const std::string text = dump(mlp.b.finish());
  INFO(text);
  CHECK(has(text, "back[128] = matvec(W2'[10,128], d[10])"));
  CHECK(has(text, "W1[128,784] = add_scaled_product(W1[128,784], "));
  CHECK(has(text, ", g'[128], x[784])"));
  CHECK(has(text, "W2[10,128] = add_scaled_product(W2[10,128], "));
  CHECK(!has(text, "transpose"));
  CHECK(!has(text, "outer"));
}

TEST_CASE("without fusion every instruction is one line") {
  Mlp mlp;
  const std::string text = dump(mlp.b.finish(), false);
  INFO(text);
  CHECK(has(text, "transpose"));
  CHECK(!has(text, "_product("));
}

TEST_CASE("a transpose stays when its matrix changes before the product") {
  ProgramBuilder b;
  const auto w = b.normal_param(Kind::matrix, 3, 4, 1);
  const auto a = b.matrix(3, 4), t = b.matrix(4, 3), x = b.vector(3), y = b.vector(4);
  b.function = Function::predict;
  b.op(OpId::transpose, t, {a});
  b.op(OpId::add, a, {a, w});
  b.op(OpId::matvec, y, {t, x});
  b.observe(y);
  CHECK(has(dump(b.finish()), "transpose"));
}

TEST_CASE("a transpose stays when something else reads it") {
  for (const int who : {0, 1, 2}) {
    ProgramBuilder b;
    const auto a = b.normal_param(Kind::matrix, 3, 4, 1);
    const auto t = b.matrix(4, 3), x = b.vector(3), y = b.vector(4), s = b.scalar();
    b.function = Function::predict;
    b.op(OpId::transpose, t, {a});
    b.op(OpId::matvec, y, {t, x});
    if (who == 1) b.op(OpId::sum, s, {t}, {-1});
    b.function = Function::learn;
    if (who == 2) b.op(OpId::sum, s, {t}, {-1});
    b.observe(y);
    b.observe(s);
    if (who == 0) b.observe(t);
    CHECK(has(dump(b.finish()), "transpose"));
  }
}

TEST_CASE("a rank-1 update stays apart when its product is seen or a factor changes") {
  for (const int spoil : {0, 1, 2, 3}) {
    ProgramBuilder b;
    const auto u = b.normal_param(Kind::vector, 1, 3, 1), rate = b.constant(0.5);
    const auto w = b.matrix(3, 4), t = b.matrix(3, 4), s = b.matrix(3, 4), v = b.vector(4);
    b.function = Function::predict;
    b.op(OpId::outer, t, {u, v});
    if (spoil == 1) b.op(OpId::sum, v, {w}, {0});
    b.op(OpId::mul, s, {rate, t});
    b.op(OpId::add, w, {w, s});
    b.observe(w);
    if (spoil == 2) b.observe(s);
    if (spoil == 3) b.observe(t);
    const std::string text = dump(b.finish());
    INFO(text);
    CHECK(has(text, "add_scaled_product") == (spoil == 0));
    CHECK(has(text, "add_product") == (spoil == 1 || spoil == 3));
  }
}

TEST_CASE("a gradient of matrices from one example is a rank-1 update where BLAS would compute it") {
  for (const bool blas : {true, false}) {
    ProgramBuilder b;
    const auto h = b.normal_param(Kind::matrix, 1, 64, 1), d = b.normal_param(Kind::matrix, 1, 32, 1);
    const auto rate = b.constant(0.5), w = b.matrix(64, 32), t = b.matrix(64, 1);
    const auto g = b.matrix(64, 32), s = b.matrix(64, 32);
    b.function = Function::learn;
    b.op(OpId::transpose, t, {h});
    b.op(OpId::matmul, g, {t, d});
    b.op(OpId::mul, s, {rate, g});
    b.op(OpId::sub, w, {w, s});
    b.observe(w);
    vm::MachineOptions options;
    options.blas = blas;
    options.optimise = false;
    const vm::BoundProgram program = b.finish();
    const std::string text = vm::dump_dense(program, options, {});
    INFO(text);
    CHECK(has(text, "subtract_scaled_product") == blas);
    CHECK(has(text, "matmul") == !blas);
    const auto machine = vm::make_machine("dense", program, options);
    const auto reference = vm::make_machine("reference", program, {});
    for (vm::Machine* m : {machine.get(), reference.get()}) {
      m->reset();
      for (const Function f : {Function::setup, Function::predict, Function::learn, Function::learn}) m->run(f);
    }
    std::vector<double> got(64 * 32), wanted(64 * 32);
    machine->read(w, 0, std::span(got));
    reference->read(w, 0, std::span(wanted));
    CHECK(got == wanted);
    CHECK(wanted[0] != 0);
  }
}

TEST_CASE("long elementwise sequences become one chain whose inner results have no register") {
  ProgramBuilder b;
  const auto g = b.normal_param(Kind::matrix, 64, 64, 1), c = b.constant(0.9),
             eps = b.constant(1e-8);
  const auto m = b.matrix(64, 64), v = b.matrix(64, 64), w = b.matrix(64, 64), x = b.vector(8),
             y = b.scalar();
  const auto t1 = b.matrix(64, 64), t2 = b.matrix(64, 64), t3 = b.matrix(64, 64);
  b.function = Function::learn;
  b.op(OpId::mul, t1, {c, m});
  b.op(OpId::add, m, {t1, g});
  b.op(OpId::sum, y, {x}, {-1});  // has nothing to do with it, and must not break the chain
  b.op(OpId::square, t1, {g});
  b.op(OpId::mul, t2, {c, v});
  b.op(OpId::add, v, {t2, t1});
  b.op(OpId::sqrt, t2, {v});
  b.op(OpId::add, t2, {t2, eps});
  b.op(OpId::div, t3, {m, t2});
  b.op(OpId::sub, w, {w, t3});
  for (const auto id : {m, v, w, y}) b.observe(id);
  const vm::BoundProgram program = b.finish();
  const std::string text = dump(program);
  INFO(text);
  CHECK(has(text, "chain of 7"));
  CHECK(has(text, "~m"));
  vm::MachineOptions options;
  options.blas = false;
  const auto dense = vm::make_dense(program, options);
  const auto reference = vm::make_reference(program, options);
  Difference d;
  for (int i = 0; i < 3; ++i) {
    dense->run(Function::learn);
    reference->run(Function::learn);
    compare(*reference, *dense, 0, d);
  }
  CHECK(d.where == "");
}

TEST_CASE("a register whose old value another function sees stays in memory") {
  for (const bool partly_written : {false, true}) {
    ProgramBuilder b;
    const auto p = b.normal_param(Kind::matrix, 40, 40, 1), one = b.constant(1);
    const auto t = b.matrix(40, 40), u = b.matrix(40, 40), s = b.scalar();
    b.function = Function::predict;
    if (partly_written) b.op(OpId::set, t, {one}, {0, 0, 2, 2});
    b.op(OpId::sum, s, {t}, {-1});
    b.function = Function::learn;
    b.op(OpId::add, t, {p, p});
    b.op(OpId::relu, u, {t});
    b.observe(u);
    b.observe(s);
    const std::string text = dump(b.finish());
    INFO(text);
    CHECK(has(text, "chain of 2"));
    CHECK(!has(text, "~"));
  }
}

namespace {

/// y = relu(part of a) where `op` takes the part, of n rows and cols columns.
struct Part {
  ProgramBuilder b;
  RegisterId a, part, y;

  Part(OpId op, std::int64_t rows, std::int64_t cols, std::int64_t n, std::int64_t out_cols,
       std::array<std::int64_t, 4> attr) {
    a = b.normal_param(Kind::matrix, rows, cols, 1);
    part = b.matrix(n, out_cols);
    y = b.matrix(n, out_cols);
    b.name(a, "a");
    b.name(part, "part");
    b.function = Function::predict;
    b.op(op, part, {a}, attr);
    b.op(OpId::relu, y, {part});
    b.observe(y);
  }
};

}  // namespace

TEST_CASE("windows and repeated rows are read where they lie") {
  Part window(OpId::get, 10, 64, 4, 16, {2, 32, 4, 16});
  CHECK(has(dump(window.b.finish()), "relu(a[10,64] from 160)"));
  Part repeated(OpId::repeat_rows, 40, 64, 400, 64, {10});
  CHECK(has(dump(repeated.b.finish()), "relu(a[40,64] x 10)"));
  Part tiled(OpId::tile_rows, 10, 64, 400, 64, {40});
  CHECK(has(dump(tiled.b.finish()), "relu(a[10,64] tiled)"));
}

TEST_CASE("moves stay where loops would be short") {
  Part narrow(OpId::get, 10, 64, 10, 4, {0, 32, 10, 4});
  CHECK(has(dump(narrow.b.finish()), "part[10,4] = get"));
  Part twice(OpId::repeat_rows, 400, 16, 800, 16, {2});
  CHECK(has(dump(twice.b.finish()), "part[800,16] = repeat_rows"));
  Part small(OpId::repeat_rows, 2, 64, 4, 64, {2});
  CHECK(has(dump(small.b.finish()), "part[4,64] = repeat_rows"));
}

TEST_CASE("a window stays when it is seen, or its register changes before it is read") {
  for (const int spoil : {0, 1, 2, 3}) {
    ProgramBuilder b;
    const auto first = b.normal_param(Kind::matrix, 4, 64, 1);
    const auto a = b.matrix(4, 64), part = b.matrix(4, 16), y = b.matrix(4, 16), s = b.scalar();
    b.name(part, "part");
    b.start_as(a, first);
    b.function = Function::predict;
    b.op(OpId::get, part, {a}, {0, 16, 4, 16});
    if (spoil == 1) b.op(OpId::add, a, {a, first});
    b.op(OpId::relu, y, {part});
    if (spoil == 2) b.op(OpId::sum, s, {part}, {-1});
    b.observe(y);
    b.observe(s);
    if (spoil == 3) b.observe(part);
    CHECK(has(dump(b.finish()), "part[4,16] = get") == (spoil != 0));
  }
}

namespace {

/// Four windows of z made from windows of a, each a little differently; `shift` moves the third.
vm::BoundProgram gates(std::int64_t shift, bool read_all, bool read_other) {
  ProgramBuilder b;
  const auto a = b.normal_param(Kind::matrix, 300, 64, 1);
  const auto z = b.matrix(300, 64), s = b.matrix(300, 16), t = b.matrix(300, 16), u = b.vector(64);
  b.name(z, "z");
  b.function = Function::predict;
  const OpId ops[] = {OpId::tanh, OpId::sigmoid, OpId::abs, OpId::relu};
  for (std::int64_t k = 0; k < 4; ++k) {
    b.op(OpId::get, s, {a}, {0, 16 * k, 300, 16});
    b.op(ops[k], t, {s});
    b.op(OpId::set, z, {t}, {0, 16 * k + (k == 2 ? shift : 0), 300, 16});
    if (k == 1 && read_all) b.op(OpId::mean, u, {z}, {0});
    if (k == 2 && read_other) {
      b.op(OpId::get, s, {z}, {0, 8, 300, 16});
      b.op(OpId::mul, t, {s, s});
      b.op(OpId::set, z, {t}, {0, 0, 300, 16});
    }
  }
  b.observe(z);
  b.observe(u);
  return b.finish();
}

}  // namespace

TEST_CASE("windows are written where they lie, by one chain where their order does not matter") {
  CHECK(has(dump(gates(0, false, false)), "chain of 8"));
  CHECK(has(dump(gates(0, false, false)), "z[300,64] from 16 = copy("));
  CHECK(!has(dump(gates(5, false, false)), "chain of 8"));   // the fourth window lies over the third
  CHECK(!has(dump(gates(0, true, false)), "chain of 8"));    // the whole matrix is read in between
  for (const std::int64_t shift : {0, 5, -20}) {
    for (const int reads : {0, 1, 2, 3}) {
      const vm::BoundProgram program = gates(shift, (reads & 1) != 0, (reads & 2) != 0);
      vm::MachineOptions options;
      options.blas = false;
      const auto expected = vm::make_reference(program, options), found = vm::make_dense(program, options);
      Difference d;
      for (int run = 0; run < 2; ++run) {
        expected->run(Function::predict);
        found->run(Function::predict);
        compare(*expected, *found, 0, d);
      }
      INFO("third window moved by ", shift, ", reads ", reads);
      CHECK(d.where == "");
    }
  }
}

TEST_CASE("a sum of repeated rows is added where its windows are read") {
  for (const bool seen : {false, true}) {
    ProgramBuilder b;
    const auto p = b.normal_param(Kind::matrix, 40, 64, 1), q = b.normal_param(Kind::matrix, 10, 64, 1);
    const auto repeated = b.matrix(400, 64), tiled = b.matrix(400, 64), sum = b.matrix(400, 64);
    const auto first = b.matrix(400, 16), second = b.matrix(400, 16), u = b.matrix(400, 16), y = b.matrix(400, 16);
    b.name(p, "p"), b.name(q, "q");
    b.function = Function::predict;
    b.op(OpId::repeat_rows, repeated, {p}, {10});
    b.op(OpId::tile_rows, tiled, {q}, {40});
    b.op(OpId::add, sum, {repeated, tiled});
    b.op(OpId::get, first, {sum}, {0, 0, 400, 16});
    b.op(OpId::tanh, u, {first});
    b.op(OpId::get, second, {sum}, {0, 32, 400, 16});
    b.op(OpId::mul, y, {u, second});
    b.observe(y);
    if (seen) b.observe(sum);
    const vm::BoundProgram program = b.finish();
    const std::string text = dump(program);
    INFO(text);
    CHECK(has(text, "add(p[40,64] from 32 x 10, q[10,64] from 32 tiled)") == !seen);
    vm::MachineOptions options;
    options.blas = false;
    const auto expected = vm::make_reference(program, options), found = vm::make_dense(program, options);
    Difference d;
    expected->run(Function::predict);
    found->run(Function::predict);
    compare(*expected, *found, 0, d);
    CHECK(d.where == "");
  }
}
