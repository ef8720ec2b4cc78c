#include "evolve/eval/refuse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lang/core/roles.hpp"

namespace mlz::eval {
namespace {

constexpr Function kOrder[] = {Function::predict, Function::learn, Function::setup};

bool reads(const vm::BoundInstruction& instruction, vm::RegisterId id) {
  return std::find(instruction.in.begin(), instruction.in.begin() + instruction.in_count, id) !=
         instruction.in.begin() + instruction.in_count;
}

Location file_of(const vm::BoundProgram& program) {
  if (program.lines.empty()) return {};
  Location where = program.lines.front().where;
  where.line = 0;
  return where;
}

Location place_of(const vm::BoundProgram& program, vm::RegisterId id) {
  if (id == vm::kNoRegister) return file_of(program);
  for (const bool written : {true, false}) {
    for (const Function function : kOrder) {
      for (const vm::BoundInstruction& instruction : program.code[static_cast<std::size_t>(function)]) {
        if (written ? instruction.out != id : !reads(instruction, id)) continue;
        const Location& where = program.lines[instruction.line].where;
        if (where.known()) return where;
      }
    }
  }
  return file_of(program);
}

}  // namespace

void refuse(const vm::BoundProgram& program, vm::RegisterId id, const std::string& message, const std::string& hint) {
  std::string text = Diagnostic{place_of(program, id), message, {}, hint}.text();
  text.pop_back();  // the end of its last line
  throw InputError(text);
}

std::string role_text(const vm::BoundProgram& program, Role role) {
  const vm::RegisterId id = program.with_role(role);
  const std::string name = role_name(role);
  if (id == vm::kNoRegister) return fmt::format("`{}`", name);
  const std::string& own = program.registers[id].name;
  const Location where = place_of(program, id);
  const bool written_so = own != name && where.known() && where.file->line(where.line).find(own) != std::string_view::npos;
  return fmt::format("`{}`{}", name, written_so ? fmt::format(" (register {})", own) : "");
}

std::string shape_text(const vm::BoundRegister& r) {
  if (r.kind == Kind::scalar) return "a scalar";
  if (r.kind == Kind::vector) return fmt::format("a vector of {}", r.cols);
  return fmt::format("a matrix of {} x {}", r.rows, r.cols);
}

}  // namespace mlz::eval
