#pragma once
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tasks/task.hpp"

namespace mlz::tasks {

/// Examples held as numbers, one row of `width` features each.
class DenseExamples final : public Examples {
 public:
  /// `values` has a row of `width` numbers, `labels` one of `label_width`, for each example.
  DenseExamples(std::vector<double> values, std::size_t width, std::vector<double> labels,
                std::size_t label_width = 1)
      : values_(std::move(values)),
        labels_(std::move(labels)),
        width_(width),
        label_width_(label_width) {}

  std::size_t size() const override { return labels_.size() / label_width_; }
  void features(std::size_t i, std::span<double> out) const override { copy(i, out); }
  void features(std::size_t i, std::span<float> out) const override { copy(i, out); }
  double label(std::size_t i) const override { return labels_[i * label_width_]; }
  std::size_t label_width() const override { return label_width_; }
  void labels(std::size_t i, std::span<double> out) const override {
    std::copy_n(labels_.data() + i * label_width_, out.size(), out.data());
  }

 private:
  template <class T>
  void copy(std::size_t i, std::span<T> out) const {
    const double* row = values_.data() + i * width_;
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = static_cast<T>(row[j]);
  }

  std::vector<double> values_, labels_;
  std::size_t width_, label_width_;
};

/// How stored values become features: (value - offset) / divisor.
struct Scale {
  double offset = 0, divisor = 1;
};

/// How the rows of a table become features.
struct RowForm {
  std::size_t width = 0;     ///< numbers in a row: pixel by pixel, all channels of a pixel together
  std::size_t channels = 1;  ///< divides width
  std::vector<Scale> scales;  ///< one for all, or one per channel, or one per number of a row
  /// Feature pixel p is stored pixel pixels[p]; null: as stored.
  std::shared_ptr<const std::vector<std::uint32_t>> pixels;
};

/// Chosen rows of a table that several sets share.
template <class Value>
class TableExamples final : public Examples {
 public:
  /// Example i is row rows[i] of `table`, with entries i * label_width ... of `labels`.
  TableExamples(std::shared_ptr<const std::vector<Value>> table, RowForm form,
                std::vector<std::uint32_t> rows, std::vector<double> labels,
                std::size_t label_width = 1)
      : table_(std::move(table)),
        form_(std::move(form)),
        rows_(std::move(rows)),
        labels_(std::move(labels)),
        label_width_(label_width) {}

  std::size_t size() const override { return rows_.size(); }
  void features(std::size_t i, std::span<double> out) const override { copy(i, out); }
  void features(std::size_t i, std::span<float> out) const override { copy(i, out); }
  double label(std::size_t i) const override { return labels_[i * label_width_]; }
  std::size_t label_width() const override { return label_width_; }
  void labels(std::size_t i, std::span<double> out) const override {
    std::copy_n(labels_.data() + i * label_width_, out.size(), out.data());
  }

 private:
  template <class T>
  void copy(std::size_t i, std::span<T> out) const {
    const Value* row = table_->data() + rows_[i] * form_.width;
    if (form_.scales.size() == 1 && !form_.pixels) {
      const T offset = static_cast<T>(form_.scales[0].offset),
              divisor = static_cast<T>(form_.scales[0].divisor);
      for (std::size_t j = 0; j < out.size(); ++j)
        out[j] = (static_cast<T>(row[j]) - offset) / divisor;
      return;
    }
    const std::size_t pixels = form_.width / form_.channels;
    for (std::size_t p = 0; p < pixels; ++p) {
      const std::size_t from = (form_.pixels ? (*form_.pixels)[p] : p) * form_.channels;
      copy_pixel(row, from, out.subspan(p * form_.channels, form_.channels));
    }
  }

  template <class T>
  void copy_pixel(const Value* row, std::size_t from, std::span<T> out) const {
    const std::size_t kinds = form_.scales.size();
    for (std::size_t c = 0; c < out.size(); ++c) {
      const Scale& scale = form_.scales[kinds == 1 ? 0 : kinds == form_.channels ? c : from + c];
      out[c] = (static_cast<T>(row[from + c]) - static_cast<T>(scale.offset)) /
               static_cast<T>(scale.divisor);
    }
  }

  std::shared_ptr<const std::vector<Value>> table_;
  RowForm form_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> labels_;
  std::size_t label_width_;
};

/// Some examples of another set under labels of their own.
class ChosenExamples final : public Examples {
 public:
  ChosenExamples(std::shared_ptr<const Examples> all, std::vector<std::uint32_t> chosen,
                 std::vector<double> labels)
      : all_(std::move(all)), chosen_(std::move(chosen)), labels_(std::move(labels)) {}

  std::size_t size() const override { return chosen_.size(); }
  void features(std::size_t i, std::span<double> out) const override {
    all_->features(chosen_[i], out);
  }
  void features(std::size_t i, std::span<float> out) const override {
    all_->features(chosen_[i], out);
  }
  double label(std::size_t i) const override { return labels_[i]; }

 private:
  std::shared_ptr<const Examples> all_;
  std::vector<std::uint32_t> chosen_;
  std::vector<double> labels_;
};

/// The three sets of a problem.
struct Sets {
  std::shared_ptr<const Examples> train, valid, test;
};

}  // namespace mlz::tasks
