#pragma once
#include <atomic>
#include <functional>
#include <string>

namespace mlz::tools {

/// Exit codes of all programs.
enum ExitCode { kSuccess = 0, kRunFailed = 1, kBadInput = 2 };

/// Runs `body` and turns what it throws into a message on stderr and an exit code: InputError is
/// bad input, anything else a failed run.
int guarded(const std::function<int()>& body);

/// Set by the first Ctrl-C (or SIGTERM) after catch_interrupts(); the second one leaves at once.
const std::atomic<bool>& interrupted();
void catch_interrupts();

std::string version_text();  ///< "mlz 0.1.0"

}  // namespace mlz::tools
