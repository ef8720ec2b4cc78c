#include "tasks/table_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "lang/core/diagnostics.hpp"
#include "tasks/csv.hpp"
#include "tasks/npy.hpp"
#include "tasks/shared_files.hpp"
#include "tasks/table_task.hpp"

namespace mlz::tasks {
namespace {

std::shared_ptr<const CsvTable> shared_csv(const std::string& path, const CsvRequest& request,
                                           const std::shared_ptr<const CsvTable>& train,
                                           const std::string& train_path) {
  const std::string how = fmt::format("csv:{}:{}:{}", request.numbers,
                                      fmt::join(request.labels, "/"), train ? train_path : "");
  return shared_file<CsvTable>(path, how, [&] { return read_csv(path, request, train.get()); });
}

TableFile as_file(const std::shared_ptr<const CsvTable>& table, const std::string& path) {
  return {std::shared_ptr<const Array>(table, &table->features), table->labels, table->label_width,
          path, path};
}

TableData csv_data(const TableFiles& files, const CsvRequest& request) {
  TableData data;
  const auto train = shared_csv(files.train, request, nullptr, "");
  data.train = as_file(train, files.train);
  if (!files.test.empty())
    data.test = as_file(shared_csv(files.test, request, train, files.train), files.test);
  data.form = Form::plain(train->features.dims[1]);
  data.classes = train->classes.size();
  return data;
}

/// The form that shape=height/width or height/width/channels gives to features.
Form shaped(const std::string& task, const Options& options, const Form& form) {
  const auto sides = options.list("shape");
  if (sides.empty()) return form;
  const auto side = [&](std::size_t i) { return static_cast<std::size_t>(sides[i]); };
  if (sides.size() == 2 || sides.size() == 3) {
    const Form out = Form::image(side(0), side(1), sides.size() == 3 ? side(2) : 1);
    if (out.features == form.features) return out;
  }
  throw InputError(fmt::format(
      "task {}: shape={} does not fit the {} features; give height/width or height/width/channels.",
      task, options.text("shape"), form.features));
}

/// Without a test file, a part of the rows is drawn for testing.
double fraction(const std::string& task, const Options& options, const TableData& data,
                const char* file) {
  const double out = data.test ? 0 : options.number("test_fraction");
  if (!data.test && out == 0 && options.whole(data.test_count) > 0)
    throw InputError(fmt::format("task {}: {}= needs {} or a test_fraction above 0.", task,
                                 data.test_count, file));
  return out;
}

/// Labels of an array: classes, or the numbers of each row.
void add_labels(TableFile& file, const Array& y, bool numbers) {
  if (!numbers) {
    const auto classes = class_labels(y, file.labels_from);
    file.labels.assign(classes.begin(), classes.end());
    return;
  }
  if (y.dims.size() > 2) {
    throw InputError(fmt::format(
        "{} has {} dimensions; expected one or two, a number or several for each example.",
        file.labels_from, y.dims.size()));
  }
  file.label_width = y.row_width();
  file.labels = to_numbers(y);
  if (!std::ranges::all_of(file.labels, [](double v) { return std::isfinite(v); }))
    throw InputError(fmt::format("{} has labels that are not finite numbers.", file.labels_from));
}

/// Where arrays come from: a name to read, and one for messages.
struct ArraySource {
  std::function<std::shared_ptr<const Array>(const std::string&)> read;
  std::function<std::string(const std::string&)> shown;
};

TableFile read_pair(const ArraySource& source, const std::string& x, const std::string& y,
                    bool numbers) {
  TableFile out{source.read(x), {}, 1, source.shown(x), source.shown(y)};
  if (out.table->dims.size() < 2 || out.table->dims.size() > 4) {
    throw InputError(fmt::format(
        "{} has {} dimension{}; expected 2 to 4: examples, then features or height, width and "
        "channels.",
        out.features_from, out.table->dims.size(), out.table->dims.size() == 1 ? "" : "s"));
  }
  add_labels(out, *source.read(y), numbers);
  return out;
}

std::shared_ptr<const Task> make_array_task(const std::string& name, const ArraySource& source,
                                            const Options& options) {
  const std::string &x = options.text("x"), &y = options.text("y");
  const std::string &test_x = options.text("test_x"), &test_y = options.text("test_y");
  if (x.empty() || y.empty())
    throw InputError(fmt::format("task {0}: name features and labels, as in {0}:{1}.", name,
                                 name == "npz" ? "file=data.npz,x=x,y=y" : "x=x.npy,y=y.npy"));
  if (test_x.empty() != test_y.empty())
    throw InputError(
        fmt::format("task {}: test_x and test_y belong together; give both or neither.", name));
  TableData data;
  const bool numbers = options.text("target") == "number";
  data.train = read_pair(source, x, y, numbers);
  if (!test_x.empty()) data.test = read_pair(source, test_x, test_y, numbers);
  data.test_fraction = fraction(name, options, data, "test_x= and test_y=");
  data.in_order = options.text("order") == "stored";
  data.form = Form::of(data.train.table->dims);
  data.form = shaped(name, options, data.form);
  const std::vector<double>& labels = data.train.labels;
  if (!numbers)
    data.classes = static_cast<std::size_t>(*std::max_element(labels.begin(), labels.end())) + 1;
  if (data.train.table->bytes()) data.divisor = 255;
  return make_table_task(name, std::move(data), options);
}

}  // namespace

std::shared_ptr<const Task> make_csv_task(const Options& options, const DataPaths& paths) {
  if (options.text("train").empty())
    throw InputError(
        "task csv: name the file, as in csv:train=table.csv,label=price,target=number.");
  const auto path = [&](const char* option) {
    const std::string& given = options.text(option);
    return given.empty() ? given : find_file(given, paths);
  };
  CsvRequest request{{}, options.text("target") == "number"};
  if (!options.text("label").empty()) request.labels = split_outside(options.text("label"), '/');
  if (!request.numbers && request.labels.size() > 1) {
    throw InputError("task csv: several label columns need target=number; classes are in one.");
  }
  TableData data = csv_data({path("train"), path("test")}, request);
  data.train_count = "train_rows";
  data.test_count = "test_rows";
  data.test_fraction = fraction("csv", options, data, "test=FILE");
  data.in_order = options.text("order") == "stored";
  data.form = shaped("csv", options, data.form);
  return make_table_task("csv", std::move(data), options);
}

std::shared_ptr<const Task> make_npy_task(const Options& options, const DataPaths& paths) {
  const auto path = [&paths](const std::string& name) { return find_file(name, paths); };
  const auto read = [path](const std::string& name) {
    return shared_file<Array>(path(name), "npy", [&] { return read_npy(path(name)); });
  };
  return make_array_task("npy", {read, path}, options);
}

std::shared_ptr<const Task> make_npz_task(const Options& options, const DataPaths& paths) {
  if (options.text("file").empty())
    throw InputError("task npz: name the file, as in npz:file=data.npz,x=x_train,y=y_train.");
  const std::string path = find_file(options.text("file"), paths);
  const auto read = [path](const std::string& name) {
    return shared_file<Array>(path, "npz:" + name, [&] { return read_npz(path, name); });
  };
  const auto shown = [path](const std::string& name) { return path + " (" + name + ")"; };
  return make_array_task("npz", {read, shown}, options);
}

std::shared_ptr<const Task> make_known_table(const KnownTable& known, std::size_t side,
                                             double divisor, const Options& options,
                                             const DataPaths& paths) {
  TableData data = csv_data(find_table(known, paths), {});
  if (side > 0) {
    if (data.form.features != side * side)
      throw InputError(fmt::format("{} has {} features; expected {} x {}.",
                                   data.train.features_from, data.form.features, side, side));
    data.form = Form::image(side, side, 1);
  }
  data.divisor = divisor;
  if (!data.test) data.test_fraction = options.number("test_fraction");
  return make_table_task(known.name, std::move(data), options);
}

}  // namespace mlz::tasks
