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

const EngineInfo& pick_engine(std::string_view name, DType dtype) {
  for (const EngineInfo& e : engines()) {
    if (name != e.name) continue;
    if (dtype == DType::f64 || e.f32) return e;
    throw InputError(fmt::format("the engine `{}` computes in f64 only; take --dtype=f64 or another engine", name));
  }
  throw InputError(fmt::format("there is no engine `{}`; engines are: auto, {}", name, engine_names()));
}

}  // namespace

const char* dtype_name(DType dtype) { return dtype == DType::f64 ? "f64" : "f32"; }

const std::vector<EngineInfo>& engines() {
  static const std::vector<EngineInfo> all{
      {"dense", "few large lifetimes: loops over entries, BLAS for large products", true, make_dense},
      {"lanes", "many small lifetimes: one dispatch of an instruction for all of them", true, make_lanes},
      {"reference", "the oracle: plain loops, one lifetime and one operation at a time", false, make_reference},
      {"cuda", "large matrix steps and many large lifetimes, on an NVIDIA GPU", true, make_cuda, has_gpu},
      {"cuda-tf32", "as cuda, with factors of f32 products rounded to TensorFloat-32", true, make_cuda_tf32, has_gpu},
  };
  return all;
}

std::unique_ptr<Machine> make_machine(std::string_view engine, const BoundProgram& program,
                                      const MachineOptions& options) {
  if (engine == "auto") engine = fitting_engine(program, options.dtype, options.lanes);
  return pick_engine(engine, options.dtype).make(program, options);
}

}  // namespace mlz::vm
