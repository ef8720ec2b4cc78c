#include "tools/golden/golden.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "lang/core/diagnostics.hpp"
#include "tools/golden/kinds.hpp"
#include "tools/golden/run_cases.hpp"
#include "tools/support/files.hpp"

namespace mlz::golden {
namespace {
namespace fs = std::filesystem;

constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;

/// Every file below a folder, sorted, so that the order of the report does not depend on the file
/// system.
std::vector<fs::path> files_below(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw InputError(fmt::format("{}: no such folder", folder));
  std::vector<fs::path> files;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path());
  }
  if (error) throw InputError(fmt::format("{}: {}", folder, error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

/// Counts and prints what becomes of each case.
class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  template <class F>
  void run(const std::string& id, bool fp_sensitive, F&& check) {
    if (fp_sensitive && !options_.all) {
      skip(id, "marked fp_sensitive; --all runs it");
      return;
    }
    std::optional<std::string> difference;
    try {
      difference = check();
    } catch (const std::exception& error) {
      difference = error.what();
    }
    difference ? ++counts_.failed : ++counts_.passed;
    if (difference) fmt::print("FAIL {}: {}\n", id, *difference);
  }
  void skip(const std::string& id, const std::string& reason) {
    ++counts_.skipped;
    fmt::print("SKIP {}: {}\n", id, reason);
  }
  const Counts& counts() const { return counts_; }

 private:
  const Options& options_;
  Counts counts_;
};

/// Throws InputError when there is no such engine: every case would fail for that reason alone.
void check_engine(const Options& options) {
  OpCase nothing;
  nothing.text = "NoOp()";
  nothing.features = 1;
  check(nothing, options);
}

void run_programs(const fs::path& path, const Options& options, Report& report) {
  const auto tasks = read_tasks((path.parent_path() / "tasks.jsonl").string());
  for (const ProgramCase& recorded : read_programs(path.string())) {
    report.run(recorded.id, recorded.fp_sensitive, [&]() -> std::optional<std::string> {
      const auto task = tasks.find(recorded.task);
      if (task == tasks.end()) return fmt::format("tasks.jsonl has no task {}", recorded.task);
      return check(recorded, task->second, options);
    });
  }
}

void run_ops(const fs::path& path, const Options& options, Report& report) {
  for (const OpCase& recorded : read_ops(path.string())) {
    report.run(recorded.id, recorded.fp_sensitive, [&] { return check(recorded, options); });
  }
}

/// A case in a file of its own, which says of what kind it is.
std::optional<std::string> check_case(const nlohmann::json& recorded, const std::string& kind,
                                      const Options& options) {
  if (const Check check = check_for(kind)) return check(recorded, options);
  return fmt::format("there are no cases of the kind \"{}\"", kind);
}

void run_case(const fs::path& path, const Options& options, Report& report) {
  const auto recorded = nlohmann::json::parse(tools::read_file(path.string(), kMostBytes), nullptr, false);
  const bool has_kind = recorded.is_object() && recorded.contains("kind") && recorded["kind"].is_string();
  const std::string kind = has_kind ? recorded["kind"].get<std::string>() : "";
  report.run(path.string(), false, [&]() -> std::optional<std::string> {
    if (!has_kind) return "not a JSON object with a kind";
    return check_case(recorded, kind, options);
  });
}

void run_file(const fs::path& path, const Options& options, Report& report) {
  const std::string name = path.filename().string();
  if (name == "programs.jsonl") {
    run_programs(path, options, report);
  } else if (name == "ops.jsonl") {
    run_ops(path, options, report);
  } else if (path.extension() == ".json") {
    run_case(path, options, report);
  } else if (path.extension() == ".jsonl" && name != "tasks.jsonl") {
    report.run(path.string(), false, []() -> std::optional<std::string> {
      return "expected tasks.jsonl, programs.jsonl or ops.jsonl";
    });
  }
}

}  // namespace

Counts run(const Options& options) {
  check_engine(options);
  Report report(options);
  std::set<fs::path> seen;
  for (const std::string& folder : options.folders) {
    for (const fs::path& path : files_below(folder)) {
      if (seen.insert(fs::weakly_canonical(path)).second) run_file(path, options, report);
    }
  }
  const Counts& counts = report.counts();
  if (counts.passed + counts.failed + counts.skipped == 0)
    throw InputError("there are no golden cases in these folders");
  fmt::print("{} passed, {} failed, {} skipped\n", counts.passed, counts.failed, counts.skipped);
  return counts;
}

}  // namespace mlz::golden
