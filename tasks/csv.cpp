#include "tasks/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "lang/core/diagnostics.hpp"
#include "tasks/bytes.hpp"

namespace mlz::tasks {
namespace {

constexpr std::size_t kLongestLine = std::size_t{16} << 20;
constexpr std::size_t kMostColumns = 100'000;
constexpr std::size_t kMostClasses = 65536;
constexpr std::size_t kLongestClass = 1000;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string shown(std::string_view text) {
  std::string out(text.substr(0, 60));
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }, '?');
  return text.size() > 60 ? out + "..." : out;
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The lines of a source, each split at commas.
class Lines {
 public:
  explicit Lines(const std::string& path) : source_(open_bytes(path)), buffer_(1 << 18) {}

  /// Moves to the next line that is not blank; false at the end.
  bool next() {
    while (read_line()) {
      ++number_;
      if (number_ == 1 && line_.starts_with("\xEF\xBB\xBF")) line_.erase(0, 3);
      if (trimmed(line_).empty()) continue;
      split();
      return true;
    }
    return false;
  }

  const std::vector<std::string>& fields() const { return fields_; }
  std::size_t size() const { return count_; }
  std::string_view field(std::size_t column) const { return fields_[column]; }
  std::size_t number() const { return number_; }

  [[noreturn]] void fail(const std::string& what) const {
    source_->fail(fmt::format("has an error in line {}: {}", number_, what));
  }
  [[noreturn]] void fail_file(const std::string& what) const { source_->fail(what); }

 private:
  bool read_line() {
    line_.clear();
    for (;;) {
      if (at_ == have_) {
        have_ = source_->read(buffer_);
        at_ = 0;
        if (have_ == 0) return !line_.empty();
      }
      const auto* const begin = reinterpret_cast<const char*>(buffer_.data());
      const char* const end = std::find(begin + at_, begin + have_, '\n');
      line_.append(begin + at_, end);
      if (line_.size() > kLongestLine) {
        ++number_;
        fail(fmt::format("it is longer than {} bytes. Is this a CSV file?", kLongestLine));
      }
      at_ = static_cast<std::size_t>(end - begin);
      if (at_ == have_) continue;
      ++at_;
      return true;
    }
  }

  std::string& new_field() {
    if (count_ == kMostColumns)
      fail(fmt::format("it has more than the {} columns that mlz reads.", kMostColumns));
    if (count_ == fields_.size()) fields_.emplace_back();
    return fields_[count_++];
  }

  void split() {
    count_ = 0;
    std::string_view rest = line_;
    for (;;) {
      std::string& field = new_field();
      const auto start = rest.find_first_not_of(" \t");
      if (start != std::string_view::npos && rest[start] == '"') {
        rest = quoted(rest.substr(start + 1), field);
      } else {
        const auto comma = std::min(rest.find(','), rest.size());
        field = trimmed(rest.substr(0, comma));
        rest.remove_prefix(comma);
      }
      if (rest.empty()) return;
      rest.remove_prefix(1);
    }
  }

  /// Reads a field after its opening quote; what is left begins at the next comma.
  std::string_view quoted(std::string_view rest, std::string& field) {
    field.clear();
    for (;;) {
      const auto end = rest.find('"');
      if (end == std::string_view::npos) fail("a quote does not end in this line.");
      field.append(rest.substr(0, end));
      rest.remove_prefix(end + 1);
      if (!rest.starts_with('"')) break;
      field.push_back('"');
      rest.remove_prefix(1);
    }
    const auto comma = std::min(rest.find(','), rest.size());
    if (!trimmed(rest.substr(0, comma)).empty()) fail("text follows a closing quote.");
    return rest.substr(comma);
  }

  std::unique_ptr<ByteSource> source_;
  std::vector<std::uint8_t> buffer_;
  std::size_t at_ = 0, have_ = 0, number_ = 0, count_ = 0;
  std::string line_;
  std::vector<std::string> fields_;  ///< reused; count_ of them belong to the line
};

class Reader {
 public:
  Reader(const std::string& path, const CsvRequest& request, const CsvTable* train)
      : lines_(path), request_(request), train_(train) {}

  CsvTable read() {
    read_names();
    find_labels();
    while (lines_.next()) read_row();
    if (rows_ == 0) lines_.fail_file("has no rows below its column names.");
    table_.features = {{rows_, table_.columns.size() - table_.label_width}, std::move(values_)};
    if (!request_.numbers) number_classes();
    return std::move(table_);
  }

 private:
  void read_names() {
    if (!lines_.next()) lines_.fail_file("is empty; expected a line of column names.");
    const auto& fields = lines_.fields();
    table_.columns.assign(fields.begin(),
                          fields.begin() + static_cast<std::ptrdiff_t>(lines_.size()));
    if (std::ranges::all_of(table_.columns,
                            [](const auto& n) { return parse_number(n).has_value(); })) {
      lines_.fail("it has numbers only; the first line must name the columns, as in a,b,label.");
    }
    if (table_.columns.size() < 2)
      lines_.fail("it names one column; expected features and a label, separated by commas.");
    if (train_ && train_->columns != table_.columns)
      lines_.fail("the columns are not those of the training file, in the same order.");
  }

