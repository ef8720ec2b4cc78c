#include "tasks/transforms.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tasks/draw_keys.hpp"
#include "tasks/projection.hpp"

namespace mlz::tasks {
namespace {

/// Runs `action` with the values of any array.
template <class Action>
auto with_values(const Array& array, Action action) {
  return std::visit(action, array.values);
}

std::vector<float> grey_values(const Array& rgb) {
  return with_values(rgb, [](const auto& values) {
    std::vector<float> out(values.size() / 3);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto channel = [&](std::size_t c) { return static_cast<double>(values[3 * i + c]); };
      out[i] = static_cast<float>(0.299 * channel(0) + 0.587 * channel(1) + 0.114 * channel(2));
    }
    return out;
  });
}

/// The part of a source pixel that one target pixel covers.
struct Cover {
  std::size_t source;
  double weight;
};

/// For each of `to` target pixels along one axis, what it covers of `from` pixels; weights add
/// to 1.
std::vector<std::vector<Cover>> covers(std::size_t from, std::size_t to) {
  std::vector<std::vector<Cover>> out(to);
  for (std::size_t t = 0; t < to; ++t) {
    // In units of 1/to source pixels, all ends are whole numbers.
    const std::size_t begin = t * from, end = begin + from;
    for (std::size_t s = begin / to; s * to < end; ++s) {
      const std::size_t shared = std::min(end, (s + 1) * to) - std::max(begin, s * to);
      out[t].push_back({s, static_cast<double>(shared) / static_cast<double>(from)});
    }
  }
  return out;
}

/// One image to side x side by the mean of the covered area.
template <class Value>
void resize_image(const Value* image, const Form& form, const std::vector<std::vector<Cover>>& down,
                  const std::vector<std::vector<Cover>>& across, float* out) {
  for (const std::vector<Cover>& rows : down) {
    for (const std::vector<Cover>& columns : across) {
      for (std::size_t c = 0; c < form.channels; ++c) {
        double sum = 0;
        for (const Cover& row : rows) {
          for (const Cover& column : columns) {
            const std::size_t pixel = row.source * form.width + column.source;
            sum +=
                row.weight * column.weight * static_cast<double>(image[pixel * form.channels + c]);
          }
        }
        *out++ = static_cast<float>(sum);
      }
    }
  }
}

std::vector<float> resized_values(const Array& images, const Form& form, std::size_t side) {
  const auto down = covers(form.height, side), across = covers(form.width, side);
  const std::size_t width = side * side * form.channels;
  return with_values(images, [&](const auto& values) {
    const std::size_t count = values.size() / form.features;
    std::vector<float> out(count * width);
    for (std::size_t i = 0; i < count; ++i)
      resize_image(values.data() + i * form.features, form, down, across, out.data() + i * width);
    return out;
  });
}

/// Mean and deviation of every `stride`-th value of the rows, for each of `stride` starts.
template <class Value>
std::vector<Scale> standard_scales(const std::vector<Value>& table, std::size_t width,
                                   std::size_t stride, const std::vector<std::uint32_t>& rows) {
  const double count = static_cast<double>(rows.size() * (width / stride));
  std::vector<double> means(stride), squares(stride);
  const auto each = [&](auto action) {
    for (const std::uint32_t row : rows) {
      const Value* values = table.data() + row * width;
      for (std::size_t j = 0, k = 0; j < width; ++j, k = k + 1 == stride ? 0 : k + 1)
        action(k, static_cast<double>(values[j]));
    }
  };
  each([&](std::size_t k, double value) { means[k] += value; });
  for (double& mean : means) mean /= count;
  each([&](std::size_t k, double value) { squares[k] += (value - means[k]) * (value - means[k]); });
  std::vector<Scale> scales(stride);
  for (std::size_t k = 0; k < stride; ++k) {
    const double deviation = std::sqrt(squares[k] / count);
    scales[k] = {means[k], deviation > 0 ? deviation : 1.0};
  }
  return scales;
}

std::shared_ptr<const Examples> make_examples(Rows rows, const RowForm& form) {
  if (!rows.table) {
    return std::make_shared<DenseExamples>(std::vector<double>(), 0, std::vector<double>(),
                                           rows.label_width);
  }
  return with_values(*rows.table, [&](const auto& table) -> std::shared_ptr<const Examples> {
    using Table = std::decay_t<decltype(table)>;
    // Shares ownership of the whole array, so that its file stays known as in use.
    return std::make_shared<TableExamples<typename Table::value_type>>(
        std::shared_ptr<const Table>(rows.table, &table), form, std::move(rows.rows),
        std::move(rows.labels), rows.label_width);
  });
}

std::shared_ptr<const std::vector<std::uint32_t>> drawn_order(const DrawKey& key,
                                                              std::size_t count) {
  auto out = std::make_shared<std::vector<std::uint32_t>>(count);
  DrawSequence draws(key);
  shuffle(draws, *out);
  return out;
}

}  // namespace

