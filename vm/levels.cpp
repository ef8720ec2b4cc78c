#include "vm/levels.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "lang/core/diagnostics.hpp"

namespace mlz::vm {

const char* level_name(Level level) {
  return level == Level::v2 ? "v2" : level == Level::v3 ? "v3" : "v4";
}

bool level_available(Level level) {
#if defined(__x86_64__)
  switch (level) {
    case Level::v2:
      return true;  // what the other levels fall back to; it is also the least the builds expect
    case Level::v3:
      return __builtin_cpu_supports("x86-64-v3") != 0;
    case Level::v4:
      return __builtin_cpu_supports("x86-64-v4") != 0;
  }
  return false;
#else
  return level == Level::v2;
#endif
}

Level level_of(std::string_view name) {
  for (const Level level : kLevels) {
    if (name != level_name(level)) continue;
    if (level_available(level)) return level;
    throw InputError(fmt::format(
        "this processor lacks the instructions of kernel level {}; take a lower one", name));
  }
  throw InputError(fmt::format("there is no kernel level `{}`; levels are v2, v3 and v4", name));
}

Level kernel_level() {
  if (const char* asked = std::getenv("MLZ_KERNELS"); asked != nullptr && *asked != '\0')
    return level_of(asked);
  for (const Level level : {Level::v4, Level::v3}) {
    if (level_available(level)) return level;
  }
  return Level::v2;
}

}  // namespace mlz::vm
