#include "tasks/table_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tasks/class_choice.hpp"
#include "tasks/draw_keys.hpp"
#include "tasks/orders.hpp"

namespace mlz::tasks {
namespace {

void check_file(const TableFile& file) {
  const std::size_t rows = file.table->dims[0], labels = file.labels.size() / file.label_width;
  if (rows == labels) return;
  throw InputError(fmt::format("{} has {} images but {} has {} labels; they must belong together.",
                               file.features_from, rows, file.labels_from, labels));
}

void check_test(const TableFile& train, const TableFile& test, std::size_t classes) {
  check_file(test);
  if (!std::equal(test.table->dims.begin() + 1, test.table->dims.end(),
                  train.table->dims.begin() + 1, train.table->dims.end()) ||
      test.table->values.index() != train.table->values.index()) {
    throw InputError(fmt::format("{} and {} hold images of different sizes or types.",
                                 train.features_from, test.features_from));
  }
  if (test.label_width != train.label_width) {
    throw InputError(fmt::format("{} has {} numbers in a label, {} has {}.", train.labels_from,
                                 train.label_width, test.labels_from, test.label_width));
  }
  const double most = classes == 0 || test.labels.empty()
                          ? -1
                          : *std::max_element(test.labels.begin(), test.labels.end());
  if (most < static_cast<double>(classes)) return;
  throw InputError(fmt::format("{} has the class {}, which {} has not.", test.labels_from, most,
                               train.labels_from));
}

/// All rows of a file, or those that keep their class, under their new labels.
Rows choose(const TableFile& file, const ClassChoice* classes) {
  Rows out{file.table, {}, {}, file.label_width};
  if (!classes) {
    out.rows.resize(file.table->dims[0]);
    std::iota(out.rows.begin(), out.rows.end(), 0u);
    out.labels = file.labels;
    return out;
  }
  for (std::size_t i = 0; i < file.labels.size(); ++i) {
    const int label = classes->label(static_cast<std::uint32_t>(file.labels[i]));
    if (label < 0) continue;
    out.rows.push_back(static_cast<std::uint32_t>(i));
    out.labels.push_back(label);
  }
  return out;
}

/// Rows order[first] ... of a set.
Rows part(const Rows& all, std::span<const std::uint32_t> order) {
  Rows out{all.table, {}, {}, all.label_width};
  for (const std::uint32_t i : order) {
    out.rows.push_back(all.rows[i]);
    const auto label = all.labels.begin() + static_cast<std::ptrdiff_t>(i * all.label_width);
    out.labels.insert(out.labels.end(), label,
                      label + static_cast<std::ptrdiff_t>(all.label_width));
  }
  return out;
}

/// `asked` of `available`, where 0 means all.
std::size_t take(const std::string& task, const char* option, std::size_t asked,
                 std::size_t available) {
  if (asked <= available) return asked == 0 ? available : asked;
  throw InputError(fmt::format("task {}: {}={} asks for more examples than the {} there are.", task,
                               option, asked, available));
}

class TableTask final : public Task {
 public:
  TableTask(const std::string& name, TableData data, const Options& options)
      : transforms_(name, options, data.form),
        divisor_(data.divisor),
        held_out_(data.test_fraction > 0),
        in_order_(data.in_order),
        epochs_(static_cast<int>(options.whole("epochs"))) {
    check(name, data, options);
    choose_rows(name, data, options);
    count_parts(name, data, options);
    require_memory(name, memory());
    all_.table = transforms_.prepare(std::move(all_.table));
    if (test_.table) test_.table = transforms_.prepare(std::move(test_.table));
    if (!held_out_) {
      fixed_ = split(0, 0);
      scales_ = transforms_.scales(fixed_.train, divisor_);
      if (!transforms_.drawn()) sets_ = transforms_.examples(fixed_, scales_, 0, 0);
      info_.fixed_sets = sets_.train != nullptr;
    }
  }

  const TaskInfo& info() const override { return info_; }

  Problem problem(std::uint64_t seed, std::uint32_t index) const override {
    const Sets sets = sets_.train ? sets_ : draw(seed, index);
    return {sets.train, sets.valid, sets.test, epochs_,
            in_order_ ? stored_orders(epochs_, train_)
                      : epoch_orders(seed, index, epochs_, train_, FirstEpoch::shuffled)};
  }

