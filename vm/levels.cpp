#include "vm/levels.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "lang/core/diagnostics.hpp"

namespace mlz::vm {

const char* level_name(Level level) {
  return level == Level::v2 ? "v2" : level == Level::v3 ? "v3" : "v4";
}

namespace {

#if defined(__x86_64__) && defined(__clang__) && __clang_major__ < 18
// These versions do not know the levels by name, and not every instruction set of a level; the others of v3 (lzcnt,
// movbe, f16c) are in every processor that has these.
bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("fma");
}
bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#elif defined(__x86_64__)
bool has_v3() { return __builtin_cpu_supports("x86-64-v3") != 0; }
bool has_v4() { return __builtin_cpu_supports("x86-64-v4") != 0; }
#endif

}  // namespace

bool level_available(Level level) {
#if defined(__x86_64__)
  switch (level) {
    case Level::v2:
      return true;  // what the other levels fall back to; it is also the least the builds expect
    case Level::v3:
      return has_v3();
    case Level::v4:
      return has_v4();
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
