#include "vm/adjoint/adjoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "vm/adjoint/own_products.hpp"
#include "vm/adjoint/prune.hpp"
#include "vm/adjoint/sweep.hpp"

namespace mlz::vm {
namespace {

using namespace adjoint;

class Builder {
 public:
  Builder(const BoundProgram& original, const AdjointOptions& options)
      : original_(original),
        options_(options),
        bodies_(original),
        changed_(changed_by_steps(original)),
        count_(static_cast<RegisterId>(original.registers.size())) {}

  Adjoint build() {
    mark_activity(original_, bodies_, options_.inputs, options_.initial_state);
    check_reached();
    start_program();
    make_outputs();
    if (options_.keep_products) find_kept();
    write_step();
    write_setup();
    finish();
    return std::move(out_);
  }

 private:
  const BoundProgram& original_;
  const AdjointOptions& options_;
  LifetimeBodies bodies_;
  std::vector<char> changed_;
  RegisterId count_;  // of the original's registers
  Adjoint out_;
  std::vector<int> kept_;                    // versions of the step
  std::vector<RegisterId> param_gradient_;  // by register of the original: of params that reach the loss

  BoundProgram& program() { return out_.program; }
  std::vector<BoundInstruction>& code(Function f) { return program().code[static_cast<std::size_t>(f)]; }
  RegisterId x() const { return original_.with_role(Role::x); }
  RegisterId target() const { return original_.with_role(Role::target); }
  bool active(const Body& body, int v) const {
    return v != kNoVersion && body.versions[static_cast<std::size_t>(v)].active();
  }

