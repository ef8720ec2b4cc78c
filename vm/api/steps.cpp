#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "vm/api/lifetimes_impl.hpp"

namespace mlz {
namespace {

using Clock = std::chrono::steady_clock;

/// The limits of one call of run_stream. The clock is read about every millisecond, so that short steps do not pay
/// for it.
class Watch {
 public:
  explicit Watch(const StreamOptions& options) : options_(options) {}

  /// Whether a step after `steps` of them may run.
  bool go_on(std::int64_t steps) {
    if (options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed)) return stop(StreamEnd::cancelled);
    if (options_.max_steps > 0 && steps >= options_.max_steps) return stop(StreamEnd::steps);
    if (options_.max_seconds > 0 && --until_clock_ <= 0 && late()) return stop(StreamEnd::seconds);
    return true;
  }
  StreamEnd end() const { return end_; }

 private:
  bool late() {
    const double now = std::chrono::duration<double>(Clock::now() - start_).count();
    const double since = now - last_;
    if (since < 0.0005) stride_ = std::min<std::int64_t>(stride_ * 2, 1 << 20);
    if (since > 0.002) stride_ = std::max<std::int64_t>(stride_ / 4, 1);
    last_ = now;
    until_clock_ = stride_;
    return now >= options_.max_seconds;
  }
  bool stop(StreamEnd end) {
    end_ = end;
    return false;
  }

  const StreamOptions& options_;
  Clock::time_point start_ = Clock::now();
  double last_ = 0;
  std::int64_t stride_ = 1, until_clock_ = 1;
  StreamEnd end_ = StreamEnd::finished;
};

template <class T>
bool finite(std::span<const T> values) {
  return std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); });
}

/// The rows of one array of a stream.
template <class T>
struct Rows {
  std::span<const T> values;
  std::size_t width = 0;  ///< 0: this array is not used

  std::span<const T> operator[](std::int64_t row) const {
    return width == 0 ? std::span<const T>() : values.subspan(static_cast<std::size_t>(row) * width, width);
  }
  std::int64_t count(const char* what) const {
    if (values.size() % width != 0) {
      throw std::invalid_argument(
          fmt::format("run_stream: {} numbers of {} are not a multiple of {}", values.size(), what, width));
    }
    return static_cast<std::int64_t>(values.size() / width);
  }
};

/// How many steps the arrays hold.
template <class T>
std::int64_t rows_of(const Rows<T>& xs, const Rows<T>& targets) {
  if (xs.width == 0 && targets.width == 0) {
    throw std::invalid_argument("run_stream: the program uses neither x nor target, so the number of steps is unknown");
  }
  if (xs.width == 0) return targets.count("targets");
  const std::int64_t rows = xs.count("xs");
  if (targets.width == 0 || targets.count("targets") == rows) return rows;
  throw std::invalid_argument(fmt::format("run_stream: xs has {} rows, targets {}", rows, targets.count("targets")));
}

}  // namespace

const char* stream_end_text(StreamEnd end) {
  switch (end) {
    case StreamEnd::finished: return "the stream ended";
    case StreamEnd::steps: return "the limit of steps was reached";
    case StreamEnd::seconds: return "the limit of time was reached";
    case StreamEnd::cancelled: return "cancelled";
    case StreamEnd::non_finite: return "a prediction was not finite";
  }
  return "";
}

template <>
std::vector<double>& Lifetimes::Impl::answers<double>() {
  return y64;
}
template <>
std::vector<float>& Lifetimes::Impl::answers<float>() {
  return y32;
}
template <>
const std::vector<double>& Lifetimes::Impl::zeros<double>() const {
  return zero64;
}
template <>
const std::vector<float>& Lifetimes::Impl::zeros<float>() const {
  return zero32;
}

template <class T>
void Lifetimes::Impl::hand_in(const Port& port, std::span<const T> values) {
  if (!port.exists()) return;
  const bool shared = values.size() == port.entries;
  for (int lane = 0; lane < count(); ++lane) {
    const std::size_t first = shared ? 0 : static_cast<std::size_t>(lane) * port.entries;
    machine->write(port.id, lane, values.subspan(first, port.entries));
  }
}

template <class T>
std::span<const T> Lifetimes::Impl::predict(std::span<const T> x_values) {
  need_birth("predict");
  need_size(x, x_values.size(), "predict", "x");
  hand_in(x, x_values);
  hand_in(target, std::span<const T>(zeros<T>()));
  machine->run(Function::predict);
  std::vector<T>& out = answers<T>();
  for (int lane = 0; y.exists() && lane < count(); ++lane) {
    machine->read(y.id, lane, std::span<T>(out).subspan(static_cast<std::size_t>(lane) * y.entries, y.entries));
  }
  return out;
}

template <class T>
void Lifetimes::Impl::learn(std::span<const T> x_values, std::span<const T> target_values) {
  need_birth("learn");
  need_size(x, x_values.size(), "learn", "x");
  need_size(target, target_values.size(), "learn", "target");
  hand_in(x, x_values);
  hand_in(target, target_values);
  machine->run(Function::learn);
}

template <class T>
StreamResult Lifetimes::Impl::run_stream(std::span<const T> xs, std::span<const T> targets, const StreamOptions& options,
                                         std::span<T> predictions) {
  need_birth("run_stream");
  const std::size_t copies = options.each ? static_cast<std::size_t>(count()) : 1;
  const Rows<T> x_rows{xs, x.entries * copies};
  const Rows<T> target_rows{targets, options.learn ? target.entries * copies : 0};
  const std::int64_t rows = rows_of(x_rows, target_rows);
  const std::size_t width = answers<T>().size();
  if (!predictions.empty() && predictions.size() != static_cast<std::size_t>(rows) * width) {
    throw std::invalid_argument(fmt::format("run_stream: room for {} predictions; {} steps make {} numbers",
                                            predictions.size(), rows, static_cast<std::size_t>(rows) * width));
  }
  Watch watch(options);
  StreamResult result;
  while (result.steps < rows && watch.go_on(result.steps)) {
    const std::int64_t row = result.steps++;
    const std::span<const T> guess = predict(x_rows[row]);
    if (!predictions.empty()) std::ranges::copy(guess, predictions.begin() + row * static_cast<std::ptrdiff_t>(width));
    if (options.stop_on_non_finite && !finite(guess)) return {StreamEnd::non_finite, result.steps};
    if (options.learn) learn(x_rows[row], target_rows[row]);
  }
  result.end = watch.end();
  return result;
}

template std::span<const double> Lifetimes::Impl::predict(std::span<const double>);
template std::span<const float> Lifetimes::Impl::predict(std::span<const float>);
template void Lifetimes::Impl::learn(std::span<const double>, std::span<const double>);
template void Lifetimes::Impl::learn(std::span<const float>, std::span<const float>);
template StreamResult Lifetimes::Impl::run_stream(std::span<const double>, std::span<const double>, const StreamOptions&,
                                                  std::span<double>);
template StreamResult Lifetimes::Impl::run_stream(std::span<const float>, std::span<const float>, const StreamOptions&,
                                                  std::span<float>);

}  // namespace mlz
