#pragma once
#include <functional>
#include <string>
#include <vector>

namespace mlz::bench {

/// What one run of a contender took, and a number that depends on all it computed.
struct Sample {
  double nanoseconds = 0;
  double result = 0;
};

/// One way to do the work of a case.
struct Contender {
  std::string name;
  bool ours = false;              ///< a form of mlz: ratios say how many times faster the fastest of these is
  std::function<Sample()> run;
  double tolerance = -1;          ///< relative, of the result against the first contender's; negative: not compared
};

/// The same work done in several ways.
struct Case {
  std::string name;
  std::string unit;               ///< of times: "ns per training step"
  double nanoseconds_per_unit = 1;  ///< that many nanoseconds of one run are one of `unit`
  std::vector<Contender> contenders;
};

/// The middle of several numbers and the quartiles around it.
struct Spread {
  double median = 0, low = 0, high = 0;
};

struct Row {
  struct Time {
    std::string name;
    bool ours = false;
    Spread time;
  };
  struct Ratio {
    std::string name;
    Spread ratio;  ///< of its time to that of `fastest`, repetition by repetition
  };
  std::string bench, name, unit, fastest;
  std::vector<Time> times;
  std::vector<Ratio> ratios;
};

/// How long a case is measured.
struct Effort {
  double seconds = 2;    ///< for all contenders together; every repetition takes at least one run of each
  int repetitions = 11;
};

/// Measures the contenders in turn, in each repetition all of them, so that what slows the machine slows all. Throws
/// std::runtime_error when results that should agree do not.
Row measure(const std::string& bench, const Case& work, const Effort& effort);

/// A run of `work` by the processor time of this thread.
std::function<Sample()> on_this_thread(std::function<double()> work);
/// By the clock on the wall: for work that other threads or processes do.
std::function<Sample()> by_the_wall(std::function<double()> work);

Spread spread(std::vector<double> values);

}  // namespace mlz::bench