  void check_reached() const;
  void start_program();
  RegisterId output(RegisterId of);
  void make_outputs();
  void place_entries(Body& body, Sweep& sweep, Emitter& emitter, bool in_step);
  void write_step();
  void find_kept();
  void write_ends(Sweep& sweep, Emitter& emitter);
  void write_setup();
  void finish();
  void prune(Function f, bool state_matters, std::vector<char>& needed);
};

/// Whether a param reaches the loss, in a step or by way of Setup.
void Builder::check_reached() const {
  for (const Body* body : {&bodies_.step, &bodies_.setup}) {
    for (const Version& v : body->versions) {
      const RegisterId born = body == &bodies_.setup ? born_as(original_, v.of) : v.of;
      const bool param = v.entry && original_.registers[born].birth == BoundRegister::Birth::param;
      if (param && v.active()) return;
    }
  }
  if (options_.inputs || options_.initial_state) return;
  throw InputError(
      original_.params.empty()
          ? "the program has no params to take a gradient of; declare some, as in `param rate : scalar = 0.1`"
          : "no param of the program reaches the loss by way of operations that pass gradients on, so its "
            "gradient is zero everywhere; `mlzrun --list-ops` says which operations do");
}

/// The registers and params of the original, without code.
void Builder::start_program() {
  program().registers = original_.registers;
  program().params = original_.params;
  program().lines = original_.lines;
  program().by_name = original_.by_name;
  program().batch = original_.batch;
  for (BoundRegister& r : program().registers) {
    r.observed = false;
    if (r.birth == BoundRegister::Birth::copy) r.birth = BoundRegister::Birth::zero;
  }
}

/// A register for the gradient of another that stays from function to function.
RegisterId Builder::output(RegisterId of) {
  BoundRegister made = original_.registers[of];
  made.name += "'";
  made.birth = BoundRegister::Birth::zero;
  made.observed = true;
  program().registers.push_back(made);
  const auto id = static_cast<RegisterId>(program().registers.size() - 1);
  program().by_name[made.name] = id;
  return id;
}

void Builder::make_outputs() {
  out_.y_adjoint = output(original_.with_role(Role::y));
  program().registers[out_.y_adjoint].input = true;
  std::vector<char> reached(count_, 0);
  param_gradient_.assign(count_, kNoRegister);
  for (const Body* body : {&bodies_.step, &bodies_.setup}) {
    for (const Version& v : body->versions) {
      if (v.entry && v.active()) reached[body == &bodies_.setup ? born_as(original_, v.of) : v.of] = 1;
    }
  }
  for (const BoundProgram::Param& p : original_.params) {
    out_.params.push_back(reached[p.id] != 0 ? output(p.id) : kNoRegister);
    param_gradient_[p.id] = out_.params.back();
  }
  for (const RegisterId r : bodies_.carried) {
    if (active(bodies_.step, bodies_.step.entry(r))) out_.carried.push_back({r, output(r)});
  }
  if (options_.inputs && x() != kNoRegister && active(bodies_.step, bodies_.step.entry(x())))
    out_.x_adjoint = output(x());
}

/// Says where each version that a body begins with is found, and where the gradients of params add up.
void Builder::place_entries(Body& body, Sweep& sweep, Emitter& emitter, bool in_step) {
  for (int v = 0; v < static_cast<int>(body.versions.size()); ++v) {
    const Version& version = body.versions[static_cast<std::size_t>(v)];
    if (!version.entry) continue;
    const RegisterId born = in_step ? version.of : born_as(original_, version.of);
    const bool read_only = never_written(original_, born);
    const bool zero = in_step ? v == bodies_.blank_target : !read_only;
    sweep.place(v, zero ? emitter.zeros(dims_of(original_.registers[born])) : born,
                in_step && !zero && !read_only && (changed_[born] != 0 || born == x() || born == target()));
    if (version.active() && param_gradient_[version.of] != kNoRegister)
      sweep.set_gradient(v, param_gradient_[version.of]);
  }
}

/// Finds results that are worth keeping and still in their register after the step.
void Builder::find_kept() {
  for (const Line& line : bodies_.step.lines) {
    const RegisterId out = line.instruction.out;
    const bool alone = bodies_.step.entry(out) == kNoVersion && bodies_.step.current(out) == line.out;
    if (alone && is_worth_keeping(original_, line.instruction)) kept_.push_back(line.out);
  }
}

void Builder::write_step() {
  Emitter emitter(program(), Function::learn);
  Sweep sweep(original_, bodies_.step, emitter, options_.max_instructions);
  place_entries(bodies_.step, sweep, emitter, true);
  for (const int v : kept_) sweep.place(v, bodies_.step.versions[static_cast<std::size_t>(v)].of, false);
  sweep.recompute();
  for (const Adjoint::Pair& pair : out_.carried) sweep.set_gradient(bodies_.step.current(pair.of), pair.adjoint);
  sweep.reverse(bodies_.learn_begins, bodies_.step.lines.size());
  if (active(bodies_.step, bodies_.y)) sweep.add(bodies_.y, Value(emitter, out_.y_adjoint), false);
  sweep.reverse(0, bodies_.learn_begins);
  write_ends(sweep, emitter);
}

/// Leaves the gradients of what the step began with where the step before it looks for them.
void Builder::write_ends(Sweep& sweep, Emitter& emitter) {
  std::vector<Adjoint::Pair> ends;  // gradient, and the register it goes to
  std::vector<char> is_end(program().registers.size(), 0);
  for (const Adjoint::Pair& pair : out_.carried) is_end[pair.adjoint] = 1;
  const auto end_in = [&](RegisterId of, RegisterId to) {
    RegisterId from = sweep.gradient(bodies_.step.entry(of));
    if (from == to) return;
    const Dims dims = dims_of(original_.registers[of]);
    if (from == kNoRegister) from = emitter.zeros(dims);
    // Another end may be written before this one is read.
    if (is_end[from] != 0) from = emitter.op(OpId::copy, {from});
    is_end.resize(program().registers.size(), 0);
    ends.push_back({from, to});
  };
  for (const Adjoint::Pair& pair : out_.carried) end_in(pair.of, pair.adjoint);
  if (out_.x_adjoint != kNoRegister) end_in(x(), out_.x_adjoint);
  for (const Adjoint::Pair& end : ends) emitter.write(end.adjoint, OpId::copy, {end.of});
}

void Builder::write_setup() {
  Emitter emitter(program(), Function::setup);
  Body& body = bodies_.setup;
  Sweep sweep(original_, body, emitter, options_.max_instructions);
  place_entries(body, sweep, emitter, false);
  sweep.recompute();
  for (const Adjoint::Pair& pair : out_.carried) {
    const int end = body.current(pair.of);
    if (active(body, end)) sweep.add(end, Value(emitter, pair.adjoint), true);
  }
  sweep.reverse(0, body.lines.size());
  for (int v = 0; v < static_cast<int>(body.versions.size()); ++v) {
    const Version& version = body.versions[static_cast<std::size_t>(v)];
    if (!version.entry || born_as(original_, version.of) == version.of || sweep.gradient(v) == kNoRegister) continue;
    const RegisterId sum = param_gradient_[born_as(original_, version.of)];
    emitter.write(sum, OpId::add, {sum, sweep.gradient(v)});
  }
}

/// Keeps what leads to the gradients. `needed` becomes what the function reads of registers as they were before it.
void Builder::prune(Function f, bool state_matters, std::vector<char>& needed) {
  needed.assign(program().registers.size(), 0);
  for (const RegisterId p : out_.params) {
    if (p != kNoRegister) needed[p] = 1;
  }
  for (const Adjoint::Pair& pair : out_.carried) needed[pair.adjoint] = state_matters;
  if (out_.x_adjoint != kNoRegister) needed[out_.x_adjoint] = 1;
  drop_unread(code(f), needed);
}

void Builder::finish() {
  std::vector<char> needed;
  prune(Function::setup, false, needed);
  prune(Function::learn, true, needed);
  if (options_.late_products) out_.late = take_late_products(program(), out_.params);
  const auto use = [&](RegisterId r, RegisterId& place) {
    if (r == kNoRegister || needed[r] == 0) return;
    place = r;
    program().registers[r].input = true;
  };
  use(x(), out_.x);
  use(target(), out_.target);
  for (const RegisterId r : bodies_.carried) {
    if (needed[r] == 0) continue;
    (changed_[r] != 0 ? out_.state : out_.fixed).push_back(r);
    program().registers[r].input = changed_[r] != 0;
  }
  for (const int v : kept_) {
    const RegisterId r = bodies_.step.versions[static_cast<std::size_t>(v)].of;
    if (needed[r] == 0) continue;
    out_.kept.push_back(r);
    program().registers[r].input = true;
  }
  std::vector<RegisterId*> outputs{&out_.y_adjoint, &out_.x_adjoint};
  for (RegisterId& p : out_.params) outputs.push_back(&p);
  for (Adjoint::Pair& pair : out_.carried) outputs.push_back(&pair.adjoint);
  for (Adjoint::Late& late : out_.late) outputs.insert(outputs.end(), {&late.sum, &late.column, &late.row});
  std::erase_if(outputs, [](const RegisterId* r) { return *r == kNoRegister; });
  std::vector<RegisterId> keep;
  for (const RegisterId* r : outputs) keep.push_back(*r);
  drop_unused_registers(program(), count_, keep, [&](const std::vector<RegisterId>& number) {
    for (RegisterId* r : outputs) *r = number[*r];
    for (auto& [name, id] : program().by_name) id = number[id];
  });
  for (const BoundRegister& r : program().registers) {
    program().bytes_f64 += r.size() * static_cast<std::int64_t>(sizeof(double));
  }
  if (program().bytes_f64 > options_.max_bytes) {
    throw InputError(
        fmt::format("the gradient of the program needs registers of {} bytes, more than the allowed {}: every "
                    "value of one step has a register of its own; take smaller sizes or fewer turns of loops",
                    program().bytes_f64, options_.max_bytes));
  }
}

}  // namespace

Adjoint differentiate(const BoundProgram& program, const AdjointOptions& options) {
  if (program.with_role(Role::y) == kNoRegister)
    throw InputError("the program has no y, so no loss to take a gradient of");
  return Builder(program, options).build();
}

std::vector<RegisterId> replayed_registers(const BoundProgram& program) {
  if (program.with_role(Role::y) == kNoRegister) return {};
  return adjoint::LifetimeBodies(program).carried;
}

std::string print(const Adjoint& a) {
  const BoundProgram& p = a.program;
  std::vector<char> shown(p.registers.size(), 0);
  for (const auto& code : p.code) {
    for (const BoundInstruction& i : code) {
      shown[i.out] = 1;
      for (std::size_t k = 0; k < i.in_count; ++k) shown[i.in[k]] = 1;
    }
  }
  std::string out;
  for (RegisterId r = 0; r < shown.size(); ++r) {
    if (shown[r] != 0 && p.registers[r].birth != BoundRegister::Birth::constant) out += print_register(p, r);
  }
  out += "\n# one step back, from the last to the first; before it are written:\n#  ";
  const auto name = [&](RegisterId r) { out += r == kNoRegister ? "" : " " + p.registers[r].name; };
  for (const RegisterId r : a.state) name(r);
  for (const RegisterId r : a.kept) name(r);
  for (const RegisterId r : {a.x, a.target, a.y_adjoint}) name(r);
  out += "\n" + print_code(p, p.code[static_cast<std::size_t>(Function::learn)]);
  for (const Adjoint::Late& late : a.late) {
    out += fmt::format("  # added for many steps at once: {} += outer({}, {})\n", p.registers[late.sum].name,
                       p.registers[late.column].name, p.registers[late.row].name);
  }
  return out + "\n# at last, back through Setup and birth\n" +
         print_code(p, p.code[static_cast<std::size_t>(Function::setup)]);
}

}  // namespace mlz::vm
