#include "lang/core/roles.hpp"

#include <algorithm>

namespace mlz {
namespace {

RegisterInfo* find(CoreProgram& program, const char* name) {
  for (RegisterInfo& info : program.registers) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

bool declares(const CoreProgram& program, const char* name) {
  return std::any_of(program.declarations.begin(), program.declarations.end(),
                     [&](const Declaration& d) { return d.name == name; });
}

}  // namespace

const char* role_name(Role role) {
  static constexpr const char* kNames[] = {"", "x", "target", "y", "reward", "action", "done"};
  return kNames[static_cast<std::size_t>(role)];
}

void give_roles(CoreProgram& program) {
  const auto give = [&](const char* name, Role role) {
    if (RegisterInfo* info = find(program, name)) info->role = role;
  };
  const RegisterInfo* y = find(program, "y");
  if (declares(program, "batch"))
    give("x", Role::x);
  else if (!declares(program, "v0"))
    give("v0", Role::x);
  if (y != nullptr)
    give("y", Role::y);
  else if (!declares(program, "s1"))
    give("s1", Role::y);
  if (find(program, "target") != nullptr)
    give("target", Role::target);
  else if (!declares(program, "s0") && (y == nullptr || y->shape.kind == Kind::scalar))
    give("s0", Role::target);
  give("reward", Role::reward);
  give("action", Role::action);
  give("done", Role::done);
}

}  // namespace mlz
