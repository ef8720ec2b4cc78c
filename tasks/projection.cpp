#include "tasks/projection.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mlz::tasks {
namespace {

using Numbers = std::vector<double>;

/// The projection matrix [width][count]; empty for none.
Numbers draw_matrix(std::size_t width, std::size_t count, const DrawKey& key) {
  Numbers out(width * count);
  draw_normal(key, 0, 1, out);
  return out;
}

/// All features of a set times the matrix, [examples][count].
Numbers products(const Examples& examples, std::size_t width, std::size_t count,
                 const Numbers& matrix) {
  Numbers out(examples.size() * count), x(width);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples.features(i, std::span(x));
    double* const sums = out.data() + i * count;
    for (std::size_t j = 0; j < width; ++j) {
      const double value = x[j];
      const double* const row = matrix.data() + j * count;
      for (std::size_t k = 0; k < count; ++k) sums[k] += value * row[k];
    }
  }
  return out;
}

/// All features of a set, [examples][width].
Numbers plain(const Examples& examples, std::size_t width) {
  Numbers out(examples.size() * width);
  for (std::size_t i = 0; i < examples.size(); ++i)
    examples.features(i, std::span(out).subspan(i * width, width));
  return out;
}

std::vector<Scale> standard_scales(const Numbers& values, std::size_t width) {
  const double rows = static_cast<double>(values.size() / width);
  Numbers means(width), squares(width);
  for (std::size_t i = 0; i < values.size(); ++i) means[i % width] += values[i];
  for (double& mean : means) mean /= rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double d = values[i] - means[i % width];
    squares[i % width] += d * d;
  }
  std::vector<Scale> scales(width);
  for (std::size_t k = 0; k < width; ++k) {
    const double deviation = std::sqrt(squares[k] / rows);
    scales[k] = {means[k], deviation > 0 ? deviation : 1.0};
  }
  return scales;
}

std::shared_ptr<const Examples> with_values(const Examples& from, std::shared_ptr<const std::vector<float>> table,
                                            std::size_t width) {
  std::vector<std::uint32_t> rows(from.size());
  std::iota(rows.begin(), rows.end(), 0u);
  Numbers labels(from.size() * from.label_width());
  for (std::size_t i = 0; i < from.size(); ++i)
    from.labels(i, std::span(labels).subspan(i * from.label_width(), from.label_width()));
  return std::make_shared<TableExamples<float>>(std::move(table), RowForm{width, 1, {Scale{}}, {}},
                                                std::move(rows), std::move(labels),
                                                from.label_width());
}

std::shared_ptr<const Examples> standardised(const Examples& from, const Numbers& values,
                                             const std::vector<Scale>& scales) {
  const std::size_t width = scales.size();
  auto table = std::make_shared<std::vector<float>>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Scale& scale = scales[i % width];
    (*table)[i] = static_cast<float>((values[i] - scale.offset) / scale.divisor);
  }
  return with_values(from, std::move(table), width);
}

}  // namespace

Sets project(const Sets& sets, std::size_t width, std::size_t count, const DrawKey& key) {
  const Numbers matrix = draw_matrix(width, count, key);
  const auto values = [&](const Examples& examples) {
    return count > 0 ? products(examples, width, count, matrix) : plain(examples, width);
  };
  const Numbers train = values(*sets.train);
  const std::vector<Scale> scales = standard_scales(train, count > 0 ? count : width);
  return {standardised(*sets.train, train, scales),
          standardised(*sets.valid, values(*sets.valid), scales),
          standardised(*sets.test, values(*sets.test), scales)};
}

std::shared_ptr<const Examples> mixed_features(const Examples& examples, std::size_t width, const DrawKey& key) {
  constexpr std::size_t kBlock = 16;  // examples for which a row of the matrix is read once
  const double limit = std::sqrt(6.0 / (2.0 * static_cast<double>(width)));
  std::vector<float> matrix(width * width);
  Numbers row(width);
  for (std::size_t j = 0; j < width; ++j) {
    DrawKey row_key = key;
    row_key.run += j;
    draw_uniform(row_key, -limit, limit, row);
    std::copy(row.begin(), row.end(), matrix.begin() + static_cast<std::ptrdiff_t>(j * width));
  }
  auto table = std::make_shared<std::vector<float>>(examples.size() * width);
  std::vector<float> x(kBlock * width);
  for (std::size_t first = 0; first < examples.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, examples.size() - first);
    for (std::size_t b = 0; b < count; ++b) examples.features(first + b, std::span(x).subspan(b * width, width));
    for (std::size_t j = 0; j < width; ++j) {
      for (std::size_t b = 0; b < count; ++b) {
        const float value = x[b * width + j];
        const float* const weights = matrix.data() + j * width;
        float* const sums = table->data() + (first + b) * width;
        for (std::size_t k = 0; k < width; ++k) sums[k] += value * weights[k];
      }
    }
  }
  return with_values(examples, std::move(table), width);
}

}  // namespace mlz::tasks
