#pragma once
#include <string>

namespace mlz::tools {

std::string list_ops();  ///< every operation with its forms and meaning, from the op table

}  // namespace mlz::tools
