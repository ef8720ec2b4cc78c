#include "tests/support/random_program.hpp"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <random>
#include <vector>

namespace mlz::tests {
namespace {

/// A shape by the names of its sizes; empty names are absent dimensions.
struct Type {
  std::string rows, cols;
  bool operator==(const Type&) const = default;
  bool scalar() const { return rows.empty(); }
  bool vector() const { return !rows.empty() && cols.empty(); }
  bool matrix() const { return !cols.empty(); }
  std::string shape() const { return matrix() ? fmt::format("({}, {})", rows, cols) : rows; }
  std::string print() const {
    if (scalar()) return "scalar";
    return vector() ? fmt::format("vector[{}]", rows) : fmt::format("matrix[{}, {}]", rows, cols);
  }
};

struct Register {
  std::string name;
  Type type;
};

class Writer {
 public:
  Writer(std::uint64_t seed, const RandomProgramOptions& options) : random_(seed), options_(options) {}

  std::string write() {
    declare();
    for (const char* function : {"Setup", "Predict", "Learn"}) {
      text_ += fmt::format("\ndef {}():\n", function);
      in_setup_ = function[0] == 'S';
      const int lines = 1 + static_cast<int>(below(static_cast<std::uint64_t>(options_.lines)));
      for (int i = 0; i < lines; ++i) line();
      if (options_.more_params && function[0] == 'P') answer();
    }
    return text_;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  const char* one_of(std::initializer_list<const char*> items) { return items.begin()[below(items.size())]; }

  void declare() {
    text_ = "size a = 3\nsize b = 5\nsize two = 2 * a\nsize L = 2\n";
    for (int i = 0; i < options_.declared_registers; ++i) {
      registers_.push_back({fmt::format("r{}", i), any_type()});
      text_ += fmt::format("state r{} : {}\n", i, registers_.back().type.print());
    }
    registers_.push_back({"p0", {"a", "b"}});
      text_ += "param p0 : matrix[a, b] ~ normal(0, 1)\nstate q0 = p0\n";
    registers_.push_back({"q0", {"a", "b"}});
    if (options_.more_params) declare_params();
    if (options_.loops) text_ += "state F[l in range(L)] : vector[a]\nstate G[l in range(L)] : matrix[a, b]\n";
    for (const char* name : {"s2", "s3"}) registers_.push_back({name, {}});
    for (const char* name : {"v1", "v2"}) registers_.push_back({name, {"features", ""}});
    registers_.push_back({"m1", {"features", "features"}});
  }

  void declare_params() {
    const Type types[] = {{}, {"a", ""}, {"b", ""}, {"features", ""}, {"b", "a"}};
    for (std::size_t i = 0; i < std::size(types); ++i) {
      const std::string param = fmt::format("p{}", i + 1), state = fmt::format("q{}", i + 1);
      text_ += fmt::format("param {} : {} ~ normal(0.5, 1)\nstate {} = {}\n", param, types[i].print(), state, param);
      registers_.push_back({param, types[i]});
      registers_.push_back({state, types[i]});
    }
  }

  /// A prediction from several registers.
  void answer() {
    for (int i = 0; i < 4; ++i) {
      const Register& r = registers_[below(registers_.size())];
      text_ += fmt::format(fmt::runtime(r.type.scalar() ? "  s1 = s1 + tanh({})\n" : "  s1 = s1 + mean(tanh({}))\n"), r.name);
    }
  }

  std::string dimension() { return one_of({"a", "b", "features", "two"}); }
  Type any_type() {
    switch (below(3)) {
      case 0: return {};
      case 1: return {dimension(), ""};
      default: return {dimension(), dimension()};
    }
  }

  void line(int indent = 2) {
    const std::string pad(static_cast<std::size_t>(indent), ' ');
    const std::uint64_t pick = below(20);
    if (pick == 0 && options_.loops && !in_loop_) return loop(pad);
    if (pick == 1) return slice_set(pad);
    if (pick == 2) {
      const char* huge = options_.tame ? "v2[1] = 3\n" : "v2[1] = 1e300\n";
      text_ += pad + one_of({"v1[0.3] = 0.5\n", "m1[0.1, 0.99] = -2\n", huge, "NoOp()\n"});
      return;
    }
    if (pick == 3) {
      text_ += pad + fmt::format("s1 = {}\n", expression({}, options_.depth));
      return;
    }
    std::size_t target = below(registers_.size());
    if (registers_[target].name[0] == 'p') target = 0;
    const Register& r = registers_[target];
    const int depth = options_.core ? 1 : options_.depth;
    text_ += pad + fmt::format("{} = {}\n", r.name, expression(r.type, depth, true));
  }

  void loop(const std::string& pad) {
    in_loop_ = true;
    const char* range = one_of({"range(L)", "reversed(range(L))", "range(0, L, 1)"});
    text_ += pad + fmt::format("for l in {}:\n", range);
    text_ += pad + fmt::format("  F[l] = {}\n", expression({"a", ""}, 2, true));
    text_ += pad + fmt::format("  G[l] = {}\n", expression({"a", "b"}, 2, true));
    if (chance(40)) line(4);
    in_loop_ = false;
    if (chance(30)) {
      text_ += fmt::format("{0}if L > {1}:\n{0}  s2 = s2 + 1\n{0}else:\n{0}  s3 = sum(F[-1])\n", pad, below(4));
    }
  }

  void slice_set(const std::string& pad) {
    for (int attempt = 0; attempt < 20; ++attempt) {
      const Register& r = registers_[below(registers_.size())];
      if (r.type.scalar() || r.name[0] == 'p' || r.name[0] == 'v' || r.name[0] == 'm') continue;
      if (r.type.vector()) {
        text_ += pad + (chance(50) ? fmt::format("{}[0:2] = {}\n", r.name, expression({"2", ""}, 0))
                                   : fmt::format("{}[-1] = {}\n", r.name, expression({}, 1)));
      } else {
        text_ += pad + (chance(50) ? fmt::format("{}[:, 1] = {}\n", r.name, expression({r.type.rows, ""}, 1))
                                   : fmt::format("{}[1] = {}\n", r.name, expression({r.type.cols, ""}, 1)));
      }
      return;
    }
    text_ += pad + "NoOp()\n";
  }

  std::string number() {
    if (options_.tame) return one_of({"0", "1", "-1", "0.5", "2", "-0.25", "1e-3", "1.75", "1 / sqrt(features)", "-0.1"});
    return one_of({"0", "1", "-1", "0.5", "2", "-0.25", "1e-3", "3.75", "1e200", "1e999", "1 / sqrt(features)", "-0.1"});
  }

  /// A register of that type, if there is one.
  std::string register_of(const Type& type) {
    std::vector<std::string> fitting;
    for (const Register& r : registers_) {
      if (r.type == type) fitting.push_back(r.name);
    }
    if (in_loop_ && type == Type{"a", ""}) fitting.push_back("F[l]");
    if (in_loop_ && type == Type{"a", "b"}) fitting.push_back("G[l]");
    if (options_.loops && type == Type{"a", ""}) fitting.push_back("F[0]");
    if (type == Type{"features", ""}) fitting.push_back("x");
    if (type.scalar()) fitting.push_back("s0");
    return fitting.empty() ? std::string() : fitting[below(fitting.size())];
  }

  std::string leaf(const Type& type) {
    const std::string found = register_of(type);
    if (!found.empty() && chance(85)) return found;
    if (type.scalar()) return number();
    if (options_.samplers && chance(30)) return sampler(type);
    return fmt::format("fill({}, {})", number(), type.shape());
  }

  std::string sampler(const Type& type) {
    const std::string shape = type.scalar() ? "" : ", " + type.shape();
    switch (below(4)) {
      case 0: return fmt::format("normal({}, 0.5{})", number(), shape);
      case 1: return fmt::format("uniform(-1, {}{})", one_of({"1", "-2", "0.5"}), shape);
      case 2: return fmt::format("truncated_normal(0, 1{})", shape);
      default: return fmt::format("bernoulli(0.5{})", shape);
    }
  }

  std::string unary() {
    return one_of({"abs", "sign", "floor", "square", "sqrt", "exp", "log", "tanh", "sigmoid", "relu", "gelu", "heaviside",
                   "sin", "cos", "tan", "arcsin", "arccos", "arctan"});
  }

  std::string expression(const Type& type, int depth, bool top = false) {
    if (depth <= 0) return leaf(type);
    if (options_.samplers && top && chance(8)) return sampler(type);
    const auto sub = [&](const Type& t) { return expression(t, depth - 1); };
    switch (below(9)) {
      case 0: return leaf(type);
      case 1: return fmt::format("{}({})", unary(), sub(type));
      case 2:
        return fmt::format("({} {} {})", sub(type), one_of({"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "**"}),
                           sub(type));
      case 3: return fmt::format("({} * {})", sub({}), sub(type));
      case 4: return fmt::format("{}({}, {})", one_of({"minimum", "maximum"}), sub(type), sub(type));
      case 5: return fmt::format("where({}, {}, {})", sub(type), sub(type), sub({}));
      case 6: return fmt::format(fmt::runtime(one_of({"clip({}, -1, 2)", "(1 / {})", "(-{})"})), sub(type));
      default: break;
    }
    if (type.scalar()) return scalar_result(depth);
    return type.vector() ? vector_result(type, depth) : matrix_result(type, depth);
  }

  std::string scalar_result(int depth) {
    const Type v{dimension(), ""}, m{dimension(), dimension()};
    const auto sub = [&](const Type& t) { return expression(t, depth - 1); };
    switch (below(7)) {
      case 0: return fmt::format("dot({}, {})", sub(v), sub(v));
      case 1: return fmt::format("{}({})", one_of({"sum", "mean", "max", "min", "norm", "std"}), sub(m));
      case 2: return fmt::format("argmax({})", sub(v));
      case 3: return fmt::format("({})[-1]", leaf(v));
      case 4: return fmt::format("({})[0, 1]", leaf(m));
      case 5:
        return fmt::format("sum({}({}, 2, a, {}))", one_of({"max_pool", "mean_pool"}), sub({"two", m.cols}),
                           one_of({"1", "2"}));
      default: return fmt::format("{}({})", one_of({"sum", "mean", "max", "min", "norm", "std"}), sub(v));
    }
  }

  std::string vector_result(const Type& type, int depth) {
    const std::string& n = type.rows;
    const std::string k = dimension();
    const auto sub = [&](const Type& t) { return expression(t, depth - 1); };
    const auto reduction = [&] { return one_of({"sum", "mean", "max", "min", "norm", "std", "argmax"}); };
    if (n == "features" && chance(10)) return fmt::format("bcast({})", sub({}));
    if (n == "two" && chance(10)) return fmt::format("mean(unfold({}, 2, a, {}, {}), axis=1)", sub({n, k}), k, 1 + below(3));
    switch (below(12)) {
      case 0: return fmt::format("({} @ {})", sub({n, k}), sub({k, ""}));
      case 1: return fmt::format("({} @ {})", sub({k, ""}), sub({k, n}));
      case 2: return fmt::format("({}.T @ {})", leaf({k, n}), sub({k, ""}));
      case 3: return fmt::format("{}({}, axis=1)", reduction(), sub({n, k}));
      case 4: return fmt::format("{}({}, axis=0)", reduction(), sub({k, n}));
      case 5: return fmt::format("{}({})", one_of({"softmax", "log_softmax", "layer_norm"}), sub(type));
      case 6: return fmt::format("onehot({}, {})", sub({}), n);
      case 7: return fmt::format("iota({})", n);
      case 8: return fmt::format("({})[:, 1]", leaf({n, k}));
      case 9: return fmt::format("({})[0]", leaf({k, n}));
      case 10:
        return n == "two" ? fmt::format("concat({}, {})", sub({"a", ""}), sub({"a", ""}))
                          : fmt::format("{}({}({}, 2), 2)", one_of({"sum_groups", "mean_groups"}), "repeat_rows", sub(type));
      default: return fmt::format("{}({}({}, b), b)", one_of({"sum_strided", "mean_strided"}), "tile_rows", sub(type));
    }
  }

  std::string matrix_result(const Type& type, int depth) {
    const std::string &r = type.rows, &c = type.cols;
    const std::string k = dimension();
    const auto sub = [&](const Type& t) { return expression(t, depth - 1); };
    switch (below(12)) {
      case 0: return fmt::format("({} @ {})", sub({r, k}), sub({k, c}));
      case 1: return fmt::format("({}.T @ {})", leaf({k, r}), leaf({k, c}));
      case 2: return fmt::format("outer({}, {})", sub({r, ""}), sub({c, ""}));
      case 3: return fmt::format("({}).T", sub({c, r}));
      case 4: return fmt::format("{}({})", one_of({"softmax", "log_softmax", "layer_norm"}), sub(type));
      case 5: return fmt::format("reshape({}, ({}, {}))", sub({c, r}), r, c);
      case 6: return fmt::format("onehot({}, {})", sub({r, ""}), c);
      case 7: return fmt::format("({} + {})", sub(type), sub({c, ""}));
      case 8: return fmt::format("{}({}({}, {}), {})", one_of({"sum_groups", "mean_groups"}), "repeat_rows", sub(type), k, k);
      case 9: return fmt::format("{}({}({}, {}), {})", one_of({"sum_strided", "mean_strided"}), "tile_rows", sub(type), k, k);
      case 10: return r == "two" ? fmt::format("concat({}, {})", sub({"a", c}), sub({"a", c}))
                                 : fmt::format("({} * {})", sub(type), leaf(type));
      default:
        return r == c ? fmt::format("bcast({}, axis={})", sub({r, ""}), below(2))
                      : fmt::format("({} - {})", sub(type), reshape_row(c, depth));
    }
  }

  std::string reshape_row(const std::string& n, int depth) {
    return fmt::format("reshape({}, (1, {}))", expression({n, ""}, depth - 1), n);
  }

  std::mt19937_64 random_;
  RandomProgramOptions options_;
  std::string text_;
  std::vector<Register> registers_;
  bool in_loop_ = false;
  bool in_setup_ = false;
};

}  // namespace

std::string random_program(std::uint64_t seed, const RandomProgramOptions& options) {
  return Writer(seed, options).write();
}

}  // namespace mlz::tests
