#pragma once
#include "mlz/error.hpp"
#include "mlz/program.hpp"
#include "mlz/vm.hpp"
