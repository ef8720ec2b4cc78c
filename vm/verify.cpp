#include "vm/verify.hpp"

#include <fmt/format.h>

#include <set>

#include "vm/bind_shapes.hpp"

namespace mlz::vm {
namespace {

using Birth = BoundRegister::Birth;

[[noreturn]] void bad(const std::string& what) {
  throw InputError(fmt::format("the program is damaged: {}", what));
}

/// Whether entries of the shape `d` can stand in a window of that many rows and columns.
bool fits_window(const Dims& d, std::int64_t rows, std::int64_t cols) {
  if (d.kind == Kind::matrix) return d.rows == rows && d.cols == cols;
  if (d.kind == Kind::scalar) return rows == 1 && cols == 1;
  return (rows == 1 || cols == 1) && d.cols == rows * cols;
}

class Verifier {
 public:
  explicit Verifier(const BoundProgram& program) : p_(program) {}

  void run() {
    for (const BoundRegister& r : p_.registers) check_register(r);
    check_params();
    check_roles();
    for (const std::vector<BoundInstruction>& code : p_.code) {
      for (const BoundInstruction& i : code) check_instruction(i);
      check_joined(code);
    }
  }

 private:
  const BoundProgram& p_;

  const BoundRegister& reg(RegisterId id) const {
    if (id >= p_.registers.size()) bad(fmt::format("there is no register {}", id));
    return p_.registers[id];
  }

  void check_register(const BoundRegister& r) const {
    const bool flat = r.kind == Kind::matrix || r.rows == 1;
    if (r.rows < 1 || r.cols < 1 || !flat || (r.kind == Kind::scalar && r.cols != 1)) {
      bad(fmt::format("register `{}` has no valid shape", r.name));
    }
    if (r.birth == Birth::constant && r.kind != Kind::scalar) bad("a constant is not a scalar");
    if (r.birth != Birth::copy) return;
    const BoundRegister& from = reg(r.copy_of);
    if (from.birth != Birth::param || !(dims_of(from) == dims_of(r))) {
      bad(fmt::format("register `{}` starts as one that is not a param of its shape", r.name));
    }
  }

  void check_params() const {
    std::set<RegisterId> seen;
    for (const BoundProgram::Param& param : p_.params) {
      if (reg(param.id).birth != Birth::param || !seen.insert(param.id).second) bad("a param is listed wrongly");
      const OpInfo& op = op_info(param.draw);
      const bool plain = param.draw == OpId::noop && param.args.size() <= 1;
      if (!plain && (!op.has(kRandom) || param.args.size() != op.operands.size())) bad("a param is drawn wrongly");
    }
    for (RegisterId id = 0; id < p_.registers.size(); ++id) {
      if (p_.registers[id].birth == Birth::param && seen.count(id) == 0) bad("a param is not listed");
    }
  }

  void check_roles() const {
    for (const RegisterId id : p_.role) {
      if (id != kNoRegister && reg(id).birth == Birth::constant) bad("a constant has a role");
    }
    const RegisterId y = p_.with_role(Role::y);
    if (y != kNoRegister && !p_.registers[y].observed) bad("y is not observed");
    if (p_.batch < 0) bad("the batch is negative");
  }

  void check_instruction(const BoundInstruction& i) const {
    const BoundRegister& out = reg(i.out);
    if (out.birth == Birth::constant || out.birth == Birth::param) bad(fmt::format("`{}` is assigned", out.name));
    if (i.line >= p_.lines.size()) bad("an instruction has no line");
    const OpInfo& op = op_info(i.op);
    const bool window = op.rule == ShapeRule::index_get || op.rule == ShapeRule::index_set;
    if (i.in_count != op.operands.size() || op.variadic) bad(fmt::format("`{}` has wrong operands", op.name()));
    for (std::size_t k = 0; k < i.in_count; ++k) static_cast<void>(reg(i.in[k]));
    window ? check_window(i) : check_shapes(i, op);
  }

  void check_window(const BoundInstruction& i) const {
    if (i.op != OpId::get && i.op != OpId::set) bad("an operation that is not kept in bound programs");
    const bool get = i.op == OpId::get;
    const BoundRegister& large = reg(get ? i.in[0] : i.out);
    const Dims small = dims_of(reg(get ? i.out : i.in[0]));
    const auto [row, col, rows, cols] = i.attr;
    const bool inside = row >= 0 && col >= 0 && rows >= 1 && cols >= 1 && rows <= large.rows && cols <= large.cols &&
                        row <= large.rows - rows && col <= large.cols - cols;
    if (!inside || large.kind == Kind::scalar) bad(fmt::format("a window lies outside `{}`", large.name));
    const bool fills = !get && small.kind == Kind::scalar;
    if (!fills && !fits_window(small, rows, cols)) bad(fmt::format("a window of `{}` has another shape", large.name));
  }

  void check_shapes(const BoundInstruction& i, const OpInfo& op) const {
    std::vector<Dims> in;
    for (std::size_t k = 0; k < i.in_count; ++k) in.push_back(dims_of(reg(i.in[k])));
    check_attributes(i, op, in);
    const Dims out = dims_of(reg(i.out));
    std::string why;
    const auto result = result_dims(i, in, out, out, why);
    if (!result) bad(fmt::format("`{}`: {}", op.name(), why));
    if (!(*result == out)) bad(fmt::format("`{}` gives {}, not {}", op.name(), result->print(), out.print()));
  }

  void check_attributes(const BoundInstruction& i, const OpInfo& op, const std::vector<Dims>& in) const {
    for (std::size_t k = 0; k < op.attributes.size(); ++k) {
      const OpAttribute& a = op.attributes[k];
      if (a.is_shape || a.name == "eps") continue;
      if (k >= i.attr.size()) bad("an operation that is not kept in bound programs");
      const bool axis = a.name == "axis";
      const bool of_matrix = op.rule == ShapeRule::square || (!in.empty() && in[0].kind == Kind::matrix);
      const std::int64_t least = !axis ? 1 : op.rule == ShapeRule::square ? 0 : -1;
      const std::int64_t most = !axis ? INT64_MAX : of_matrix ? 1 : -1;
      if (i.attr[k] < least || i.attr[k] > most) bad(fmt::format("`{}` of `{}` is {}", a.name, op.name(), i.attr[k]));
    }
  }

  /// `set`s that claim to write a whole register together must do so.
  void check_joined(const std::vector<BoundInstruction>& code) const {
    for (std::size_t k = 0; k < code.size(); ++k) {
      if (code[k].op != OpId::set || code[k].value == 0) continue;
      std::int64_t missing = reg(code[k].out).size();
      for (std::size_t n = k; n < code.size() && code[n].op == OpId::set && code[n].out == code[k].out; ++n) {
        if (n > k && code[n].value != 0) break;
        missing -= code[n].attr[2] * code[n].attr[3];
        if (missing <= 0) break;
      }
      if (missing > 0) bad(fmt::format("`{}` is joined from too few parts", reg(code[k].out).name));
    }
  }
};

}  // namespace

void verify(const BoundProgram& program) { Verifier(program).run(); }

}  // namespace mlz::vm
