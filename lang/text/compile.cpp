#include "lang/text/compile.hpp"

#include "lang/text/lowering.hpp"

namespace mlz::text {

std::optional<Compiled> compile(std::shared_ptr<const SourceFile> file, const CompileOptions& options,
                                Diagnostics& diagnostics) {
  ModuleLoader loader(options, diagnostics);
  const Module* main = loader.load_main(std::move(file));
  Lowering lowering(*main, options, diagnostics);
  CoreProgram core = lowering.run();
  if (!diagnostics.ok()) return {};
  std::string typed = print_typed(main->program, lowering.shapes());
  return Compiled{main->program, std::move(core), std::move(typed)};
}

}  // namespace mlz::text
