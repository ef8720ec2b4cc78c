#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "tools/golden/golden.hpp"

namespace mlz::golden {

/// Runs one recorded case and gives the first difference in words.
using Check = std::optional<std::string> (*)(const nlohmann::json& recorded,
                                             const Options& options);

/// The check for a `kind` of case, or null for an unknown one.
Check check_for(const std::string& kind);

std::optional<std::string> check_srwm(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_srwm_stack(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_srwm_gradient(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_srwm_stack_gradient(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_lstm_cell(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_vsml(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_es_adam(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_trajectory(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_gru_cell(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_network(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_lifetime(const nlohmann::json& recorded, const Options& options);
std::optional<std::string> check_cma_es_tell(const nlohmann::json& recorded,
                                             const Options& options);

}  // namespace mlz::golden