 private:
  void check(const std::string& name, const TableData& data, const Options& options) {
    check_file(data.train);
    if (data.test) check_test(data.train, *data.test, data.classes);
    if (data.classes == 0 && !options.list("classes").empty())
      throw InputError(
          fmt::format("task {}: classes= needs classes, but the labels are numbers.", name));
  }

  void choose_rows(const std::string& name, const TableData& data, const Options& options) {
    std::optional<ClassChoice> classes;
    if (data.classes > 0) classes.emplace(name, options, data.classes);
    all_ = choose(data.train, classes ? &*classes : nullptr);
    if (data.test) test_ = choose(*data.test, classes ? &*classes : nullptr);
    info_.name = options.full_name(name);
    info_.classes = classes ? static_cast<int>(classes->size()) : 0;
    info_.metric = classes ? Metric::accuracy : Metric::rms_error;
    info_.sizes = transforms_.sizes(classes ? classes->size() : data.train.label_width);
    info_.source = data.train.features_from;
  }

  void count_parts(const std::string& name, const TableData& data, const Options& options) {
    const std::size_t rows = all_.rows.size();
    const auto held =
        static_cast<std::size_t>(std::ceil(data.test_fraction * static_cast<double>(rows)));
    if (held_out_) test_count_ = take(name, data.test_count, options.count(data.test_count), held);
    if (test_.table)
      test_count_ = take(name, data.test_count, options.count(data.test_count), test_.rows.size());
    valid_ = options.count("valid");
    if (valid_ + held >= rows) {
      throw InputError(fmt::format(
          "task {}: valid={}{} leaves nothing to train on; there are {} examples.", name, valid_,
          held_out_ ? fmt::format(" with {} test examples", held) : "", rows));
    }
    first_valid_ = rows - held - valid_;
    train_ = take(name, data.train_count, options.count(data.train_count), first_valid_);
  }

  /// Bytes of the orders, of one problem's projection and of changed tables.
  double memory() const {
    const auto rows = static_cast<double>(train_ + valid_ + test_count_);
    const std::size_t stored = all_.table->dims[0] + (test_.table ? test_.table->dims[0] : 0);
    return 4.0 * epochs_ * static_cast<double>(train_) + transforms_.prepared_bytes(stored) +
           transforms_.drawn_bytes() * rows;
  }

  /// The parts in the order of the file, or shuffled for a problem; the test part comes last.
  RowSets split(std::uint64_t seed, std::uint32_t index) const {
    std::vector<std::uint32_t> order(all_.rows.size());
    std::iota(order.begin(), order.end(), 0u);
    if (held_out_ && !in_order_) {
      DrawSequence draws(task_key(seed, index, Purpose::split));
      shuffle(draws, order);
    }
    const std::span<const std::uint32_t> rows = order;
    RowSets out{part(all_, rows.first(train_)), part(all_, rows.subspan(first_valid_, valid_)), {}};
    if (held_out_) {
      out.test = part(all_, rows.subspan(first_valid_ + valid_, test_count_));
    } else if (test_.table) {
      std::vector<std::uint32_t> stored(test_count_);
      std::iota(stored.begin(), stored.end(), 0u);
      out.test = part(test_, stored);
    }
    out.test.label_width = all_.label_width;
    return out;
  }

  Sets draw(std::uint64_t seed, std::uint32_t index) const {
    if (!held_out_) return transforms_.examples(fixed_, scales_, seed, index);
    RowSets rows = split(seed, index);
    const std::vector<Scale> scales = transforms_.scales(rows.train, divisor_);
    return transforms_.examples(std::move(rows), scales, seed, index);
  }

  Transforms transforms_;
  double divisor_;
  bool held_out_;  ///< whether the test part is taken from the rows
  bool in_order_;
  int epochs_;
  Rows all_, test_;  ///< kept classes of the training and the test file
  std::size_t train_ = 0, valid_ = 0, test_count_ = 0, first_valid_ = 0;
  RowSets fixed_;              ///< unless a test part is held out
  std::vector<Scale> scales_;  ///< unless a test part is held out
  Sets sets_;                  ///< when all problems share them
  TaskInfo info_;
};

}  // namespace

std::shared_ptr<const Task> make_table_task(const std::string& name, TableData data,
                                            const Options& options) {
  return std::make_shared<TableTask>(name, std::move(data), options);
}

}  // namespace mlz::tasks
