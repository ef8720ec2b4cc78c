#include "cases.hpp"

#include <fmt/format.h>

#include "lang/text/compile.hpp"

namespace mlz::bench {
namespace {

/// The product depends on x, for else it would be computed once.
constexpr const char* kProduct = R"(
state A : matrix[features, features]
state B : matrix[features, features]
state y : vector[features]
def Setup():
  A = normal(0, 1)
  B = normal(0, 1)
def Predict(x):
  A[0, 0] = x[0]
  P = A @ B
  y = P[0]
)";

constexpr vm::Factors kAllFactors[] = {vm::Factors::full, vm::Factors::tf32, vm::Factors::bf16};

std::string suffix(vm::Factors factors) {
  return factors == vm::Factors::full ? "" : fmt::format(", {}", vm::factors_name(factors));
}

void add_products(std::vector<GpuCase>& out) {
  for (const std::int64_t n : {256, 512, 1024, 2048, 4096, 8192}) {
    for (const vm::Factors factors : kAllFactors) {
      GpuCase c{"product",
                fmt::format("{0} x {0}{1}", n, suffix(factors)),
                kProduct,
                {},
                {{"features", n}, {"outputs", 1}}};
      c.factors = factors;
      c.square = n;
      c.slow_on_cpu = n > 2048 || factors != vm::Factors::full;
      out.push_back(c);
    }
  }
}

void add_populations(std::vector<GpuCase>& out) {
  for (const int lanes : {64, 256, 1024}) {
    out.push_back({"vsml",
                   fmt::format("784 to 10, {} lifetimes", lanes),
                   "stdlib/vsml.mlz",
                   {},
                   {{"features", 784}, {"outputs", 10}},
                   lanes});
  }
  for (const int lanes : {1, 128}) {
    out.push_back({"srwm",
                   fmt::format("width 256, {} lifetimes", lanes),
                   "stdlib/srwm.mlz",
                   {{"heads", "16"}, {"input_softmax", "0"}, {"norm_residual", "1"}, {"feedback", "2"}},
                   {{"features", 784}, {"outputs", 5}},
                   lanes});
  }
}

void add_networks(std::vector<GpuCase>& out) {
  for (const int width : {256, 1024, 4096}) {
    for (const vm::Factors factors : kAllFactors) {
      GpuCase c{"mlp",
                fmt::format("784, {0}, {0}, 10, batch 128{1}", width, suffix(factors)),
                "stdlib/mlp.mlz",
                {{"n", fmt::format("[features,{0},{0},outputs]", width)}, {"batch", "128"}},
                {{"features", 784}, {"outputs", 10}}};
      c.factors = factors;
      c.slow_on_cpu = factors != vm::Factors::full;
      out.push_back(c);
    }
  }
  out.push_back({"bilinear",
                 "3072, one example",
                 MLZ_SOURCE_DIR "/models/evolved/bilinear.mlz",
                 {},
                 {{"features", 3072}, {"outputs", 1}}});
  out.push_back({"bilinear",
                 "3072, batch 50",
                 MLZ_SOURCE_DIR "/models/evolved/bilinear_batch.mlz",
                 {},
                 {{"features", 3072}, {"outputs", 1}}});
}

}  // namespace

std::vector<GpuCase> gpu_cases(bool quick) {
  std::vector<GpuCase> all;
  add_products(all);
  add_populations(all);
  add_networks(all);
  if (!quick) return all;
  std::vector<GpuCase> first;
  for (const GpuCase& c : all) {
    if (first.empty() || first.back().group != c.group) first.push_back(c);
  }
  return first;
}

vm::BoundProgram bound_case(const GpuCase& c) {
  const bool is_text = c.program.find('\n') != std::string::npos;
  const auto source =
      is_text ? std::make_shared<const SourceFile>(SourceFile{c.group, c.program}) : text::read_source(c.program);
  Diagnostics problems;
  text::CompileOptions options;
  options.set = c.set;
  const auto compiled = text::compile(source, options, problems);
  if (!compiled) throw InputError(problems.text());
  vm::BindOptions bind;
  bind.sizes = c.sizes;
  bind.max_bytes = std::int64_t{64} << 30;
  vm::BoundProgram program = vm::bind(compiled->core, bind, problems);
  if (!problems.ok()) throw InputError(problems.text());
  return program;
}

}  // namespace mlz::bench
