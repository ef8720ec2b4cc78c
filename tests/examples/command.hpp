#pragma once
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace mlz::tests {

struct Finished {
  int exit_code = -1;
  std::string output;  ///< stdout
};

/// Runs a shell command in the source folder and collects what it prints.
inline Finished run_command(const std::string& command) {
  Finished out;
  const std::string line = "cd '" MLZ_SOURCE_DIR "' && { " + command + "; }";
  FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) return out;
  char buffer[4096];
  for (std::size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.output.append(buffer, got);
  const int status = pclose(pipe);
  out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return out;
}

}  // namespace mlz::tests
