#pragma once
#include "vm/carried.hpp"

namespace mlz::eval {

using vm::carried_registers;

}  // namespace mlz::eval
