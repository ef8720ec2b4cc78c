#include "lang/core/core_program.hpp"

#include <algorithm>

namespace mlz {
namespace {

bool any_hole(const std::vector<CoreLine>& lines) {
  return std::any_of(lines.begin(), lines.end(), [](const CoreLine& line) {
    if (line.kind == CoreLine::Kind::hole || line.op == OpId::hole) return true;
    if (any_hole(line.body) || any_hole(line.otherwise)) return true;
    return std::any_of(line.in.begin(), line.in.end(),
                       [](const Operand& o) { return o.kind == Operand::Kind::hole; });
  });
}

}  // namespace

bool CoreLine::operator==(const CoreLine& o) const {
  return kind == o.kind && hold == o.hold && op == o.op && out == o.out && in == o.in &&
         attributes == o.attributes && index == o.index && variable == o.variable && first == o.first &&
         last == o.last && step == o.step && condition == o.condition && body == o.body &&
         otherwise == o.otherwise && hole_count == o.hole_count;
}

bool Declaration::operator==(const Declaration& o) const {
  return kind == o.kind && name == o.name && family == o.family && shape == o.shape && value == o.value &&
         draw == o.draw && draw_args == o.draw_args && starts_as == o.starts_as && hold == o.hold;
}

const char* function_name(Function function) {
  static constexpr const char* kNames[] = {"Setup", "Predict", "Learn"};
  return kNames[static_cast<int>(function)];
}

const RegisterInfo* CoreProgram::find(const std::string& name) const {
  for (const RegisterInfo& info : registers) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

const RegisterInfo* CoreProgram::with_role(Role role) const {
  for (const RegisterInfo& info : registers) {
    if (info.role == role) return &info;
  }
  return nullptr;
}

bool CoreProgram::has_holes() const { return std::any_of(functions.begin(), functions.end(), any_hole); }

bool CoreProgram::operator==(const CoreProgram& o) const {
  return doc == o.doc && declarations == o.declarations && functions == o.functions && hold == o.hold;
}

const std::vector<std::string>& task_size_names() {
  static const std::vector<std::string> names{"features", "outputs", "actions",  "ways",
                                              "height",   "width",   "channels", "steps"};
  return names;
}

}  // namespace mlz
