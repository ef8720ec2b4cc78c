#pragma once
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/golden/learner.hpp"

/// stdlib/srwm.mlz with the weights of a recorded case.
namespace mlz::golden {

/// The register of a head: "W[0][1]".
std::string head_name(std::size_t layer, std::size_t head, const char* name = "W");
/// The blocks of one head, one below the other.
std::vector<double> matrix_of(const nlohmann::json& blocks);
/// Compares the blocks of a head with its matrix, block by block.
void compare_head(const std::string& field, const nlohmann::json& blocks, const std::vector<double>& matrix,
                  Comparison& compare);

/// The weights of one head, or of several: a list of blocks.
nlohmann::json heads_of(const nlohmann::json& blocks, bool core, const char* key);
/// The matrix alone, as kinds `core`, `multihead` and `grad_core` have it.
Learner make_bare(const nlohmann::json& recorded, const Options& options);
/// The whole network of kinds `stack` and `grad_stack`; throws InputError for an unknown variant.
Learner make_stack(const nlohmann::json& recorded, const Options& options);

/// Calls `take` with the param and the numbers of each weight in a tree of params of a network.
using TakeWeight = std::function<void(const std::string& param, const std::vector<double>& numbers)>;
void each_weight(const nlohmann::json& recorded, const nlohmann::json& tree, const TakeWeight& take);

}  // namespace mlz::golden
