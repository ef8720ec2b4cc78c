#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lang/core/op_table.hpp"
#include "lang/text/hints.hpp"

namespace mlz::text {
namespace {

struct Foreign {
  std::string_view names;  ///< with a blank before and after each
  std::string_view text;
};

/// Functions of numpy, torch and jax that are expressions here.
constexpr std::array kForeign{
    Foreign{" zeros zeros_like empty ", "write fill(0, n) or fill(0, (rows, columns)); W[:] = 0 fills a register"},
    Foreign{" ones ones_like full ", "write fill(1, n) or fill(1, (rows, columns)); W[:] = 1 fills a register"},
    Foreign{" eye identity ", "write onehot(iota(n), n)"},
    Foreign{" diag ", "write onehot(iota(n), n) * v, or sum(W * onehot(iota(n), n), 1) for the diagonal of W"},
    Foreign{" trace ", "write sum(W * onehot(iota(n), n))"},
    Foreign{" arange linspace ", "write iota(n), which is 0, 1, ..., n - 1"},
    Foreign{" argmin ", "write argmax(-a)"},
    Foreign{" randn randn_like standard_normal ", "write normal(0, 1, n) or normal(0, 1, (rows, columns))"},
    Foreign{" rand rand_like random random_sample ", "write uniform(0, 1, n) or uniform(0, 1, (rows, columns))"},
    Foreign{" concatenate hstack cat ", "write concat(a, b), or concat(a, b, axis=1) for matrices side by side"},
    Foreign{" vstack stack ", "write concat(a, b, axis=0) of matrices; reshape(v, (1, n)) makes a row of a vector"},
    Foreign{" expand_dims unsqueeze flatten ravel squeeze ", "write reshape(a, n) or reshape(a, (rows, columns))"},
    Foreign{" var variance ", "write square(std(a))"},
    Foreign{" round rint ", "write floor(a + 0.5)"},
    Foreign{" ceil ", "write -floor(-a)"},
    Foreign{" mod fmod remainder ", "write a % b"},
    Foreign{" float int bool ", "every entry is a floating-point number; floor(a) makes whole ones"},
    Foreign{" inner vdot mm mv bmm ", "write a @ b"},
    Foreign{" repeat ", "write repeat_rows(a, times)"},
    Foreign{" tile ", "write tile_rows(a, times)"},
    Foreign{" take gather ", "write onehot(i, n) @ a"},
    Foreign{" logsumexp ", "write max(a) + log(sum(exp(a - max(a))))"},
    Foreign{" silu swish ", "write a * sigmoid(a)"},
    Foreign{" leaky_relu ", "write maximum(a, 0.01 * a)"},
    Foreign{" softplus ", "write log(1 + exp(a))"},
    Foreign{" ln ", "write log(a)"},
    Foreign{" asin acos atan ", "write arcsin, arccos or arctan"},
    Foreign{" logistic ", "write sigmoid(a)"},
    Foreign{" log_sigmoid ", "write log(sigmoid(a))"},
};

bool is_library(std::string_view name) {
  constexpr std::array names{"np", "numpy", "math", "torch", "jnp", "jax", "F", "nn.functional", "tf", "np.random",
                             "numpy.random", "np.linalg", "torch.nn.functional"};
  return std::ranges::find(names, name) != names.end();
}

std::string foreign(const std::string& name) {
  for (const Foreign& f : kForeign) {
    if (f.names.find(" " + name + " ") != std::string_view::npos) return std::string(f.text);
  }
  return "";
}

}  // namespace

std::string hint_for_call(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return foreign(name);
  const std::string owner = name.substr(0, dot), last = name.substr(dot + 1);
  if (find_ops(last).empty()) return foreign(last);
  return is_library(owner) ? fmt::format("operations have no prefix: write {}(...)", last)
                           : fmt::format("registers have no methods: write {}({})", last, owner);
}

}  // namespace mlz::text
