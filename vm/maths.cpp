#include <cmath>

#include "vm/quarter_turns.hpp"

namespace mlz::vm {

QuarterTurns reduce_quarter_turns(double a) { return quarter_turns(a); }

double library_pow(double a, double b) { return std::pow(a, b); }
float library_pow(float a, float b) { return std::pow(a, b); }
double library_exp(double a) { return std::exp(a); }
double library_log(double a) { return std::log(a); }
double library_sin(double a) { return std::sin(a); }
double library_cos(double a) { return std::cos(a); }
double library_tan(double a) { return std::tan(a); }
double library_asin(double a) { return std::asin(a); }
double library_acos(double a) { return std::acos(a); }
double library_atan(double a) { return std::atan(a); }

}  // namespace mlz::vm
