#include "automl_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace mlz::test {
namespace {

/// The printed form of each op: {o} is the result, {a} and {b} the operands, {f} a fraction, {c} a constant, {d} a
/// deviation. Kinds of result and operands precede it.
constexpr const char* kForms[65] = {
    "---",
    "sss{o} = {a} + {b}",
    "sss{o} = {a} - {b}",
    "sss{o} = {a} * {b}",
    "sss{o} = {a} / {b}",
    "ss-{o} = abs({a})",
    "ss-{o} = 1 / {a}",
    "ss-{o} = sin({a})",
    "ss-{o} = cos({a})",
    "ss-{o} = tan({a})",
    "ss-{o} = arcsin({a})",
    "ss-{o} = arccos({a})",
    "ss-{o} = arctan({a})",
    "ss-{o} = exp({a})",
    "ss-{o} = log({a})",
    "ss-{o} = heaviside({a}, 1.0)",
    "vv-{o} = heaviside({a}, 1.0)",
    "mm-{o} = heaviside({a}, 1.0)",
    "vsv{o} = {a} * {b}",
    "vs-{o} = bcast({a})",
    "vv-{o} = 1 / {a}",
    "sv-{o} = norm({a})",
    "vv-{o} = abs({a})",
    "vvv{o} = {a} + {b}",
    "vvv{o} = {a} - {b}",
    "vvv{o} = {a} * {b}",
    "vvv{o} = {a} / {b}",
    "svv{o} = dot({a}, {b})",
    "mvv{o} = outer({a}, {b})",
    "msm{o} = {a} * {b}",
    "mm-{o} = 1 / {a}",
    "vmv{o} = dot({a}, {b})",
    "mv-{o} = bcast({a}, axis=0)",
    "mv-{o} = bcast({a}, axis=1)",
    "sm-{o} = norm({a})",
    "vm-{o} = norm({a}, axis=0)",
    "vm-{o} = norm({a}, axis=1)",
    "mm-{o} = transpose({a})",
    "mm-{o} = abs({a})",
    "mmm{o} = {a} + {b}",
    "mmm{o} = {a} - {b}",
    "mmm{o} = {a} * {b}",
    "mmm{o} = {a} / {b}",
    "mmm{o} = matmul({a}, {b})",
    "sss{o} = minimum({a}, {b})",
    "vvv{o} = minimum({a}, {b})",
    "mmm{o} = minimum({a}, {b})",
    "sss{o} = maximum({a}, {b})",
    "vvv{o} = maximum({a}, {b})",
    "mmm{o} = maximum({a}, {b})",
    "sv-{o} = mean({a})",
    "sm-{o} = mean({a})",
    "vm-{o} = mean({a}, axis=1)",
    "vm-{o} = std({a}, axis=1)",
    "sv-{o} = std({a})",
    "sm-{o} = std({a})",
    "s--{o} = {c}",
    "v--{o}[{f}] = {c}",
    "m--{o}[{f}, {g}] = {c}",
    "s--{o} = uniform({c}, {d})",
    "v--{o} = uniform({c}, {d}, n_features)",
    "m--{o} = uniform({c}, {d}, (n_features, n_features))",
    "s--{o} = gaussian({c}, {d})",
    "v--{o} = gaussian({c}, {d}, n_features)",
    "m--{o} = gaussian({c}, {d}, (n_features, n_features))",
};

class Writer {
 public:
  Writer(std::uint64_t seed, const AutomlOptions& options)
      : options_(options), draws_({seed, kSearchStream, 0, 0, 0}) {}

  std::string program() {
    const char* names[] = {"Setup", "Predict", "Learn"};
    std::string out;
    for (std::size_t f = 0; f < 3; ++f) {
      out += fmt::format("def {}():\n", names[f]);
      for (int k = 0; k < options_.lines[f]; ++k) out += "  " + line() + "\n";
    }
    return out;
  }

 private:
  const AutomlOptions& options_;
  DrawSequence draws_;

  int below(int n) { return static_cast<int>(draws_.below(static_cast<std::uint64_t>(n))); }

  std::string reg(char kind, bool written) {
    const int bank = kind == 's' ? 0 : kind == 'v' ? 1 : 2;
    const bool spared = written && bank < 2 && draws_.uniform() >= options_.write_inputs;
    const int n = options_.addresses[static_cast<std::size_t>(bank)];
    return fmt::format("{}{}", kind, spared ? 1 + below(n - 1) : below(n));
  }

  std::string constant() {
    const double value = draws_.uniform() < 0.1 ? below(3) - 1 : draws_.normal();
    return fmt::format("{:.17g}", static_cast<double>(static_cast<float>(value)));
  }

  std::string line() {
    const int op = options_.ops.empty() ? 1 + below(64) : options_.ops[static_cast<std::size_t>(
                                                              below(static_cast<int>(options_.ops.size())))];
    const std::string form = kForms[op];
    using fmt::arg;
    const std::string a = form[1] == '-' ? "" : reg(form[1], false), b = form[2] == '-' ? "" : reg(form[2], false);
    return fmt::format(fmt::runtime(form.substr(3)), arg("o", reg(form[0], true)), arg("a", a), arg("b", b),
                       arg("f", fraction()), arg("g", fraction()), arg("c", constant()), arg("d", deviation()));
  }
  std::string fraction() { return fmt::format("{:.17g}", static_cast<double>(static_cast<float>(draws_.uniform() * 0.99))); }
  std::string deviation() { return fmt::format("{:.17g}", static_cast<double>(static_cast<float>(draws_.uniform()))); }
};

}  // namespace

std::string automl_text(std::uint64_t seed, const AutomlOptions& options) { return Writer(seed, options).program(); }

}  // namespace mlz::test
