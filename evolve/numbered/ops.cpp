#include "evolve/numbered/ops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "lang/core/diagnostics.hpp"
#include "lang/core/infer.hpp"

namespace mlz::evolve {
namespace {

/// Costs of the original's static model by number, relative to a sum of two scalars.
constexpr std::array<double, kNumberedOps> kCosts{
    0.6, 1,   1,   1,   1,   0.8, 0.9, 1.6, 1.7, 2,   1.9, 1.9, 1.7, 2.5, 2.5, 0.9, 0.8, 1.4, 1,   0.9, 1.3, 1,
    0.8, 1,   1,   1,   1.1, 0.9, 2.1, 1.2, 5.2, 2,   2.3, 2.3, 1.4, 1.4, 2.8, 2,   1,   1.2, 1.2, 1.2, 3.9, 3.1,
    1,   1,   1.3, 1,   1,   1.3, 0.9, 1,   2.1, 3.6, 1.2, 2.3, 0.8, 0.8, 0.9, 5.7, 12.3, 44, 4.4, 16.5, 59};

Kind kind_of(char letter) {
  return letter == 's' ? Kind::scalar : letter == 'v' ? Kind::vector : Kind::matrix;
}

Shape shape_of(Kind kind) {
  const Dim n = *Dim::of(StaticExpr::name("features"), {});
  if (kind == Kind::scalar) return Shape::scalar();
  return kind == Kind::vector ? Shape::vector(n) : Shape::matrix(n, n);
}

Kind result_kind(const OpInfo& info, const NumberedOp& op) {
  std::vector<Shape> operands;
  for (const Kind kind : op.in) operands.push_back(shape_of(kind));
  std::vector<std::vector<StaticExpr>> attributes(info.attributes.size());
  if (op.axis >= 0) attributes[static_cast<std::size_t>(info.attribute("axis"))] = {StaticExpr::number(op.axis)};
  return infer_shape(info, operands, attributes, {}).shape.kind;
}

Data data_of(OpId op, Kind out) {
  switch (op) {
    case OpId::constant: return Data::number;
    case OpId::set_fraction: return out == Kind::vector ? Data::entry_v : Data::entry_m;
    case OpId::uniform: return Data::uniform;
    case OpId::normal: return Data::normal;
    default: return Data::none;
  }
}

std::string right_side(const OpInfo& info, const NumberedOp& op) {
  if (op.op == OpId::reciprocal) return fmt::format("1 / {}", kind_letter(op.in[0]));
  if (!info.symbol.empty() && !info.has(kPrintsAsCall) && op.in.size() == 2) {
    return fmt::format("{} {} {}", kind_letter(op.in[0]), info.symbol, kind_letter(op.in[1]));
  }
  std::string args;
  for (const Kind kind : op.in) args += fmt::format("{}{}", args.empty() ? "" : ", ", kind_letter(kind));
  if (op.axis >= 0) args += fmt::format(", axis={}", op.axis);
  if (op.data == Data::uniform) args = "lo, hi";
  if (op.data == Data::normal) args = "mean, deviation";
  return fmt::format("{}({})", info.name(), args);
}

/// Fills one row from an item of OpInfo::automl such as "52:m1".
NumberedOp row(const OpInfo& info, const std::string& item) {
  NumberedOp op;
  const std::size_t colon = item.find(':');
  op.number = static_cast<std::uint8_t>(std::stoi(item.substr(0, colon)));
  op.op = info.id;
  op.cost = kCosts[op.number];
  op.random = info.has(kRandom);
  op.commutative = info.has(kCommutative) || info.id == OpId::dot;
  op.has_out = info.id != OpId::noop;
  const bool names_result = op.random || info.id == OpId::set_fraction;
  for (const char c : item.substr(colon + 1)) {
    if (c >= '0' && c <= '9') {
      op.axis = static_cast<std::int8_t>(c - '0');
    } else if (names_result) {
      op.out = kind_of(c);
    } else {
      op.in.push_back(kind_of(c));
    }
  }
  op.commutative = op.commutative && op.in.size() == 2 && op.in[0] == op.in[1];
  if (!names_result && op.has_out && !op.in.empty()) op.out = result_kind(info, op);
  op.data = data_of(info.id, op.out);
  return op;
}

std::array<NumberedOp, kNumberedOps> make_table() {
  std::array<NumberedOp, kNumberedOps> table;
  for (const OpInfo& info : op_table()) {
    std::istringstream items(info.automl);
    for (std::string item; items >> item;) {
      NumberedOp op = row(info, item);
      table[op.number] = op;
    }
  }
  return table;
}

int number_of(std::string_view text, const std::string& what, const std::string& list) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0 && value < kNumberedOps) return value;
  throw InputError(fmt::format(
      "{}: \"{}\" in \"{}\" is not the number of an operation; write numbers from 0 to {}, ranges such as 1-15, or all "
      "(mlzevolve --list-ops shows them)",
      what, text, list, kNumberedOps - 1));
}

}  // namespace

const std::array<NumberedOp, kNumberedOps>& numbered_ops() {
  static const std::array<NumberedOp, kNumberedOps> table = make_table();
  return table;
}

std::vector<std::uint8_t> parse_op_list(const std::string& text, const std::string& what) {
  std::vector<std::uint8_t> out;
  std::istringstream items(text == "all" ? "0-64" : text);
  for (std::string item; std::getline(items, item, ',');) {
    std::erase(item, ' ');
    if (item.empty()) continue;
    const std::size_t dash = item.find('-');
    const std::string_view view = item;
    const int first = number_of(view.substr(0, dash), what, text);
    const int last = dash == std::string::npos ? first : number_of(view.substr(dash + 1), what, text);
    if (last < first) throw InputError(fmt::format("{}: the range \"{}\" runs backwards", what, item));
    for (int n = first; n <= last; ++n) out.push_back(static_cast<std::uint8_t>(n));
  }
  return out;
}

std::string print_op_list(const std::vector<std::uint8_t>& ops) {
  return fmt::format("{}", fmt::join(ops, ","));
}

std::string signature(const NumberedOp& op) {
  switch (op.data) {
    case Data::number: return "s = c";
    case Data::entry_v: return "v[f] = c";
    case Data::entry_m: return "m[f, g] = c";
    default: break;
  }
  if (!op.has_out) return "NoOp()";
  return fmt::format("{} = {}", kind_letter(op.out), right_side(op_info(op.op), op));
}

std::string list_numbered_ops() {
  std::string out = "Operations of numbered registers (s scalar, v vector, m matrix), as in AutoML-Zero\n\n";
  for (const NumberedOp& op : numbered_ops()) {
    out += fmt::format("{:>4}  {:<28} {}\n", op.number, signature(op), op_info(op.op).meaning);
  }
  return out;
}

}  // namespace mlz::evolve
