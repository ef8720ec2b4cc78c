#include "lang/core/op_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mlz {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::string part;
  for (char c : text) {
    if (c != at) part += c;
    else if (!part.empty()) parts.push_back(std::exchange(part, {}));
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

OpAttribute read_attribute(std::string text) {
  OpAttribute a;
  if (text.back() == '?') {
    a.optional = true;
    text.pop_back();
  }
  if (text.size() > 2 && text.substr(text.size() - 2) == "()") {
    a.is_shape = true;
    text.resize(text.size() - 2);
  }
  const std::size_t equals = text.find('=');
  a.name = text.substr(0, equals);
  if (equals != std::string::npos) a.default_value = text.substr(equals + 1);
  return a;
}

/// The expressions of "(first, second)".
std::vector<std::string> read_gradients(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text.substr(1, text.size() - 2)) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0 && c == ',') parts.emplace_back();
    else if (c != ' ' || !parts.back().empty()) parts.back() += c;
  }
  std::erase(parts, "");
  return parts;
}

OpInfo row(OpId id, std::string_view names, std::string_view symbol, std::string_view operands,
           std::string_view attributes, ShapeRule rule, std::uint32_t flags, double cost,
           std::string_view automl, std::string_view gradient, std::string_view meaning) {
  OpInfo info;
  info.id = id;
  info.names = split(names, ',');
  info.symbol = symbol;
  info.operands = split(operands, ' ');
  if (!info.operands.empty() && info.operands.back() == "...") {
    info.variadic = true;
    info.operands.pop_back();
  }
  for (const std::string& attribute : split(attributes, ' ')) info.attributes.push_back(read_attribute(attribute));
  info.rule = rule;
  info.flags = flags;
  info.cost = cost;
  info.automl = automl;
  info.gradients = read_gradients(gradient);
  info.meaning = meaning;
  return info;
}

std::vector<OpInfo> build_table() {
  std::vector<OpInfo> table;
#define MLZ_ELEMENTWISE(id, names, symbol, operands, flags, cost, automl, gradient, meaning, ...)       \
  table.push_back(row(OpId::id, names, symbol, operands, "", ShapeRule::broadcast, (flags) | kElementwise, \
                      cost, automl, #gradient, meaning));
#define MLZ_OP(id, names, symbol, operands, attributes, rule, flags, cost, automl, gradient, meaning)           \
  table.push_back(row(OpId::id, names, symbol, operands, attributes, rule, flags, cost, automl, #gradient, meaning));
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
  return table;
}

bool answers_to(const OpInfo& info, std::string_view word) {
  if (!info.symbol.empty() && info.symbol == word) return true;
  return std::find(info.names.begin(), info.names.end(), word) != info.names.end();
}

bool admits(const OpInfo& info, const std::vector<Kind>& kinds) {
  const std::size_t fixed = info.operands.size();
  if (info.variadic ? kinds.size() < fixed : kinds.size() != fixed) return false;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string& letters = info.operands[std::min(i, fixed - 1)];
    if (letters.find(kind_letter(kinds[i])) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

int OpInfo::attribute(std::string_view wanted) const {
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (attributes[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

const std::vector<OpInfo>& op_table() {
  static const std::vector<OpInfo> table = build_table();
  return table;
}

const OpInfo& op_info(OpId id) { return op_table()[static_cast<std::size_t>(id)]; }

std::vector<OpId> find_ops(std::string_view word) {
  std::vector<OpId> found;
  for (const OpInfo& info : op_table()) {
    if (answers_to(info, word)) found.push_back(info.id);
  }
  return found;
}

std::optional<OpId> find_overload(std::string_view word, const std::vector<Kind>& kinds) {
  for (OpId id : find_ops(word)) {
    if (admits(op_info(id), kinds)) return id;
  }
  return {};
}

int automl_number(OpId id, const std::vector<Kind>& operands, Kind result, int axis) {
  std::string signature;
  for (Kind kind : operands) signature += kind_letter(kind);
  const OpInfo& info = op_info(id);
  if (info.has(kRandom) || id == OpId::set_fraction) {
    signature = result == Kind::scalar && id != OpId::set_fraction ? "" : std::string(1, kind_letter(result));
  }
  if (axis >= 0 && signature != "v") signature += std::to_string(axis);
  if (id == OpId::broadcast_vector) signature = "v" + std::to_string(axis);
  for (const std::string& item : split(info.automl, ' ')) {
    const std::size_t colon = item.find(':');
    if (item.substr(colon + 1) == signature) return std::stoi(item.substr(0, colon));
  }
  return -1;
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const OpInfo& info : op_table()) {
    for (const std::string& name : info.names) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace mlz
