#include "tools/support/program_main.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <new>

#include "lang/core/diagnostics.hpp"

namespace mlz::tools {
namespace {

std::atomic<bool> interrupt_flag{false};
std::atomic<std::int64_t> interrupt_time{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

/// Signals so close together are one: programs such as timeout send theirs to a process and again to its group.
constexpr std::int64_t kOneInterrupt = 200'000'000;

std::int64_t nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void on_interrupt(int signal) {
  if (interrupt_flag.exchange(true)) {
    if (nanoseconds() - interrupt_time.load() > kOneInterrupt) _exit(128 + signal);
    return;
  }
  interrupt_time = nanoseconds();
  static constexpr char kMessage[] = "\nending the run; press Ctrl-C again to leave at once\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
}

/// Results that did not arrive, as on a full disk, are a failed run.
int checked_output(int exit_code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  fmt::print(stderr, "cannot write the output: {}\n", std::strerror(errno != 0 ? errno : EIO));
  return exit_code == kSuccess ? kRunFailed : exit_code;
}

}  // namespace

int guarded(const std::function<int()>& body) {
  try {
    return checked_output(body());
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kBadInput;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "out of memory; a smaller task, batch or --max-memory may help\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return kRunFailed;
}

const std::atomic<bool>& interrupted() { return interrupt_flag; }

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::string version_text() { return "mlz " MLZ_VERSION; }

}  // namespace mlz::tools
