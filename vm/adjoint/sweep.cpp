#include "vm/adjoint/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "vm/adjoint/rules.hpp"

namespace mlz::vm::adjoint {
namespace {

/// Windows that are told apart; with more, the next one counts as overlapping.
constexpr std::size_t kMostWindows = 64;

bool disjoint(const Emitter::Attributes& a, const Emitter::Attributes& b) {
  const bool rows_apart = a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0];
  const bool cols_apart = a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1];
  return rows_apart || cols_apart;
}

}  // namespace

Sweep::Sweep(const BoundProgram& original, Body& body, Emitter& emitter, std::int64_t max_instructions)
    : original_(original),
      body_(body),
      emitter_(emitter),
      max_instructions_(max_instructions),
      at_(body.versions.size(), kNoRegister),
      writable_(body.versions.size(), 0),
      gradients_(body.versions.size()) {}

std::string Sweep::name(int v) const {
  const Version& made = version(v);
  const std::string& of = original_.registers[made.of].name;
  return made.number == 0 ? of : fmt::format("{}.{}", of, made.number);
}

void Sweep::place(int version, RegisterId at, bool writable) {
  at_[static_cast<std::size_t>(version)] = at;
  writable_[static_cast<std::size_t>(version)] = writable;
}

void Sweep::check_size() const {
  std::size_t all = 0;
  for (const auto& code : emitter_.program().code) all += code.size();
  if (static_cast<std::int64_t>(all) <= max_instructions_) return;
  throw InputError(
      fmt::format("the gradient of the program takes more than {} instructions; take smaller sizes or fewer "
                  "turns of loops",
                  max_instructions_));
}

void Sweep::recompute() {
  for (const Line& line : body_.lines) {
    recompute(line);
    check_size();
  }
}

/// A `set` changes the register that is there when no one else needs what it held.
void Sweep::recompute(const Line& line) {
  if (at_[static_cast<std::size_t>(line.out)] != kNoRegister) return;
  BoundInstruction i = line.instruction;
  const auto old = static_cast<std::size_t>(line.old);
  emitter_.set_line(i.line);
  for (std::size_t k = 0; k < i.in_count; ++k) i.in[k] = at_[static_cast<std::size_t>(line.in[k])];
  const bool in_place = line.old != kNoVersion && version(line.old).readers == 0 && writable_[old] != 0;
  i.out = in_place ? at_[old] : emitter_.add_register(name(line.out), dims(line.out));
  place(line.out, i.out, true);
  if (line.old != kNoVersion && !in_place) emitter_.write(i.out, OpId::copy, {at_[old]});
  emitter_.append(i);
}

void Sweep::set_gradient(int version, RegisterId at) { gradients_[static_cast<std::size_t>(version)] = {at, true, {}}; }

/// Gives a register that was made for the line at hand the name of the gradient that it holds; `W.0'` where `W'` is
/// carried from step to step.
RegisterId Sweep::made(RegisterId id, int v) {
  BoundRegister& reg = emitter_.program().registers[id];
  if (!reg.name.starts_with("t.")) return id;
  reg.name = name(v) + "'";
  if (emitter_.program().by_name.contains(reg.name)) {
    reg.name = fmt::format("{}.{}'", original_.registers[version(v).of].name, version(v).number);
  }
  return id;
}

void Sweep::add(int to, const Value& c, bool owned) {
  Gradient& g = gradients_[static_cast<std::size_t>(to)];
  if (g.at == kNoRegister) {
    g = {c.id(), owned, {}};
    if (owned) made(c.id(), to);
  } else if (g.owned) {
    emitter_.write(g.at, OpId::add, {g.at, c.id()});
    g.written.clear();
  } else {
    g = {made(emitter_.op(OpId::add, {g.at, c.id()}), to), true, {}};
  }
}

void Sweep::add_window(int to, RegisterId c, const Window& window) {
  Gradient& g = gradients_[static_cast<std::size_t>(to)];
  if (g.at == kNoRegister) {
    g = {made(emitter_.op(OpId::fill, {emitter_.constant(0)}, {}, dims(to)), to), true, {window}};
    return emitter_.write(g.at, OpId::set, {c}, window);
  }
  if (!g.owned) g = {made(emitter_.op(OpId::copy, {g.at}), to), true, {}};
  const bool beside = !g.written.empty() && g.written.size() < kMostWindows &&
                      std::ranges::all_of(g.written, [&](const Window& w) { return disjoint(w, window); });
  if (beside) {
    g.written.push_back(window);
    return emitter_.write(g.at, OpId::set, {c}, window);
  }
  const RegisterId there = emitter_.op(OpId::get, {g.at}, window, emitter_.dims(c));
  emitter_.write(g.at, OpId::set, {emitter_.op(OpId::add, {there, c})}, window);
  g.written.clear();
}

/// What a `set` leaves as it was has the gradient of the result but for the window.
void Sweep::keep_rest(const Line& line) {
  Gradient g = gradients_[static_cast<std::size_t>(line.out)];
  if (!g.owned) g.at = emitter_.op(OpId::copy, {g.at});
  emitter_.write(g.at, OpId::set, {emitter_.constant(0)}, line.instruction.attr);
  add(line.old, Value(emitter_, g.at), true);
}

void Sweep::contribute(int to, const Value& c, const Line& line, int uses) {
  switch (c.kind()) {
    case Value::Kind::zero: return;
    case Value::Kind::placed: return add_window(to, c.id(), line.instruction.attr);
    case Value::Kind::left: return keep_rest(line);
    case Value::Kind::computed: break;
    default: throw std::logic_error("gradient code: no gradient for " + op_info(line.instruction.op).name());
  }
  const Value whole = fitted(c, dims(to));
  const Gradient& result = gradients_[static_cast<std::size_t>(line.out)];
  const bool handed_on = whole.id() == result.at && result.owned && uses == 1;
  add(to, whole, handed_on || whole.id() >= first_fresh_);
}

void Sweep::reverse(const Line& line) {
  const RegisterId g = gradient(line.out);
  if (!active(line.out) || g == kNoRegister) return;
  BoundInstruction i = line.instruction;
  emitter_.set_line(i.line);
  for (std::size_t k = 0; k < i.in_count; ++k) i.in[k] = at_[static_cast<std::size_t>(line.in[k])];
  i.out = at_[static_cast<std::size_t>(line.out)];
  first_fresh_ = static_cast<RegisterId>(emitter_.program().registers.size());
  const std::vector<Value> all = Rule(emitter_, i, g).gradients();
  const std::array<int, 4> to{line.in[0], i.op == OpId::set ? line.old : line.in[1], line.in[2], kNoVersion};
  const auto uses =
      std::ranges::count_if(all, [&](const Value& v) { return v.kind() == Value::Kind::computed && v.id() == g; });
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (active(to[k])) contribute(to[k], all[k], line, static_cast<int>(uses));
  }
}

void Sweep::reverse(std::size_t first, std::size_t last) {
  for (std::size_t k = last; k-- > first;) {
    reverse(body_.lines[k]);
    check_size();
  }
}

}  // namespace mlz::vm::adjoint
