#include "vm/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vm/reference.hpp"

namespace mlz::vm {

std::string FirstNonFinite::text() const {
  std::string place;
  if (line != nullptr && line->where.known())
    place = fmt::format(", {}:{}", line->where.file->name, line->where.line);
  return fmt::format("{}, run {}, lifetime {}{}: `{}` gives {} at entry {} of `{}`{}",
                     function_name(function), run + 1, lifetime, place,
                     line == nullptr ? "" : line->text, print_number(value), entry, reg,
                     std::isfinite(value) ? ", which f32 cannot hold" : "");
}

std::optional<FirstNonFinite> run_traced(Machine& machine, Function function, double largest) {
  auto* reference = dynamic_cast<ReferenceMachine*>(&machine);
  if (reference == nullptr) {
    throw InputError(
        fmt::format("the engine `{}` cannot trace; take --engine=reference", machine.engine()));
  }
  std::optional<FirstNonFinite> first;
  const BoundProgram& program = reference->program();
  const std::uint64_t run = reference->runs(function);
  reference->run(
      function, [&](const BoundInstruction& i, int lane, std::span<const double> written) {
        if (first) return;
        const auto bad = std::ranges::find_if(written, [&](double v) { return !(std::abs(v) <= largest); });
        if (bad == written.end()) return;
        const BoundLine* line = i.line < program.lines.size() ? &program.lines[i.line] : nullptr;
        first = {function,
                 run,
                 lane,
                 reference->lifetime(lane),
                 line,
                 program.registers[i.out].name,
                 bad - written.begin(),
                 *bad};
      });
  return first;
}

}  // namespace mlz::vm
