#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "tasks/task.hpp"

namespace mlz::tasks {

/// Examples held as numbers, one row of `width` features each.
class DenseExamples final : public Examples {
 public:
  /// `values` has labels.size() rows of `width` numbers.
  DenseExamples(std::vector<double> values, std::size_t width, std::vector<double> labels)
      : values_(std::move(values)), labels_(std::move(labels)), width_(width) {}

  std::size_t size() const override { return labels_.size(); }
  void features(std::size_t i, std::span<double> out) const override { copy(i, out); }
  void features(std::size_t i, std::span<float> out) const override { copy(i, out); }
  double label(std::size_t i) const override { return labels_[i]; }

 private:
  template <class T>
  void copy(std::size_t i, std::span<T> out) const {
    const double* row = values_.data() + i * width_;
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = static_cast<T>(row[j]);
  }

  std::vector<double> values_, labels_;
  std::size_t width_;
};

/// How stored values become features: (value - offset) / divisor.
struct Scale {
  double offset = 0, divisor = 1;
};

/// Chosen rows of a table that several sets share. A row is pixel by pixel, all channels of a pixel
/// together.
template <class Value>
class TableExamples final : public Examples {
 public:
  /// `table` has rows of `width` values; example i is row rows[i] with label labels[i]. `scales`
  /// has one entry per channel.
  TableExamples(std::shared_ptr<const std::vector<Value>> table, std::size_t width,
                std::vector<std::uint32_t> rows, std::vector<double> labels,
                std::vector<Scale> scales)
      : table_(std::move(table)),
        rows_(std::move(rows)),
        labels_(std::move(labels)),
        scales_(std::move(scales)),
        width_(width) {}

  std::size_t size() const override { return rows_.size(); }
  void features(std::size_t i, std::span<double> out) const override { copy(i, out); }
  void features(std::size_t i, std::span<float> out) const override { copy(i, out); }
  double label(std::size_t i) const override { return labels_[i]; }

 private:
  template <class T>
  void copy(std::size_t i, std::span<T> out) const {
    const Value* row = table_->data() + rows_[i] * width_;
    const std::size_t channels = scales_.size();
    for (std::size_t c = 0; c < channels; ++c) {
      const T offset = static_cast<T>(scales_[c].offset),
              divisor = static_cast<T>(scales_[c].divisor);
      if (channels == 1) {
        for (std::size_t j = 0; j < out.size(); ++j)
          out[j] = (static_cast<T>(row[j]) - offset) / divisor;
      } else {
        for (std::size_t j = c; j < out.size(); j += channels) {
          out[j] = (static_cast<T>(row[j]) - offset) / divisor;
        }
      }
    }
  }

  std::shared_ptr<const std::vector<Value>> table_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> labels_;
  std::vector<Scale> scales_;
  std::size_t width_;
};

}  // namespace mlz::tasks
