#include "tasks/omniglot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "lang/core/diagnostics.hpp"
#include "tasks/bytes.hpp"
#include "tasks/data_paths.hpp"
#include "tasks/idx.hpp"

namespace mlz::tasks {
namespace {

/// A text file of at most 16 MiB.
std::string read_text(const std::string& path) {
  constexpr std::size_t kMost = std::size_t{16} << 20;
  const auto source = open_bytes(path);
  std::vector<std::uint8_t> bytes(1 << 16);
  std::string out;
  for (std::size_t got = bytes.size(); got == bytes.size();) {
    got = source->read(bytes);
    out.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(got));
    if (out.size() > kMost) source->fail("has more than 16 MiB of text.");
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

/// The place of a column in the first line of a table.
std::size_t column(const std::vector<std::string_view>& head, std::string_view name, const std::string& path) {
  const auto found = std::ranges::find(head, name);
  if (found != head.end()) return static_cast<std::size_t>(found - head.begin());
  throw InputError(
      fmt::format("the data file {} has no column '{}' in its first line. Fetch the data set again with "
                  "scripts/fetch-data.sh omniglot, after removing its folder.",
                  path, name));
}

/// The drawings of the classes of a split, which get labels from 0 in order.
Rows choose(const OmniglotFiles& files, const std::vector<bool>& kept) {
  const std::vector<std::uint32_t> labels = class_labels(*shared_idx(files.labels), files.labels);
  Rows out{shared_idx(files.images), {}, {}};
  if (out.table->dims.size() != 3 || !out.table->bytes() || out.table->dims[0] != labels.size()) {
    throw InputError(
        fmt::format("{} and {} do not belong together: expected bytes [images][height][width] and a class "
                    "for each of them.",
                    files.images, files.labels));
  }
  std::vector<double> label_of(kept.size(), -1);
  for (const std::uint32_t id : labels)
    if (id < kept.size() && kept[id]) label_of[id] = 0;
  double next = 0;
  for (double& label : label_of)
    if (label == 0) label = next++;
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= kept.size() || label_of[labels[i]] < 0) continue;
    out.rows.push_back(i);
    out.labels.push_back(label_of[labels[i]]);
  }
  return out;
}

class Omniglot final : public ImageSource {
 public:
  Omniglot(const SourceRequest& request, const OmniglotFiles& files) {
    Rows rows = choose(files, classes_of_split(files.classes, request.split == "valid" ? "val" : request.split));
    if (rows.rows.empty()) {
      throw InputError(fmt::format("task {}: omniglot has no characters for split={} in {}.", request.task,
                                   request.split, files.classes));
    }
    const auto classes = static_cast<std::size_t>(rows.labels.empty() ? 0 : *std::ranges::max_element(rows.labels)) + 1;
    const Options options(
        {{"resize", fmt::format("{}", request.size)}, {"standardise", "0"}, {"permute", "0"}, {"project", "0"}});
    const Transforms transforms(request.task, options, Form::of(rows.table->dims));
    rows.table = transforms.prepare(std::move(rows.table));
    const Form form = Form::of(rows.table->dims);
    images_.examples = transforms.examples({std::move(rows), {}, {}}, {Scale{0, 255}}, 0, 0).train;
    images_.of_class = class_lists(*images_.examples, classes);
    info_ = {"omniglot",
             files.images,
             form,
             classes,
             true,
             {},
             request.split != "background" && request.split != "evaluation"};
  }

  const SourceInfo& info() const override { return info_; }
  Images images(const Place&, std::size_t, std::size_t) const override { return images_; }

 private:
  SourceInfo info_;
  Images images_;
};

}  // namespace

std::vector<bool> classes_of_split(const std::string& path, std::string_view wanted) {
  std::string text = read_text(path);
  std::erase(text, '\r');
  const auto lines = split(text, '\n');
  const auto head = split(lines[0], '\t');
  const bool whole = wanted == "background" || wanted == "evaluation";
  const std::size_t id_at = column(head, "id", path), split_at = column(head, whole ? "split" : "vinyals_split", path);
  std::vector<bool> out;
  for (std::size_t line = 1; line < lines.size(); ++line) {
    if (lines[line].empty()) continue;
    const auto cells = split(lines[line], '\t');
    std::uint32_t id = 0;
    const std::string_view number = cells.size() == head.size() ? cells[id_at] : "";
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (number.empty() || error != std::errc() || end != number.data() + number.size() || id > 65535) {
      throw InputError(
          fmt::format("the data file {}, line {}: expected {} columns with a whole number up to 65535 as id.", path,
                      line + 1, head.size()));
    }
    if (id >= out.size()) out.resize(id + 1);
    out[id] = cells[split_at] == wanted;
  }
  return out;
}

std::shared_ptr<const ImageSource> make_omniglot(const SourceRequest& request, const DataPaths& paths) {
  return std::make_shared<Omniglot>(request, find_omniglot(paths));
}

}  // namespace mlz::tasks
