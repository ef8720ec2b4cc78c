#pragma once
#include "command.hpp"

/// Searches for params that tests share.
namespace mlz::tools::test {

inline const std::string kTask = "--task digits:size=8,train=100,valid=50 ";
inline const std::string kSmall = "--init examples/08_params.mlz " + kTask +
                           "--select-tasks 3 --final-tasks 3 --tasks 2 --population 8 --held-out-every 4 --sigma 0.02 "
                           "--rate 0.01 --seed 3 --checkpoint-interval 0.02 --quiet ";

inline Finished mlzevolve(const std::string& arguments) { return shell(std::string(MLZEVOLVE) + " " + arguments); }

inline const std::string kFme = "--tune fme --init stdlib/fme.mlz --set scale=4 --set d=6 --tasks 1 --population 40 "
                         "--select-tasks 3 --final-tasks 3 --held-out-every 10 --seed 5 "
                         "--checkpoint-interval 0.02 --quiet ";
inline const std::string kBandit = "--task swapping_bandit:steps=20,period=7 ";

}  // namespace mlz::tools::test
