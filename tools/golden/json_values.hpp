#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mlz::golden {

/// A number of a case; "nan", "inf" and "-inf" are written as strings. Throws InputError for
/// anything else.
double number(const nlohmann::json& value);
/// All numbers of a number or of nested lists of them, row by row; true and false are 1 and 0.
std::vector<double> numbers(const nlohmann::json& value);
/// A number or flag of a configuration as --set takes it; flags are 1 and 0. Throws InputError for
/// anything else.
std::string setting(const nlohmann::json& value);

}  // namespace mlz::golden