Form Form::of(const std::vector<std::size_t>& dims) {
  if (dims.size() == 2) return plain(dims[1]);
  return image(dims[1], dims[2], dims.size() == 4 ? dims[3] : 1);
}

Transforms::Transforms(const std::string& task, const Options& options, const Form& stored)
    : stored_(stored),
      form_(stored),
      grey_(options.has("grey") && options.flag("grey")),
      standardise_(options.flag("standardise")),
      permute_(options.flag("permute")),
      resize_(options.has("resize") ? options.count("resize") : 0),
      project_(options.count("project")) {
  if (grey_ && (!stored.is_image() || stored.channels != 3)) {
    throw InputError(
        fmt::format("task {}: grey=1 needs images with 3 channels, red, green and blue; {}.", task,
                    stored.is_image() ? fmt::format("these have {}", stored.channels)
                                      : "these examples are no images"));
  }
  if (resize_ > 0 && !stored.is_image()) {
    throw InputError(fmt::format(
        "task {}: resize={} needs images, but these examples are plain features.", task, resize_));
  }
  if (grey_) form_ = Form::image(form_.height, form_.width, 1);
  if (resize_ > 0) form_ = Form::image(resize_, resize_, form_.channels);
}

std::map<std::string, std::int64_t> Transforms::sizes(std::size_t outputs) const {
  std::map<std::string, std::int64_t> out{{"features", static_cast<std::int64_t>(features())},
                                          {"outputs", static_cast<std::int64_t>(outputs)}};
  if (form_.is_image() && project_ == 0) {
    out["height"] = static_cast<std::int64_t>(form_.height);
    out["width"] = static_cast<std::int64_t>(form_.width);
    out["channels"] = static_cast<std::int64_t>(form_.channels);
  }
  return out;
}

double Transforms::prepared_bytes(std::size_t rows) const {
  const double bytes = static_cast<double>(rows * sizeof(float));
  const double grey = grey_ ? static_cast<double>(stored_.height * stored_.width) : 0;
  return bytes * (grey + (resize_ > 0 ? static_cast<double>(form_.features) : 0));
}

std::shared_ptr<const Array> Transforms::prepare(std::shared_ptr<const Array> table) const {
  Form form = stored_;
  if (grey_) {
    table = std::make_shared<Array>(
        Array{{table->dims[0], form.height, form.width}, grey_values(*table)});
    form = Form::image(form.height, form.width, 1);
  }
  if (resize_ > 0 && (form.height != resize_ || form.width != resize_)) {
    table = std::make_shared<Array>(Array{{table->dims[0], resize_, resize_, form.channels},
                                          resized_values(*table, form, resize_)});
  }
  return table;
}

std::vector<Scale> Transforms::scales(const Rows& train, double divisor) const {
  if (!standardise_) return {Scale{0, divisor}};
  const std::size_t stride = form_.is_image() ? form_.channels : form_.features;
  return with_values(*train.table, [&](const auto& table) {
    return standard_scales(table, form_.features, stride, train.rows);
  });
}

Sets Transforms::examples(RowSets rows, const std::vector<Scale>& scales, std::uint64_t seed,
                          std::uint32_t index) const {
  RowForm form{form_.features, form_.channels, scales, nullptr};
  if (permute_) {
    form.pixels =
        drawn_order(task_key(seed, index, Purpose::permutation), form_.features / form_.channels);
  }
  const Sets sets{make_examples(std::move(rows.train), form),
                  make_examples(std::move(rows.valid), form),
                  make_examples(std::move(rows.test), form)};
  if (project_ == 0) return sets;
  return project(sets, form_.features, project_, task_key(seed, index, Purpose::projection));
}

}  // namespace mlz::tasks
