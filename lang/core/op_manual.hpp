#pragma once
#include <string>

namespace mlz {

/// docs/ops.md: the manual of all operations, written from the op table.
std::string op_manual();

}  // namespace mlz
