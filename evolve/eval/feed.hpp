#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "evolve/eval/lifetime.hpp"

namespace mlz::eval {

/// What the program's type of y makes of a label.
enum class LabelForm {
  number,   ///< one entry: the label itself
  numbers,  ///< an entry for each of several numbers
  binary,   ///< one entry: 0 or 1
  onehot,   ///< one entry per class
};

/// The label form that a program and a task agree on; throws InputError when they do not.
LabelForm label_form(const vm::BoundProgram& program, const tasks::TaskInfo& task);

/// Hands examples to a program and takes its predictions, through the registers x, target and y of
/// one lane. A program may lack any of these registers; y then keeps a value here. `T` is the number
/// type of the machine.
template <class T>
class Feed {
 public:
  Feed(vm::Machine& machine, const tasks::TaskInfo& task, int lane = 0);

  int batch() const { return batch_; }
  LabelForm form() const { return form_; }

  /// Makes examples `ids` of a set the current ones; fewer than batch() are followed by `fill`
  /// examples.
  void load(const tasks::Examples& examples, std::span<const std::uint32_t> ids,
            std::span<const std::uint32_t> fill);
  void before_predict();  ///< x = features, target = 0
  void before_learn();    ///< x = features, target = label
  void make_target();     ///< the label in the form of y, as target() has it before Learn
  double label(int b) const { return labels_[b]; }
  double squared_error(int b) const;  ///< of numbers; the mean over them
  double loss(int b) const;           ///< as Outcome::loss
  /// Writes weight times the gradient of loss(b) with respect to the prediction; `out` has as many entries.
  void loss_gradient(int b, double weight, std::span<T> out) const;
  std::span<const T> features() const { return x_; }
  std::span<const T> target() const { return target_; }

  void take_prediction();                      ///< reads y
  void set_prediction(T y);                    ///< writes a scalar y
  std::span<const T> prediction(int b) const;  ///< y of example b of the batch
  bool finite(int b) const;                    ///< whether it has no NaN and no infinity
  /// The number predicted for example b, or its class; -1 for a class when an entry is NaN.
  double answer(int b) const;

 private:
  void write(vm::RegisterId id, const std::vector<T>& values) {
    if (id != vm::kNoRegister) machine_.write(id, lane_, std::span<const T>(values));
  }

  vm::Machine& machine_;
  int lane_;
  vm::RegisterId x_id_, target_id_, y_id_;
  LabelForm form_;
  int batch_;
  std::size_t features_;
  bool x_changes_ = false;  // Predict writes x
  std::vector<T> x_, target_, y_;
  std::vector<double> labels_;
  std::vector<double> numbers_;  ///< [batch][outputs], of LabelForm::numbers
};

}  // namespace mlz::eval
