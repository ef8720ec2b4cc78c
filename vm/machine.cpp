#include "vm/machine.hpp"

#include <fmt/format.h>

#include "vm/cuda/engine.hpp"
#include "vm/dense.hpp"
#include "vm/engine_choice.hpp"
#include "vm/lanes.hpp"
#include "vm/reference.hpp"

namespace mlz::vm {
namespace {

std::string engine_names() {
  std::string out;
  for (const EngineInfo& e : engines()) out += fmt::format("{}{}", out.empty() ? "" : ", ", e.name);
  return out;
}

}  // namespace

const char* dtype_name(DType dtype) { return dtype == DType::f64 ? "f64" : "f32"; }

const char* factors_name(Factors factors) {
  return factors == Factors::tf32 ? "tf32" : factors == Factors::bf16 ? "bf16" : "full";
}

const std::vector<EngineInfo>& engines() {
  static const std::vector<EngineInfo> all{
      {"dense", "few large lifetimes: loops over entries, BLAS for large products", true, true, make_dense},
      {"lanes", "many small lifetimes: one dispatch of an instruction for all of them", true, true, make_lanes},
      {"reference", "the oracle: plain loops, one lifetime and one operation at a time", true, false, make_reference},
      {"cuda", "large matrix steps and many large lifetimes, on an NVIDIA GPU", true, true, make_cuda, has_gpu},
      {"cuda-tf32", "as cuda, with factors of f32 products rounded to TensorFloat-32", false, true, make_cuda, has_gpu,
       Factors::tf32},
      {"cuda-bf16", "as cuda, with factors of f32 products of matrices stored in bf16", false, true, make_cuda, has_gpu,
       Factors::bf16},
  };
  return all;
}

const EngineInfo& engine_info(std::string_view name, DType dtype) {
  for (const EngineInfo& e : engines()) {
    if (name != e.name) continue;
    if (e.has(dtype)) return e;
    throw InputError(fmt::format("the engine `{}` computes in {} only; take --dtype={} or another engine", name,
                                 dtype_name(e.f64 ? DType::f64 : DType::f32),
                                 dtype_name(e.f64 ? DType::f64 : DType::f32)));
  }
  throw InputError(fmt::format("there is no engine `{}`; engines are: auto, {}", name, engine_names()));
}

std::unique_ptr<Machine> make_machine(std::string_view engine, const BoundProgram& program,
                                      const MachineOptions& options) {
  if (engine == "auto") engine = fitting_engine(program, options.dtype, options.lanes);
  const EngineInfo& info = engine_info(engine, options.dtype);
  MachineOptions with_factors = options;
  with_factors.factors = info.factors;
  return info.make(program, with_factors);
}

}  // namespace mlz::vm
