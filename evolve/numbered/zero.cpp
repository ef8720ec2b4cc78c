#include "evolve/numbered/zero.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace mlz::evolve {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Bounds are computed in floating point, so they end far enough below the largest number.
constexpr double kLargest = 1e300;
/// Steps after which a magnitude that still grows counts as unbounded.
constexpr int kPatience = 2;

// For each pair of operands, whether the result is zero: 1 neither is zero, 2 the first is, 4 the second is, 8 both are.
constexpr std::uint8_t kNever = 0, kBoth = 8, kAny = 2 | 4 | 8, kAlways = 15;

double capped(double bound) { return bound < kLargest ? bound : kInfinity; }

constexpr std::uint64_t bit(std::size_t reg) { return std::uint64_t{1} << reg; }

}  // namespace

DataBounds bounds_of(const ProblemSet& set) {
  DataBounds bounds;
  bounds.squashed = set.info().metric == tasks::Metric::accuracy;
  std::vector<double> x(static_cast<std::size_t>(set.info().sizes.at("features")));
  const auto widen = [](double& bound, double value) {
    bound = std::abs(value) <= kLargest ? std::max(bound, std::abs(value)) : kInfinity;
  };
  for (const tasks::Problem& problem : set.problems) {
    for (const auto& examples : {problem.train, problem.valid}) {
      for (std::size_t i = 0; i < examples->size(); ++i) {
        examples->features(i, x);
        for (const double value : x) widen(bounds.feature, value);
        widen(bounds.label, examples->label(i));
      }
    }
  }
  return bounds;
}

/// What the op table says about an operation, in a form that is quick to look up.
struct ZeroFinder::Form {
  std::uint8_t zeros = kNever;
  Bound bound = Bound::none;
  bool writes = false, difference = false;
  std::array<std::uint8_t, 2> in{};
  std::uint8_t operands = 0, out = 0;

  Form() = default;
  explicit Form(const NumberedOp& op)
      : writes(op.has_out),
        difference(op.op == OpId::sub),
        operands(static_cast<std::uint8_t>(op.in.size())),
        out(static_cast<std::uint8_t>(op.out)) {
    for (std::size_t k = 0; k < op.in.size(); ++k) in[k] = static_cast<std::uint8_t>(op.in[k]);
    find(op.op);
  }

 private:
  void set(std::uint8_t zero, Bound magnitude) {
    zeros = zero;
    bound = magnitude;
  }
  void find(OpId op);
};

void ZeroFinder::Form::find(OpId op) {
  switch (op) {
    case OpId::add:
    case OpId::sub:
    case OpId::minimum:
    case OpId::maximum:
    case OpId::minimum_m:
    case OpId::maximum_m: return set(kBoth, Bound::sum);
    case OpId::mul:
    case OpId::outer: return set(kAny, Bound::product);
    case OpId::dot:
    case OpId::matvec:
    case OpId::matmul: return set(kAny, Bound::inner);
    case OpId::abs:
    case OpId::transpose:
    case OpId::broadcast:
    case OpId::broadcast_vector: return set(kBoth, Bound::same);
    case OpId::norm:
    case OpId::mean:
    case OpId::std: return set(kBoth, Bound::spread);
    case OpId::sin:
    case OpId::arctan:
    case OpId::step: return set(kBoth, Bound::angle);
    case OpId::cos:
    case OpId::heaviside: return set(kNever, Bound::angle);
    case OpId::constant: return set(kNever, Bound::constant);
    case OpId::set_fraction: return set(kNever, Bound::entry);
    default: return;
  }
}

const ZeroFinder::Form* ZeroFinder::forms() {
  static const auto table = [] {
    std::array<Form, kNumberedOps> made;
    for (const NumberedOp& op : numbered_ops()) made[op.number] = Form(op);
    return made;
  }();
  return table.data();
}

ZeroFinder::ZeroFinder(const Banks& banks, const DataBounds& bounds, std::size_t features)
    : forms_(forms()),
      base_{0, static_cast<std::size_t>(banks.count[0]), static_cast<std::size_t>(banks.count[0] + banks.count[1])},
      bounds_(bounds), features_(static_cast<double>(features)) {
  magnitude_.resize(base_[2] + static_cast<std::size_t>(banks.count[2]));
  now_.resize(magnitude_.size());
}

/// Operands that an operation has not are its first one, or its result.
ZeroFinder::Line ZeroFinder::line_of(const Instruction& i) const {
  const Form& form = forms_[i.op];
  Line line{form.zeros, form.bound, static_cast<std::uint8_t>(base_[form.out] + i.out), 0, 0, 0};
  line.a = form.operands > 0 ? static_cast<std::uint8_t>(base_[form.in[0]] + i.in[0]) : line.out;
  line.b = form.operands > 1 ? static_cast<std::uint8_t>(base_[form.in[1]] + i.in[1]) : line.a;
  if (form.difference && line.a == line.b) {
    line.zeros = kAlways;
    line.bound = Bound::zero;
  } else if (form.bound == Bound::constant) {
    line.literal = std::abs(i.number());
    line.zeros = line.literal == 0 ? kAlways : kNever;
  } else if (form.bound == Bound::entry) {
    line.literal = std::abs(static_cast<double>(i.pair()[1]));
    line.zeros = line.literal == 0 ? kBoth : kNever;
  }
  return line;
}

