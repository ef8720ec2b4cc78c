#include "tools/support/program_setup.hpp"

#include <fmt/format.h>

#include "lang/text/parser.hpp"
#include "tools/support/model_file.hpp"
#include "tools/support/probe.hpp"
#include "tools/support/program_main.hpp"
#include "vm/adjoint/adjoint.hpp"
#include "vm/adjoint/own_products.hpp"
#include "vm/cuda/engine.hpp"
#include "vm/dense.hpp"
#include "vm/lanes.hpp"
#include "vm/optimise.hpp"

namespace mlz::tools {
namespace {

void require(const Diagnostics& diagnostics) {
  if (diagnostics.ok()) return;
  std::string text = diagnostics.text();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  throw InputError(text);
}

/// What an engine runs.
std::string code_text(const vm::BoundProgram& program, std::string_view engine,
                      const vm::MachineOptions& options) {
  if (engine == "dense") return vm::dump_dense(program, options);
  if (engine == "lanes") return vm::dump_lanes(program, options);
  if (engine.starts_with("cuda")) return vm::dump_cuda(program, options);
  return print(vm::unoptimised(program, options.dtype));
}

}  // namespace

text::Compiled compile_program(const RunOptions& options) {
  Diagnostics diagnostics;
  text::CompileOptions compile;
  compile.set = options.set;
  compile.path = options.path;
  auto compiled = text::compile(text::read_source(options.program), compile, diagnostics);
  require(diagnostics);
  if (!compiled) throw InputError(fmt::format("{}: cannot be compiled", options.program));
  return std::move(*compiled);
}

Setup set_up(const RunOptions& options, const CoreProgram& core) {
  return set_up(options, core, tasks::make_task(options.task, tasks::DataPaths::standard(options.data)));
}

Setup set_up(const RunOptions& options, const CoreProgram& core, std::shared_ptr<const tasks::Task> task) {
  Setup setup;
  setup.task = std::move(task);
  setup.protocol =
      eval::protocol_of(options.protocol.empty() ? setup.info().protocol : options.protocol);
  const bool f64 = options.dtype.empty() ? setup.protocol == eval::Protocol::automl ||
                                               options.trace || options.engine == "reference"
                                         : options.dtype == "f64";
  setup.dtype = f64 ? vm::DType::f64 : vm::DType::f32;
  Diagnostics diagnostics;
  vm::BindOptions bind;
  bind.sizes = setup.info().sizes;
  bind.max_bytes = options.max_memory_mib << 20;
  setup.program = vm::bind(core, bind, diagnostics);
  require(diagnostics);
  if (options.trace || !options.save.empty() || !options.load.empty() || !options.probe.empty()) {
    bind.observe = options.trace ? vm::Observe::all : vm::Observe::named;
    bind.observed = Probe::registers_of(options.probe, setup.program);
    for (const auto& name : model_registers(setup.program)) bind.observed.push_back(name);
    setup.program = vm::bind(core, bind, diagnostics);
    require(diagnostics);
  }
  eval::check_fit(setup.program, setup.info(), setup.protocol);
  return setup;
}

std::string program_hash(const CoreProgram& core) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : print(core)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

std::string comment_header(const std::string& task, const std::string& protocol, std::uint64_t seed,
                           const std::string& dtype, const std::string& engine) {
  return fmt::format("# {}\n# task: {}\n# protocol: {}\n# seed: {}\n# dtype: {}\n# engine: {}\n",
                     version_text(), task, protocol, seed, dtype, engine);
}

std::string dump(const RunOptions& options, const text::Compiled& compiled) {
  const auto or_default = [](const std::string& text) {
    return text.empty() ? std::string("default") : text;
  };
  const std::string header =
      comment_header(options.task, or_default(options.protocol), options.seed,
                     or_default(options.dtype), options.engine);
  if (options.dump == "ast") return header + text::print(compiled.ast);
  if (options.dump == "typed") return header + compiled.typed;
  if (options.dump == "core") return header + print(compiled.core);
  const Setup setup = set_up(options, compiled.core);
  vm::MachineOptions machine_options;
  machine_options.dtype = setup.dtype;
  machine_options.seed = options.seed;
  if (options.engine != "auto") machine_options.factors = vm::engine_info(options.engine, setup.dtype).factors;
  // The plan for a GPU can be shown without one.
  const std::string engine(options.engine.starts_with("cuda")
                               ? options.engine
                               : vm::make_machine(options.engine, setup.program, machine_options)->engine());
  const std::string exact = comment_header(setup.info().name, eval::protocol_name(setup.protocol),
                                           options.seed, vm::dtype_name(setup.dtype), engine);
  if (options.dump == "adjoint") return exact + print(vm::differentiate(vm::with_own_products(setup.program)));
  return exact + (options.dump == "code" ? code_text(setup.program, engine, machine_options)
                                         : print(setup.program));
}

}  // namespace mlz::tools
