#include "lang/core/op_manual.hpp"

#include <fmt/format.h>

#include "lang/core/op_table.hpp"

namespace mlz {
namespace {

constexpr const char* kIntroduction =
    "# Operations\n\n"
    "Written from the op table (`lang/core/ops.def`). Operands are s scalar, v vector, m matrix; several letters admit any of\n"
    "them. Arguments after `;` are known before the run; one with `=` has a default, one with `?` may be left out. Names\n"
    "that occur twice are told apart by the kinds of their operands. The last column holds AutoML-Zero's numbers with the kinds\n"
    "they stand for. Operands of entry-by-entry operations broadcast: a scalar with anything, a dimension that is\n"
    "literally 1 with any, a vector as a row.\n\n"
    "The column gradient says what the gradient of each operand gains from that of the result, `g`, with the operands\n"
    "`a`, `b`, `c` and the result `out`; see [gradients.md](gradients.md) for the functions in it. `zero` means that no\n"
    "gradient flows; `none`, or nothing, that bound programs have other operations in its place.\n";

struct Section {
  OpId first;
  const char* title;
};

constexpr Section kSections[] = {
    {OpId::add, "Entry by entry"},     {OpId::noop, "Moving values"}, {OpId::dot, "Products"}, {OpId::sum, "Reductions"},
    {OpId::unfold, "Images"},          {OpId::uniform, "Random draws"},
};

std::string call_form(const OpInfo& op) {
  std::string out = op.name() + "(";
  for (std::size_t i = 0; i < op.operands.size(); ++i) out += (i ? ", " : "") + op.operands[i];
  if (op.variadic) out += ", ...";
  const char* join = op.operands.empty() ? "" : "; ";
  for (const OpAttribute& a : op.attributes) {
    out += join + a.name + (a.default_value.empty() ? "" : "=" + a.default_value) + (a.optional ? "?" : "");
    join = ", ";
  }
  return out + ")";
}

std::string other_forms(const OpInfo& op) {
  std::string out;
  for (std::size_t i = 1; i < op.names.size(); ++i) out += fmt::format(" `{}`", op.names[i]);
  if (!op.symbol.empty()) out += fmt::format(" `{}`", op.symbol == "neg" ? "-a" : op.symbol);
  return out.empty() ? "" : out.substr(1);
}

std::string gradients(const OpInfo& op) {
  std::string out;
  for (const std::string& gradient : op.gradients) out += (out.empty() ? "`" : "`, `") + gradient;
  return out.empty() ? "" : out + "`";
}

}  // namespace

std::string op_manual() {
  std::string out = kIntroduction;
  for (const OpInfo& op : op_table()) {
    for (const Section& section : kSections) {
      if (section.first != op.id) continue;
      out += fmt::format("\n## {}\n\n| operation | also | meaning | gradient | cost | AutoML-Zero |\n|---|---|---|---|---|---|\n",
                         section.title);
    }
    std::string meaning = op.meaning;
    for (std::size_t at = 0; (at = meaning.find('|', at)) != std::string::npos; at += 2) meaning.insert(at, "\\");
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", call_form(op), other_forms(op), meaning, gradients(op), op.cost,
                       op.automl);
  }
  return out;
}

}  // namespace mlz
