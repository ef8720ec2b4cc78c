#pragma once
#include <array>
#include <string_view>

namespace mlz::vm {

/// Levels of x86-64 that kernels are built for. Results in f64 and f32 are equal on all of them.
enum class Level { v2, v3, v4 };
inline constexpr std::array kLevels{Level::v2, Level::v3, Level::v4};
const char* level_name(Level level);

/// Whether this processor can run the kernels of a level.
bool level_available(Level level);
/// The level whose kernels are used: the best available, or the one the environment variable
/// MLZ_KERNELS names. Throws InputError when that is no level or one that this processor lacks.
Level kernel_level();
/// Parses "v2", "v3", "v4"; throws InputError as kernel_level does.
Level level_of(std::string_view name);

}  // namespace mlz::vm
