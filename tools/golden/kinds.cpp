#include "tools/golden/kinds.hpp"

#include <map>

namespace mlz::golden {

Check check_for(const std::string& kind) {
  static const std::map<std::string, Check> checks{
      {"core", check_srwm},
      {"multihead", check_srwm},
      {"stack", check_srwm_stack},
  };
  const auto found = checks.find(kind);
  return found == checks.end() ? nullptr : found->second;
}

}  // namespace mlz::golden
