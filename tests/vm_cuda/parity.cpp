#include "parity.hpp"

#include "tests/support/random_bound.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

namespace mlz::test {
namespace {

using vm::RegisterId;
using Shape2 = std::array<std::int64_t, 2>;

/// Operands, attributes and result of an op, rows x cols being the size of its first operand.
class CaseMaker {
 public:
  CaseMaker(OpId op, std::int64_t rows, std::int64_t cols) : info_(op_info(op)), rows_(rows), cols_(cols) {}

  OpCase make() {
    const bool known = set_shapes();
    OpCase c;
    if (!known) return c;
    b_.observe(out_);
    b_.function = Function::setup;
    vm::BoundInstruction i;
    i.op = info_.id;
    i.out = out_;
    i.in_count = static_cast<std::uint8_t>(in_.size());
    std::copy(in_.begin(), in_.end(), i.in.begin());
    i.attr = attr_;
    i.value = info_.id == OpId::layer_norm ? 1e-5 : 0;
    b_.add(i);
    c.text = info_.name() + " of " + std::to_string(rows_) + " x " + std::to_string(cols_);
    return {b_.finish(), in_, out_, c.text};
  }

 private:
  const OpInfo& info_;
  std::int64_t rows_, cols_;
  ProgramBuilder b_;
  std::vector<RegisterId> in_;
  RegisterId out_ = vm::kNoRegister;
  std::array<std::int64_t, 4> attr_{};

  bool takes(std::size_t operand, char kind) const { return info_.operands[operand].find(kind) != std::string::npos; }
  RegisterId input(RegisterId id) {
    b_.observe(id);
    in_.push_back(id);
    return id;
  }
  void matrices(std::int64_t m, std::int64_t n) {
    input(b_.matrix(rows_, cols_));
    out_ = b_.matrix(m, n);
  }
  RegisterId largest_kind(std::size_t operand) {
    if (takes(operand, 'm')) return b_.matrix(rows_, cols_);
    return takes(operand, 'v') ? b_.vector(cols_) : b_.scalar();
  }

  bool set_elementwise() {
    for (std::size_t k = 0; k < info_.operands.size(); ++k) input(largest_kind(k));
    const vm::BoundRegister& first = b_.at(in_[0]);
    out_ = b_.add(first.kind, first.rows, first.cols);
    return true;
  }

  bool set_shapes() {
    switch (info_.rule) {
      case ShapeRule::broadcast:
        return set_elementwise();
      case ShapeRule::same:
        matrices(rows_, cols_);
        return true;
      case ShapeRule::index_get:
        attr_ = {rows_ / 3, cols_ / 2, rows_ - rows_ / 3, cols_ - cols_ / 2};
        matrices(attr_[2], attr_[3]);
        return true;
      case ShapeRule::index_set:
        if (info_.id != OpId::set) return false;
        attr_ = {1, 2, rows_, cols_};
        matrices(rows_ + 2, cols_ + 3);
        return true;
      case ShapeRule::iota:
        out_ = b_.vector(cols_);
        return true;
      case ShapeRule::features_vector:
        input(b_.scalar());
        out_ = b_.vector(cols_);
        return true;
      case ShapeRule::square:
        input(b_.vector(cols_));
        out_ = b_.matrix(cols_, cols_);
        return true;
      case ShapeRule::reshape:
        matrices(cols_, rows_);
        return true;
      case ShapeRule::transpose:
        matrices(cols_, rows_);
        return true;
      case ShapeRule::onehot:
        input(b_.vector(cols_));
        out_ = b_.matrix(cols_, 3);
        return true;
      case ShapeRule::repeat:
        attr_[0] = 3;
        matrices(3 * rows_, cols_);
        return true;
      case ShapeRule::shaped:
        for (std::size_t k = 0; k < info_.operands.size(); ++k) input(b_.scalar());
        out_ = b_.matrix(rows_, cols_);
        return true;
      default:
        return set_reducing();
    }
  }

  bool set_reducing() {
    switch (info_.rule) {
      case ShapeRule::group:
        attr_[0] = rows_;
        input(b_.matrix(4 * rows_, cols_));
        out_ = b_.matrix(4, cols_);
        return true;
      case ShapeRule::reduce:
      case ShapeRule::argmax:
        attr_[0] = 1;
        input(b_.matrix(rows_, cols_));
        out_ = b_.vector(rows_);
        return true;
      case ShapeRule::pool:
        attr_ = {7, 9, 2, 0};
        input(b_.matrix(63, cols_));
        out_ = b_.matrix(12, cols_);
        return true;
      case ShapeRule::unfold:
        attr_ = {rows_, cols_, 2, 3};
        input(b_.vector(rows_ * cols_ * 2));
        out_ = b_.matrix(rows_ * cols_, 18);
        return true;
      default:
        return set_product();
    }
  }

