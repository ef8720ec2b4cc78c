#include "evolve/eval/feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evolve/eval/protocols.hpp"
#include "evolve/eval/refuse.hpp"

namespace mlz::eval {
namespace {

std::int64_t size_of(const tasks::TaskInfo& task, const char* name) {
  const auto found = task.sizes.find(name);
  return found == task.sizes.end() ? 0 : found->second;
}

const vm::BoundRegister* register_with(const vm::BoundProgram& program, Role role) {
  const vm::RegisterId id = program.with_role(role);
  return id == vm::kNoRegister ? nullptr : &program.registers[id];
}

std::int64_t batch_of(const vm::BoundProgram& program) {
  return std::max<std::int64_t>(program.batch, 1);
}

std::string per_example(const vm::BoundProgram& program, std::int64_t entries) {
  const std::string count = entries == 1 ? "1 entry" : fmt::format("{} entries", entries);
  return program.batch > 0 ? fmt::format("{} for each of {} examples", count, program.batch) : count;
}

[[noreturn]] void wrong_size(const vm::BoundProgram& program, const tasks::TaskInfo& task, Role role, std::int64_t entries,
                             const char* of) {
  const vm::RegisterId id = program.with_role(role);
  refuse(program, id,
         fmt::format("{} is {}, but task {} needs {} ({})", role_text(program, role), shape_text(program.registers[id]),
                     task.name, per_example(program, entries), of));
}

void check_x(const vm::BoundProgram& program, const tasks::TaskInfo& task) {
  const auto* x = register_with(program, Role::x);
  const std::int64_t features = size_of(task, "features");
  if (x && x->size() != features * batch_of(program)) wrong_size(program, task, Role::x, features, "the features");
}

void check_target(const vm::BoundProgram& program, const tasks::TaskInfo& task,
                  std::int64_t entries) {
  const auto* target = register_with(program, Role::target);
  if (target && target->size() != entries * batch_of(program)) {
    wrong_size(program, task, Role::target, entries, "the label, in the form of y");
  }
}

}  // namespace

LabelForm label_form(const vm::BoundProgram& program, const tasks::TaskInfo& task) {
  check_x(program, task);
  const auto* y = register_with(program, Role::y);
  const std::int64_t batch = batch_of(program);
  const std::int64_t outputs = size_of(task, "outputs");
  const bool classes = task.metric == tasks::Metric::accuracy;
  const bool one_entry = y == nullptr || y->size() == batch;
  if (one_entry && classes && task.classes > 2) {
    refuse(program, program.with_role(Role::y),
           fmt::format("y has one entry per example, which tells two classes apart, but task {} has {} classes", task.name,
                       task.classes),
           fmt::format("choose two of them, as in --task {}{}classes=3/5, or make y a vector of `outputs` entries", task.name,
                       task.name.find(':') == std::string::npos ? ":" : ","));
  }
  if (!classes && outputs > 1) {
    if (y && y->size() != outputs * batch)
      wrong_size(program, task, Role::y, outputs, "the numbers to be predicted");
    check_target(program, task, outputs);
    return LabelForm::numbers;
  }
  if (one_entry) {
    check_target(program, task, 1);
    return classes ? LabelForm::binary : LabelForm::number;
  }
  if (!classes) wrong_size(program, task, Role::y, 1, "the number to be predicted");
  const std::int64_t entries = std::max<std::int64_t>(outputs, task.classes);
  if (y->size() != entries * batch) wrong_size(program, task, Role::y, entries, "one per class");
  check_target(program, task, entries);
  return LabelForm::onehot;
}

void check_fit(const vm::BoundProgram& program, const tasks::TaskInfo& task, Protocol protocol) {
  if (protocol == Protocol::control) return check_control(program, task);
  if (task.metric == tasks::Metric::episode_return) {
    throw InputError(fmt::format(
        "task {} is a world to act in and has no examples; use --protocol control", task.name));
  }
  const LabelForm form = label_form(program, task);
  if (protocol != Protocol::automl) return;
  if (program.batch > 0) {
    refuse(program, vm::kNoRegister,
           "the automl protocol shows one example a step, but the program declares `size batch`", "use --protocol stream");
  }
  if (form == LabelForm::onehot || form == LabelForm::numbers) {
    refuse(program, program.with_role(Role::y), "the automl protocol needs a scalar y, but the program's y is a vector",
           "use --protocol stream");
  }
}

template <class T>
Feed<T>::Feed(vm::Machine& machine, const tasks::TaskInfo& task, int lane)
    : machine_(machine),
      lane_(lane),
      x_id_(machine.program().with_role(Role::x)),
      target_id_(machine.program().with_role(Role::target)),
      y_id_(machine.program().with_role(Role::y)),
      form_(label_form(machine.program(), task)),
      batch_(static_cast<int>(batch_of(machine.program()))),
      features_(static_cast<std::size_t>(size_of(task, "features"))) {
  const auto batch = static_cast<std::size_t>(batch_);
  const auto* y = register_with(machine.program(), Role::y);
  const std::size_t entries =
      form_ == LabelForm::numbers ? static_cast<std::size_t>(size_of(task, "outputs")) : 1;
  if (form_ == LabelForm::numbers) numbers_.assign(batch * entries, 0);
  y_.assign(y ? static_cast<std::size_t>(y->size()) : batch * entries, T(0));
  x_.assign(features_ * batch, T(0));
  target_.assign(y_.size(), T(0));
  labels_.assign(batch, 0);
  x_changes_ = writes(machine.program(), Function::predict, x_id_);
}

template <class T>
void Feed<T>::load(const tasks::Examples& examples, std::span<const std::uint32_t> ids,
                   std::span<const std::uint32_t> fill) {
  for (std::size_t b = 0; b < labels_.size(); ++b) {
    const std::uint32_t id = b < ids.size() ? ids[b] : fill[(b - ids.size()) % fill.size()];
    examples.features(id, std::span<T>(x_).subspan(b * features_, features_));
    labels_[b] = examples.label(id);
    if (form_ != LabelForm::numbers) continue;
    const std::size_t entries = examples.label_width();
    examples.labels(id, std::span(numbers_).subspan(b * entries, entries));
  }
}

template <class T>
void Feed<T>::before_predict() {
  write(x_id_, x_);
  std::fill(target_.begin(), target_.end(), T(0));
  write(target_id_, target_);
}

template <class T>
void Feed<T>::make_target() {
  std::fill(target_.begin(), target_.end(), T(0));
  const std::size_t entries = target_.size() / labels_.size();
  std::transform(numbers_.begin(), numbers_.end(), target_.begin(),
                 [](double v) { return static_cast<T>(v); });
  for (std::size_t b = 0; b < labels_.size() && form_ != LabelForm::numbers; ++b) {
    if (form_ != LabelForm::onehot) {
      target_[b] = static_cast<T>(labels_[b]);
    } else if (labels_[b] >= 0 && labels_[b] < static_cast<double>(entries)) {
      target_[b * entries + static_cast<std::size_t>(labels_[b])] = T(1);
    }
  }
}

template <class T>
void Feed<T>::before_learn() {
  if (x_changes_) write(x_id_, x_);
  make_target();
  write(target_id_, target_);
}

template <class T>
void Feed<T>::take_prediction() {
  if (y_id_ != vm::kNoRegister) machine_.read(y_id_, lane_, std::span<T>(y_));
}

template <class T>
void Feed<T>::set_prediction(T y) {
  y_[0] = y;
  write(y_id_, y_);
}

template <class T>
std::span<const T> Feed<T>::prediction(int b) const {
  const std::size_t entries = y_.size() / labels_.size();
  return std::span<const T>(y_).subspan(static_cast<std::size_t>(b) * entries, entries);
}

template <class T>
bool Feed<T>::finite(int b) const {
  const auto y = prediction(b);
  return std::all_of(y.begin(), y.end(), [](T v) { return std::isfinite(v); });
}

template <class T>
double Feed<T>::squared_error(int b) const {
  const auto y = prediction(b);
  double sum = 0;
  for (std::size_t j = 0; j < y.size(); ++j) {
    const double label = form_ == LabelForm::numbers
                             ? numbers_[static_cast<std::size_t>(b) * y.size() + j]
                             : labels_[b];
    const double error = static_cast<double>(y[j]) - label;
    sum += error * error;
  }
  return sum / static_cast<double>(y.size());
}

template <class T>
double Feed<T>::loss(int b) const {
  const auto y = prediction(b);
  if (form_ == LabelForm::number || form_ == LabelForm::numbers) return squared_error(b);
  if (form_ == LabelForm::binary) {
    const double p = std::clamp(static_cast<double>(y[0]), kProbabilityMargin, 1 - kProbabilityMargin);
    return -std::log(labels_[b] > 0.5 ? p : 1 - p);
  }
  const auto highest = static_cast<double>(*std::max_element(y.begin(), y.end()));
  double sum = 0;
  for (const T v : y) sum += std::exp(static_cast<double>(v) - highest);
  const bool known = labels_[b] >= 0 && labels_[b] < static_cast<double>(y.size());
  return known ? highest + std::log(sum) - static_cast<double>(y[static_cast<std::size_t>(labels_[b])])
               : std::numeric_limits<double>::infinity();
}

template <class T>
void Feed<T>::loss_gradient(int b, double weight, std::span<T> out) const {
  const auto y = prediction(b);
  const auto put = [&](std::size_t j, double slope) { out[j] = static_cast<T>(weight * slope); };
  const double label = labels_[b];
  if (form_ == LabelForm::binary) {
    const auto p = static_cast<double>(y[0]);
    const bool kept = p < kProbabilityMargin || p > 1 - kProbabilityMargin;
    return put(0, kept ? 0 : label > 0.5 ? -1 / p : 1 / (1 - p));
  }
  if (form_ != LabelForm::onehot) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      const double wanted = form_ == LabelForm::numbers ? numbers_[static_cast<std::size_t>(b) * y.size() + j] : label;
      put(j, 2 * (static_cast<double>(y[j]) - wanted) / static_cast<double>(y.size()));
    }
    return;
  }
  const auto highest = static_cast<double>(*std::max_element(y.begin(), y.end()));
  double sum = 0;
  for (const T v : y) sum += std::exp(static_cast<double>(v) - highest);
  for (std::size_t j = 0; j < y.size(); ++j) {
    put(j, std::exp(static_cast<double>(y[j]) - highest) / sum - (label == static_cast<double>(j) ? 1 : 0));
  }
}

template <class T>
double Feed<T>::answer(int b) const {
  const auto y = prediction(b);
  if (form_ == LabelForm::number) return static_cast<double>(y[0]);
  if (std::any_of(y.begin(), y.end(), [](T v) { return std::isnan(v); })) return -1;
  if (form_ == LabelForm::binary) return y[0] > T(0.5) ? 1 : 0;
  return static_cast<double>(std::max_element(y.begin(), y.end()) - y.begin());
}

template class Feed<float>;
template class Feed<double>;

}  // namespace mlz::eval
