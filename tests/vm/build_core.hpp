#pragma once
#include <string>
#include <utility>
#include <vector>

#include "lang/core/core_program.hpp"
#include "vm/bound_program.hpp"
#include "vm/machine.hpp"

/// Core programs written in C++, so that the tests of the VM need no parser.
namespace mlz::test {

inline StaticExpr num(double value) { return StaticExpr::number(value); }
inline StaticExpr name(std::string text) { return StaticExpr::name(std::move(text)); }
inline StaticExpr call(std::string f, std::vector<StaticExpr> args) {
  return StaticExpr::call(std::move(f), std::move(args));
}
inline Dim dim(const StaticExpr& expr) { return *Dim::of(expr, {}); }
inline Dim dim(const char* text) { return dim(name(text)); }

inline RegisterRef ref(std::string text, std::vector<StaticExpr> member = {}) {
  return {std::move(text), std::move(member)};
}
inline Operand reg(std::string text, std::vector<StaticExpr> member = {}) {
  return Operand::of(ref(std::move(text), std::move(member)));
}
inline Operand lit(double value) { return Operand::of(num(value)); }

inline Index all() { return {}; }
inline Index at(StaticExpr e) { return {Index::Kind::at, std::move(e), {}}; }
inline Index range(StaticExpr lo, StaticExpr hi) {
  return {Index::Kind::range, std::move(lo), std::move(hi)};
}
inline Index fraction(double f) { return {Index::Kind::fraction, num(f), {}}; }

inline CoreLine line(RegisterRef out, OpId op, std::vector<Operand> in = {},
                     std::vector<std::vector<StaticExpr>> attributes = {},
                     std::vector<Index> index = {}) {
  CoreLine made;
  made.op = op;
  made.out = std::move(out);
  made.in = std::move(in);
  made.attributes = std::move(attributes);
  made.index = std::move(index);
  return made;
}
inline CoreLine line(const char* out, OpId op, std::vector<Operand> in = {},
                     std::vector<std::vector<StaticExpr>> attributes = {},
                     std::vector<Index> index = {}) {
  return line(ref(out), op, std::move(in), std::move(attributes), std::move(index));
}
inline CoreLine loop(std::string variable, StaticExpr first, StaticExpr last,
                     std::vector<CoreLine> body, StaticExpr step = {}) {
  CoreLine made;
  made.kind = CoreLine::Kind::loop;
  made.variable = std::move(variable);
  made.first = std::move(first);
  made.last = std::move(last);
  made.step = std::move(step);
  made.body = std::move(body);
  return made;
}
inline CoreLine branch(StaticExpr condition, std::vector<CoreLine> body,
                       std::vector<CoreLine> otherwise = {}) {
  CoreLine made;
  made.kind = CoreLine::Kind::branch;
  made.condition = std::move(condition);
  made.body = std::move(body);
  made.otherwise = std::move(otherwise);
  return made;
}

/// A program under construction.
struct Build {
  CoreProgram program;
  std::shared_ptr<SourceFile> file =
      std::make_shared<SourceFile>(SourceFile{"test.mlz", "line one\nline two\n"});

  RegisterInfo& add(const char* text, Shape shape, Role role = Role::none) {
    RegisterInfo info;
    info.name = text;
    info.shape = std::move(shape);
    info.role = role;
    program.registers.push_back(std::move(info));
    return program.registers.back();
  }
  Declaration& declare(Declaration::Kind kind, const char* text) {
    Declaration d;
    d.kind = kind;
    d.name = text;
    d.where = {file, 1, 1};
    program.declarations.push_back(std::move(d));
    return program.declarations.back();
  }
  Declaration& size(const char* text, StaticExpr value) {
    Declaration& d = declare(Declaration::Kind::size, text);
    d.value = std::move(value);
    return d;
  }
  Declaration& constant(const char* text, StaticExpr value) {
    Declaration& d = declare(Declaration::Kind::constant, text);
    d.value = std::move(value);
    return d;
  }
  /// A state or param, with its register.
  Declaration& memory(Declaration::Kind kind, const char* text, Shape shape,
                      std::vector<FamilyIndex> family = {}) {
    RegisterInfo& info = add(text, shape);
    info.family = family;
    info.is_state = kind == Declaration::Kind::state;
    info.is_param = kind == Declaration::Kind::param;
    Declaration& d = declare(kind, text);
    d.shape = std::move(shape);
    d.family = std::move(family);
    return d;
  }
  std::vector<CoreLine>& setup() { return program.functions[0]; }
  std::vector<CoreLine>& predict() { return program.functions[1]; }
  std::vector<CoreLine>& learn() { return program.functions[2]; }

  /// The bound program, which must be without errors.
  vm::BoundProgram bind(const vm::BindOptions& options) const;
  /// The text of the errors of binding.
  std::string errors(const vm::BindOptions& options) const {
    Diagnostics diagnostics;
    vm::bind(program, options, diagnostics);
    return diagnostics.text();
  }
};

inline vm::BindOptions sizes(std::map<std::string, std::int64_t> values,
                             vm::Observe observe = vm::Observe::all) {
  vm::BindOptions options;
  options.sizes = std::move(values);
  options.observe = observe;
  return options;
}

inline vm::BoundProgram Build::bind(const vm::BindOptions& options) const {
  Diagnostics diagnostics;
  vm::BoundProgram bound = vm::bind(program, options, diagnostics);
  if (!diagnostics.ok()) throw InputError(diagnostics.text());
  return bound;
}

inline std::vector<double> read(const vm::Machine& machine, const std::string& text, int lane = 0) {
  const vm::RegisterId id = machine.program().by_name.at(text);
  std::vector<double> out(static_cast<std::size_t>(machine.program().registers[id].size()));
  machine.read(id, lane, std::span<double>(out));
  return out;
}
inline void write(vm::Machine& machine, const std::string& text, const std::vector<double>& values,
                  int lane = 0) {
  machine.write(machine.program().by_name.at(text), lane, std::span<const double>(values));
}

using Numbers = std::vector<double>;

}  // namespace mlz::test
