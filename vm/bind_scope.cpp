#include "vm/bind_scope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlz::vm {
namespace {

constexpr double kLargestWhole = 9e15;

/// What to do about a size that neither a task handed in, nor a host that binds the program itself.
std::string given_sizes(const BindOptions& options, const std::string& missing) {
  if (options.sizes.empty()) return fmt::format("give it a value: bind({{{{\"{0}\", N}}}}), or --sizes {0}=N of mlzc", missing);
  std::string out;
  for (const auto& [name, value] : options.sizes)
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", name, value);
  return "given, by the task or by the host: " + out;
}

}  // namespace

BindScope::BindScope(const CoreProgram& program, const BindOptions& options,
                     Diagnostics& diagnostics)
    : options_(options), diagnostics_(diagnostics) {
  for (const auto& [name, value] : options.sizes) {
    if (value < 1)
      fail({}, fmt::format("the task's size `{}` must be positive, it is {}", name, value));
    scope_.values[name] = static_cast<double>(value);
  }
  for (const Declaration& d : program.declarations) {
    declare(d);
    const bool value = scope_.values.contains(d.name) || scope_.lists.contains(d.name);
    if (!value && (d.kind == Declaration::Kind::constant || d.kind == Declaration::Kind::size)) wrong_.insert(d.name);
  }
}

void BindScope::declare(const Declaration& d) {
  if (d.kind == Declaration::Kind::constant) {
    if (const auto value = number(d.value, d.where, fmt::format("the constant `{}`", d.name))) {
      scope_.values[d.name] = *value;
    }
    return;
  }
  if (d.kind != Declaration::Kind::size) return;
  if (d.value && d.value.kind() == StaticExpr::Kind::list) return declare_list(d);
  const auto value = positive(d.value, d.where, fmt::format("the size `{}`", d.name));
  if (!value) return;
  // `batch` is the program's to choose; the sizes of the data are not.
  const auto given = d.name == "batch" ? options_.sizes.end() : options_.sizes.find(d.name);
  if (given != options_.sizes.end() && given->second != *value) {
    fail(d.where,
         fmt::format("the program declares `{}` as {}, but the task has {}", d.name, *value,
                     given->second),
         "sizes of the task need no declaration; one of the program's own is set when it is compiled (CompileOptions::set)");
  }
  scope_.values[d.name] = static_cast<double>(*value);
}

void BindScope::declare_list(const Declaration& d) {
  std::vector<double> list;
  for (const StaticExpr& item : d.value.args()) {
    const auto value =
        positive(item, d.where, fmt::format("an entry of the list of sizes `{}`", d.name));
    if (!value) return;
    list.push_back(static_cast<double>(*value));
  }
  scope_.lists[d.name] = std::move(list);
}

std::optional<double> BindScope::try_number(const StaticExpr& expr) const {
  std::string why;
  return spend(expr.nodes()) ? evaluate(expr, scope_, why) : std::nullopt;
}

std::optional<double> BindScope::number(const StaticExpr& expr, const Location& where,
                                        const std::string& what) {
  if (!spend(expr.nodes())) {
    fail(where, fmt::format("the sizes, indices and conditions of this program take more than {} operations to compute",
                            kMostEffort),
         "use fewer turns of loops, or simpler expressions in them");
    return {};
  }
  std::string why;
  const std::optional<double> value = evaluate(expr, scope_, why);
  if (!value && !follows_from_wrong(expr) && !report_missing_size(expr, where))
    fail(where, fmt::format("{} cannot be computed: {}", what, why));
  return value;
}

std::optional<std::int64_t> BindScope::whole(const StaticExpr& expr, const Location& where,
                                             const std::string& what) {
  const std::optional<double> value = number(expr, where, what);
  if (!value) return {};
  if (std::fabs(*value) <= kLargestWhole && *value == std::floor(*value))
    return static_cast<std::int64_t>(*value);
  fail(where, fmt::format("{} must be a whole number; `{}` is {}", what, expr.print(),
                          print_number(*value)));
  return {};
}

std::optional<std::int64_t> BindScope::positive(const StaticExpr& expr, const Location& where,
                                                const std::string& what) {
  const std::optional<std::int64_t> value = whole(expr, where, what);
  if (!value || *value > 0) return value;
  fail(where, fmt::format("{} must be positive; `{}` is {}", what, expr.print(), *value));
  return {};
}

bool BindScope::follows_from_wrong(const StaticExpr& expr) const {
  bool found = false;
  expr.visit_names([&](const std::string& name) { found = found || wrong_.contains(name); });
  return found;
}

bool BindScope::report_missing_size(const StaticExpr& expr, const Location& where) {
  const std::vector<std::string>& known = task_size_names();
  std::string missing;
  expr.visit_names([&](const std::string& name) {
    const bool task_size = std::find(known.begin(), known.end(), name) != known.end();
    if (task_size && scope_.values.count(name) == 0 && missing.empty()) missing = name;
  });
  if (missing.empty()) return false;
  if (!missing_.insert(missing).second) return failed_ = true;
  fail(where,
       fmt::format("the program needs the size `{}`, which is not given", missing),
       given_sizes(options_, missing));
  return true;
}

void BindScope::fail(const Location& where, std::string message, std::string hint) {
  failed_ = true;
  diagnostics_.error(where, std::move(message), std::move(hint));
}

BindScope::Variable::Variable(BindScope& scope, std::string name, std::optional<std::int64_t> value)
    : scope_(scope), name_(std::move(name)) {
  const auto found = scope_.scope_.values.find(name_);
  if (found != scope_.scope_.values.end()) before_ = found->second;
  if (value)
    set(*value);
  else
    scope_.scope_.values.erase(name_);
}

BindScope::Variable::~Variable() {
  if (before_)
    scope_.scope_.values[name_] = *before_;
  else
    scope_.scope_.values.erase(name_);
}

}  // namespace mlz::vm
