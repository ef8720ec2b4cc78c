#include "tools/golden/json_values.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "lang/core/diagnostics.hpp"

namespace mlz::golden {
namespace {

constexpr int kDeepest = 10;

void collect(const nlohmann::json& value, std::vector<double>& out, int depth = 0) {
  if (!value.is_array()) return out.push_back(number(value));
  if (depth == kDeepest) throw InputError("lists of numbers stand inside lists too deep");
  for (const auto& entry : value) collect(entry, out, depth + 1);
}

}  // namespace

double number(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  throw InputError(fmt::format("{} is not a number", value.dump()));
}

std::vector<double> numbers(const nlohmann::json& value) {
  std::vector<double> result;
  collect(value, result);
  return result;
}

std::string setting(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  return fmt::format("{}", number(value));
}

}  // namespace mlz::golden