void ZeroFinder::decode(const Genome& live) {
  lines_.clear();
  for (const std::size_t f : {1, 2}) {
    for (const Instruction& i : live.function(f)) {
      if (forms_[i.op].writes) lines_.push_back(line_of(i));
    }
    if (f == 1) learn_ = lines_.size();
  }
}

std::span<const ZeroFinder::Line> ZeroFinder::lines(std::size_t function) const {
  const std::span<const Line> all(lines_);
  return function == 0 ? all.first(learn_) : all.subspan(learn_);
}

/// Takes the magnitudes of what Setup leaves; gives the carried registers that are zero.
std::uint64_t ZeroFinder::see_setup(const SetupValues& setup) {
  std::uint64_t zeros = 0;
  for (std::uint64_t left = carried_; left != 0; left &= left - 1) {
    const auto reg = static_cast<std::size_t>(std::countr_zero(left));
    const std::size_t kind = reg < base_[1] ? 0 : reg < base_[2] ? 1 : 2;
    double largest = 0;
    for (const double value : setup.of(static_cast<Kind>(kind), static_cast<int>(reg - base_[kind]))) {
      const double size = std::abs(value);
      largest = size <= kLargest ? std::max(largest, size) : kInfinity;
    }
    magnitude_[reg] = largest;
    zeros |= largest == 0 ? bit(reg) : 0;
  }
  return zeros;
}

std::uint64_t ZeroFinder::zeros_after(std::size_t function, std::uint64_t zeros) const {
  const std::uint64_t target = bit(kTargetScalar), given = bounds_.squashed ? target | bit(kPredictionScalar) : target;
  zeros = (function == 0 ? zeros | target : zeros & ~given) & ~bit(base_[1] + kFeaturesVector);
  for (const Line& line : lines(function)) {
    const std::uint64_t pair = (zeros >> line.a & 1) | (zeros >> line.b & 1) << 1;
    zeros = (zeros & ~bit(line.out)) | (std::uint64_t{line.zeros} >> pair & 1) << line.out;
  }
  return zeros;
}

/// Whether the prediction is zero as long as all numbers are finite.
bool ZeroFinder::zero_if_finite(std::uint64_t zeros) const {
  for (;;) {
    const std::uint64_t predicted = zeros_after(0, zeros);
    if ((predicted & bit(kPredictionScalar)) == 0) return false;
    const std::uint64_t stay = zeros & predicted & zeros_after(1, predicted);
    if (stay == zeros) return true;
    zeros = stay;
  }
}

double ZeroFinder::bound_of(const Line& line) const {
  const double a = now_[line.a], b = now_[line.b];
  if (line.bound == Bound::constant) return capped(line.literal);
  if (!(a < kInfinity && b < kInfinity)) return kInfinity;
  switch (line.bound) {
    case Bound::zero: return 0;
    case Bound::sum: return capped(a + b);
    case Bound::product: return capped(a * b);
    case Bound::inner: return capped(a * b * features_);
    case Bound::same: return a;
    case Bound::spread: return 4 * a * a * features_ * features_ < kLargest ? a * features_ * features_ : kInfinity;
    case Bound::angle: return a == 0 && line.zeros != kNever ? 0 : 2;
    case Bound::entry: return capped(std::max(a, line.literal));
    default: return kInfinity;
  }
}

/// Magnitudes after Predict (0) or Learn (1).
void ZeroFinder::bound(std::size_t function) {
  now_[kTargetScalar] = function == 0 ? 0 : bounds_.label;
  if (function == 1 && bounds_.squashed) now_[kPredictionScalar] = 1;
  now_[base_[1] + kFeaturesVector] = bounds_.feature;
  for (const Line& line : lines(function)) now_[line.out] = bound_of(line);
}

/// Whether the prediction is zero by the magnitudes that carried registers can have at the beginning of any step.
bool ZeroFinder::zero_if_bounded() {
  bool grows = true;
  for (int step = 0; grows; ++step) {
    grows = false;
    now_ = magnitude_;
    for (const std::size_t function : {0, 1}) {
      bound(function);
      if (function == 0 && now_[kPredictionScalar] != 0) return false;
      for (std::uint64_t left = carried_; left != 0; left &= left - 1) {
        const auto reg = static_cast<std::size_t>(std::countr_zero(left));
        if (now_[reg] <= magnitude_[reg]) continue;
        grows = true;
        magnitude_[reg] = step < kPatience ? now_[reg] : kInfinity;
      }
    }
  }
  return true;
}

bool ZeroFinder::predicts_zero(const Genome& live, LiveFinder::Mask carried, const SetupValues& after_setup) {
  decode(live);
  carried_ = carried;
  return zero_if_finite(see_setup(after_setup)) && zero_if_bounded();
}

}  // namespace mlz::evolve
