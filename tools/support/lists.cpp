#include "tools/support/lists.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lang/core/op_table.hpp"

namespace mlz::tools {
namespace {

std::string call_form(const OpInfo& op) {
  std::vector<std::string> arguments = op.operands;
  if (op.variadic) arguments.push_back("...");
  for (const OpAttribute& a : op.attributes) {
    std::string text = a.is_shape ? a.name + "..." : a.name;
    if (!a.default_value.empty()) text += "=" + a.default_value;
    arguments.push_back(a.optional ? "[" + text + "]" : text);
  }
  return fmt::format("{}({})", op.name(), fmt::join(arguments, ", "));
}

std::string other_names(const OpInfo& op) {
  std::vector<std::string> names(op.names.begin() + 1, op.names.end());
  if (!op.symbol.empty()) names.push_back("`" + op.symbol + "`");
  return names.empty() ? "" : fmt::format(" Also {}.", fmt::join(names, ", "));
}

}  // namespace

std::string list_ops() {
  std::string out =
      "Operations. Operands are s scalar, v vector, m matrix (svm: any of them); arguments in [] "
      "may be left out.\n"
      "Numbers are those of AutoML-Zero with the kinds they stand for.\n\n";
  for (const OpInfo& op : op_table()) {
    const std::string numbers = op.automl.empty() ? "" : " AutoML-Zero " + op.automl + ".";
    out += fmt::format("  {:<34} {}.{}{}\n", call_form(op), op.meaning, other_names(op), numbers);
  }
  return out;
}

}  // namespace mlz::tools
