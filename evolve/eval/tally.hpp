#pragma once
#include <cmath>
#include <cstdint>

#include "evolve/eval/lifetime.hpp"

namespace mlz::eval {

/// Adds up the predictions of one set or one stretch of a stream.
struct Tally {
  std::int64_t count = 0;
  double sum = 0;  ///< correct predictions, or squared errors

  void add(double value) {
    ++count;
    sum += value;
  }
  void add(const Tally& other) {
    count += other.count;
    sum += other.sum;
  }
  /// Accuracy or rms error; kNoScore without predictions.
  double score(tasks::Metric metric) const {
    if (count == 0) return kNoScore;
    const double mean = sum / static_cast<double>(count);
    return metric == tasks::Metric::accuracy ? mean : std::sqrt(mean);
  }
};

}  // namespace mlz::eval
