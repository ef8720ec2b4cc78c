#pragma once
#include <string>

#include "tasks/world.hpp"

namespace mlz::golden {

/// The world of a Gymnasium name such as "CartPole-v1". Throws InputError.
tasks::WorldInfo world_of(const std::string& environment);

}  // namespace mlz::golden
