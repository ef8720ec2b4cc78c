#include "tools/golden/kinds.hpp"

#include <map>

namespace mlz::golden {

Check check_for(const std::string& kind) {
  static const std::map<std::string, Check> checks{
      {"core", check_srwm},
      {"multihead", check_srwm},
      {"stack", check_srwm_stack},
      {"grad_core", check_srwm_gradient},
      {"grad_stack", check_srwm_stack_gradient},
      {"lstm_cell", check_lstm_cell},
      {"vsml", check_vsml},
      {"es_adam", check_es_adam},
      {"trajectory", check_trajectory},
      {"gru_cell", check_gru_cell},
      {"network", check_network},
      {"lifetime", check_lifetime},
      {"cma_es_tell", check_cma_es_tell},
  };
  const auto found = checks.find(kind);
  return found == checks.end() ? nullptr : found->second;
}

}  // namespace mlz::golden