  bool set_product() {
    switch (info_.rule) {
      case ShapeRule::dot:
        input(b_.vector(cols_));
        input(b_.vector(cols_));
        out_ = b_.scalar();
        return true;
      case ShapeRule::matvec:
        input(b_.matrix(rows_, cols_));
        input(b_.vector(cols_));
        out_ = b_.vector(rows_);
        return true;
      case ShapeRule::vecmat:
        input(b_.vector(rows_));
        input(b_.matrix(rows_, cols_));
        out_ = b_.vector(cols_);
        return true;
      case ShapeRule::matmul:
        input(b_.matrix(rows_, cols_));
        input(b_.matrix(cols_, 11));
        out_ = b_.matrix(rows_, 11);
        return true;
      case ShapeRule::outer:
        input(b_.vector(rows_));
        input(b_.vector(cols_));
        out_ = b_.matrix(rows_, cols_);
        return true;
      default:
        return false;
    }
  }
};

std::vector<double> operand(std::size_t n, std::uint32_t lane, std::uint32_t k, bool special) {
  static constexpr double specials[] = {0.0,
                                        -0.0,
                                        1.0,
                                        -1.0,
                                        0.5,
                                        1e-320,
                                        -1e-40,
                                        1e-30,
                                        88.8,
                                        -104.0,
                                        710.0,
                                        -745.0,
                                        1e5,
                                        -3e7,
                                        1e19,
                                        -1e300,
                                        3e38,
                                        2.0,
                                        -2.0,
                                        __builtin_inf(),
                                        -__builtin_inf(),
                                        __builtin_nan("")};
  std::vector<double> out(n);
  draw_normal(DrawKey{7, kTaskStream, lane, k, 0}, 0, 2, out);
  for (std::size_t i = lane + k; special && i < n; i += 3) out[i] = specials[(i / 3 + 5 * k) % std::size(specials)];
  return out;
}

/// Both relative to the larger one; for row functions, to 1 where they are below it. `smallest`: what is below it
/// counts as zero.
double apart(double a, double b, bool rows, double smallest) {
  if (same_bits(a, b) || (std::abs(a) < smallest && std::abs(b) < smallest)) return 0;
  if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::infinity();
  const double scale = std::max({std::abs(a), std::abs(b), rows ? 1.0 : 1e-37});
  return std::max(std::abs(a - b) / scale, std::numeric_limits<double>::denorm_min());
}

}  // namespace

const std::vector<Parity>& gpu_parity() {
  constexpr double library = 1e-15, rounded = 2.5e-7;
  static const std::vector<Parity> table{
      {OpId::power, 2e-15, 6e-7},       {OpId::sin, library, 0},
      {OpId::cos, library, 0},          {OpId::tan, library, 0},
      {OpId::arcsin, library, 0},       {OpId::arccos, library, 0},
      {OpId::arctan, library, 0},       {OpId::exp, library, 0},
      {OpId::log, library, 0},          {OpId::sigmoid, library, 0},
      {OpId::softmax, 4e-15, 0},        {OpId::log_softmax, 4e-15, 0},
      {OpId::normal, library, rounded}, {OpId::truncated_normal, library, rounded},
  };
  return table;
}

Parity parity_of(OpId op) {
  for (const Parity& p : gpu_parity()) {
    if (p.op == op) return p;
  }
  return {op, 0, 0};
}

OpCase op_case(OpId op, std::int64_t rows, std::int64_t cols) { return CaseMaker(op, rows, cols).make(); }

double difference(const OpCase& c, vm::DType dtype, const OpenMachine& open, bool special) {
  vm::MachineOptions options;
  options.dtype = dtype;
  options.lanes = 3;
  options.lifetimes = {4, 9, 2};
  options.seed = 11;
  options.blas = false;
  const auto expected =
      dtype == vm::DType::f64 ? vm::make_reference(c.program, options) : vm::make_dense(c.program, options);
  const auto tested = open(c.program, options);
  for (vm::Machine* m : {expected.get(), tested.get()}) {
    for (int lane = 0; lane < 3; ++lane) {
      for (std::uint32_t k = 0; k < c.in.size(); ++k) {
        const auto n = static_cast<std::size_t>(c.program.registers[c.in[k]].size());
        const std::vector<double> values = operand(n, static_cast<std::uint32_t>(lane), k, special);
        m->write(c.in[k], lane, std::span<const double>(values));
      }
    }
    m->run(Function::setup);
  }
  const OpId op = c.program.code[0][0].op;
  // Where a subnormal number is only moved, or loses its sign, an engine may keep it or make it zero.
  const double smallest = dtype == vm::DType::f32 ? std::numeric_limits<float>::min() : 0;
  const bool rows = op_info(op).has(kReduces) || op_info(op).has(kRandom);
  double largest = 0;
  for (int lane = 0; lane < 3; ++lane) {
    const auto a = values(*expected, c.out, lane), b = values(*tested, c.out, lane);
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, apart(a[i], b[i], rows, smallest));
  }
  return largest;
}

}  // namespace mlz::test
