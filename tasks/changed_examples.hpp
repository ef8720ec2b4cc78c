#pragma once
#include "tasks/examples.hpp"

namespace mlz::tasks {

/// Examples with every number less an offset, and divided.
class ScaledExamples final : public Examples {
 public:
  ScaledExamples(std::shared_ptr<const Examples> all, const Scale& scale) : all_(std::move(all)), scale_(scale) {}

  std::size_t size() const override { return all_->size(); }
  void features(std::size_t i, std::span<double> out) const override { scaled(i, out); }
  void features(std::size_t i, std::span<float> out) const override { scaled(i, out); }
  double label(std::size_t i) const override { return all_->label(i); }

 private:
  template <class T>
  void scaled(std::size_t i, std::span<T> out) const {
    all_->features(i, out);
    for (T& value : out) value = (value - static_cast<T>(scale_.offset)) / static_cast<T>(scale_.divisor);
  }

  std::shared_ptr<const Examples> all_;
  Scale scale_;
};

/// Every example once for each of some orders of its numbers: example i is example i / orders with number j taken from
/// place orders[i % orders][j]. Each (class, order) is a class of its own when there are several.
class ReorderedExamples final : public Examples {
 public:
  ReorderedExamples(std::shared_ptr<const Examples> all, std::vector<std::vector<std::uint32_t>> orders)
      : all_(std::move(all)), orders_(std::move(orders)) {}

  std::size_t size() const override { return all_->size() * orders_.size(); }
  void features(std::size_t i, std::span<double> out) const override { reordered(i, out); }
  void features(std::size_t i, std::span<float> out) const override { reordered(i, out); }
  double label(std::size_t i) const override {
    const auto count = static_cast<double>(orders_.size());
    return all_->label(i / orders_.size()) * count + static_cast<double>(i % orders_.size());
  }

 private:
  template <class T>
  void reordered(std::size_t i, std::span<T> out) const {
    std::vector<T> stored(out.size());
    all_->features(i / orders_.size(), std::span<T>(stored));
    const std::vector<std::uint32_t>& order = orders_[i % orders_.size()];
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = stored[order[j]];
  }

  std::shared_ptr<const Examples> all_;
  std::vector<std::vector<std::uint32_t>> orders_;
};

}  // namespace mlz::tasks