  void find_labels() {
    is_label_.assign(table_.columns.size(), -1);
    table_.label_width = std::max<std::size_t>(request_.labels.size(), 1);
    if (request_.labels.empty()) is_label_.back() = 0;
    for (std::size_t k = 0; k < request_.labels.size(); ++k)
      is_label_[column(request_.labels[k])] = static_cast<int>(k);
    const auto labels =
        static_cast<std::size_t>(std::ranges::count_if(is_label_, [](int k) { return k >= 0; }));
    if (labels != table_.label_width)
      lines_.fail_file("has a label column that label= names twice.");
    if (labels == table_.columns.size())
      lines_.fail_file("has no feature columns beside the labels.");
  }

  std::size_t column(const std::string& name) const {
    const auto count = std::ranges::count(table_.columns, name);
    if (count == 1)
      return static_cast<std::size_t>(std::ranges::find(table_.columns, name) -
                                      table_.columns.begin());
    if (count > 1)
      lines_.fail_file(fmt::format("has {} columns named '{}'; rename one.", count, shown(name)));
    std::vector<std::string> some;
    for (std::size_t i = 0; i < std::min<std::size_t>(table_.columns.size(), 12); ++i)
      some.push_back(shown(table_.columns[i]));
    lines_.fail_file(fmt::format("has no column '{}'. Its columns are: {}{}.", shown(name),
                                 fmt::join(some, ", "),
                                 some.size() < table_.columns.size() ? ", ..." : ""));
  }

  void read_row() {
    if (lines_.size() != table_.columns.size()) {
      lines_.fail(fmt::format("it has {} value{}, but there are {} columns.", lines_.size(),
                              lines_.size() == 1 ? "" : "s", table_.columns.size()));
    }
    const std::size_t first_label = table_.labels.size();
    table_.labels.resize(first_label + table_.label_width);
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      if (is_label_[c] < 0) {
        values_.push_back(number(c));
      } else {
        table_.labels[first_label + static_cast<std::size_t>(is_label_[c])] =
            request_.numbers ? number(c) : class_id(c);
      }
    }
    if ((values_.size() + table_.labels.size()) * sizeof(double) > kMostFileBytes)
      lines_.fail("the values up to here take more than 4 GiB, which is more than mlz reads.");
    ++rows_;
  }

  [[noreturn]] void fail_value(std::size_t c, const std::string& what) const {
    lines_.fail(fmt::format("column {} ('{}') {}", c + 1, shown(table_.columns[c]), what));
  }

  double number(std::size_t c) const {
    const std::string_view text = lines_.field(c);
    const auto value = parse_number(text);
    if (value && std::isfinite(*value)) return *value;
    if (text.empty() || value || text == "?" || text == "NA" || text == "N/A") {
      fail_value(c, fmt::format("has no number ('{}'). Remove the row or fill the value in.",
                                shown(text)));
    }
    fail_value(c, fmt::format("has '{}', which is not a number.", shown(text)));
  }

  /// The number of a class name in order of appearance.
  double class_id(std::size_t c) {
    const std::string_view text = lines_.field(c);
    if (text.empty()) fail_value(c, "has no class. Remove the row or fill the value in.");
    // 1 and 1.0 are one class.
    const auto value = parse_number(text);
    const std::string name =
        value && std::isfinite(*value) ? fmt::format("{}", *value) : std::string(text);
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    if (text.size() > kLongestClass) fail_value(c, "has a class name longer than 1000 bytes.");
    if (ids_.size() == kMostClasses)
      fail_value(c, "has more than 65536 classes. Is it a number? Then use target=number.");
    return ids_.emplace(name, static_cast<int>(ids_.size())).first->second;
  }

  /// Numbers the classes in order: by value when all are numbers, else by name.
  void number_classes() {
    std::vector<std::string> names(ids_.size());
    std::size_t k = 0;
    for (const auto& [name, id] : ids_) names[k++] = name;
    const auto finite = [](const std::string& name) {
      const auto value = parse_number(name);
      return value && std::isfinite(*value);
    };
    if (std::ranges::all_of(names, finite))
      std::ranges::stable_sort(names, {}, [](const auto& n) { return *parse_number(n); });
    if (train_) names = train_->classes;
    std::vector<double> numbers(ids_.size(), -1);
    for (std::size_t n = 0; n < names.size(); ++n) {
      const auto found = ids_.find(names[n]);
      if (found != ids_.end())
        numbers[static_cast<std::size_t>(found->second)] = static_cast<double>(n);
    }
    for (const auto& [name, id] : ids_) {
      if (numbers[static_cast<std::size_t>(id)] < 0)
        lines_.fail_file(
            fmt::format("has the class '{}', which the training file has not.", shown(name)));
    }
    for (double& label : table_.labels) label = numbers[static_cast<std::size_t>(label)];
    table_.classes = std::move(names);
  }

  Lines lines_;
  const CsvRequest& request_;
  const CsvTable* train_;
  CsvTable table_;
  std::vector<int> is_label_;  ///< per column: index of the label, or -1
  std::vector<double> values_;
  std::size_t rows_ = 0;
  std::map<std::string, int, std::less<>> ids_;
};

}  // namespace

CsvTable read_csv(const std::string& path, const CsvRequest& request, const CsvTable* train) {
  return Reader(path, request, train).read();
}

}  // namespace mlz::tasks
