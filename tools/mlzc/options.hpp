#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "mlz/mlz.hpp"

namespace mlzc {

/// A command line that cannot be understood; what() says why.
class BadUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Options {
  std::string program;  ///< path
  std::string output;   ///< path; empty: stdout
  std::string name = "program";
  bool binary = false;
  bool help = false, version = false;
  mlz::Sizes sizes;
  std::string sizes_text;  ///< as written, for the comment in the output
  mlz::CompileOptions compile;
  mlz::BindOptions bind;
};

/// Throws BadUsage.
Options parse_options(const std::vector<std::string>& arguments);

const char* help_text();

}  // namespace mlzc
