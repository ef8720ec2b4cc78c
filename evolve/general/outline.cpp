#include "evolve/general/outline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lang/text/lowering.hpp"

namespace mlz::evolve {
namespace {

bool partial(const CoreLine& line) { return line.op == OpId::set || line.op == OpId::set_fraction; }

bool handed_in(Role role) { return role != Role::none && role != Role::y; }

}  // namespace

Outline::Outline(CoreProgram& program) : program_(program) {
  add_declared();
  for (std::size_t f = 0; f < 3; ++f) {
    Block block;
    block.function = f;
    block.held = program.hold[f];
    add_block(program.functions[f], std::move(block));
  }
  add_handed_in();
}

void Outline::add_declared() {
  for (const Declaration& d : program_.declarations) {
    taken_.insert(d.name);
    for (const FamilyIndex& index : d.family) taken_.insert(index.variable);
    if (d.kind == Declaration::Kind::param || d.kind == Declaration::Kind::state) add_register(d.name);
  }
}

/// Makes a register known under its name; the first call decides its position among the sources.
void Outline::add_register(const std::string& name) {
  const auto [found, is_new] = registers_.try_emplace(name);
  const RegisterInfo* info = is_new ? program_.find(name) : nullptr;
  if (info == nullptr) return;
  taken_.insert(name);
  found->second.info = info;
  found->second.always = always_readable(*info);
  if (!info->family.empty()) return;
  sources_.push_back({{name, {}}, info->shape, writable(*info)});
  found->second.source = &sources_.back();
  names_.push_back(name);
}

bool Outline::always_readable(const RegisterInfo& info) const {
  if (info.is_state || info.is_param) return true;
  return info.name != "target" && (handed_in(info.role) || text::numbered_kind(info.name) != 0);
}

bool Outline::writable(const RegisterInfo& info) const { return !info.is_param && !handed_in(info.role); }

void Outline::add_block(std::vector<CoreLine>& lines, Block made) {
  const std::size_t id = blocks_.size();
  made.lines = &lines;
  blocks_.push_back(made);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CoreLine& line = lines[i];
    blocks_[id].order.push_back(places_.size());
    if (line.kind == CoreLine::Kind::instruction) {
      places_.push_back({id, i, places_.size(), made.held || line.hold});
      add_instruction(line, id, places_.size() - 1);
      continue;
    }
    if (line.kind == CoreLine::Kind::hole) continue;
    Block inner;
    inner.function = made.function;
    inner.parent = static_cast<int>(id);
    inner.held = made.held || line.hold;
    inner.loops = made.loops;
    if (line.kind == CoreLine::Kind::loop) {
      inner.loops.push_back(line.variable);
      taken_.insert(line.variable);
    }
    add_block(line.body, inner);
    if (line.kind == CoreLine::Kind::branch) add_block(line.otherwise, std::move(inner));
  }
  blocks_[id].order.push_back(places_.size());
}

void Outline::add_instruction(const CoreLine& line, std::size_t block, std::size_t order) {
  for (const Operand& operand : line.in) {
    if (operand.kind == Operand::Kind::reg) mention(operand.reg, block);
  }
  if (line.op == OpId::noop) return;
  mention(line.out, block);
  if (partial(line) || !line.out.member.empty()) return;
  std::size_t& first = registers_.at(line.out.name).first;
  first = std::min(first, order);
}

void Outline::mention(const RegisterRef& ref, std::size_t block) {
  add_register(ref.name);
  if (ref.member.empty()) return;
  const RegisterInfo* info = registers_.at(ref.name).info;
  const auto [known, is_new] = members_.try_emplace(ref.print());
  if (is_new && info != nullptr) {
    std::map<std::string, StaticExpr> names;
    for (std::size_t i = 0; i < ref.member.size(); ++i) names[info->family[i].variable] = ref.member[i];
    sources_.push_back({ref, text::substitute(info->shape, names, program_.sizes), writable(*info)});
    known->second = &sources_.back();
  }
  auto& members = blocks_[block].members;
  if (known->second && std::find(members.begin(), members.end(), known->second) == members.end()) {
    members.push_back(known->second);
  }
}

/// What the task hands in and takes out can be used whether or not the program does so already.
void Outline::add_handed_in() {
  const bool batched = taken_.count("batch") != 0;
  const auto offer = [&](const char* name, const Shape& shape, bool is_writable = false) {
    if (registers_.count(name) != 0 || taken_.count(name) != 0) return;
    sources_.push_back({{name, {}}, shape, is_writable});
    registers_[name] = {nullptr, std::string(name) != "target", kNever, &sources_.back()};
    names_.emplace_back(name);
  };
  const Dim features = *Dim::of(StaticExpr::name("features"), program_.sizes);
  const Dim batch = *Dim::of(StaticExpr::name("batch"), program_.sizes);
  if (batched)
    offer("x", Shape::matrix(batch, features));
  else
    offer("v0", Shape::vector(features));
  const RegisterInfo* y = program_.find("y");
  if (y != nullptr && y->shape.kind != Kind::scalar)
    offer("target", y->shape);
  else if (!batched)
    offer("s0", Shape::scalar());
  if (y == nullptr && !batched) offer("s1", Shape::scalar(), true);
}

bool Outline::readable(const RegisterRef& ref, std::size_t block, std::size_t order) const {
  const auto found = registers_.find(ref.name);
  if (found == registers_.end()) return false;
  const Register& r = found->second;
  if (!ref.member.empty() || r.always) return true;
  if (r.info != nullptr) {
    for (const std::string& turn : r.info->per_iteration) {
      const auto& loops = blocks_[block].loops;
      if (std::find(loops.begin(), loops.end(), turn) == loops.end()) return false;
    }
  }
  if (ref.name != "target") return r.first < order;
  const auto y = registers_.find("y");  // gives the label its shape
  return y != registers_.end() && (y->second.always || y->second.first < order);
}

std::vector<const Source*> Outline::sources(std::size_t block, std::size_t order) const {
  std::vector<const Source*> out;
  for (const std::string& name : names_) {
    const Source* source = registers_.at(name).source;
    if (source != nullptr && readable(source->ref, block, order)) out.push_back(source);
  }
  for (int b = static_cast<int>(block); b >= 0; b = blocks_[static_cast<std::size_t>(b)].parent) {
    for (const Source* member : blocks_[static_cast<std::size_t>(b)].members) {
      if (std::find(out.begin(), out.end(), member) == out.end()) out.push_back(member);
    }
  }
  return out;
}

const Shape* Outline::shape(const RegisterRef& ref) const {
  if (!ref.member.empty()) {
    const auto found = members_.find(ref.print());
    return found == members_.end() ? nullptr : &found->second->shape;
  }
  const auto found = registers_.find(ref.name);
  return found == registers_.end() || found->second.source == nullptr ? nullptr : &found->second.source->shape;
}

bool Outline::assigned(const std::string& name) const {
  const auto found = registers_.find(name);
  return found != registers_.end() && found->second.first != kNever;
}

std::string Outline::fresh_name() const {
  for (int i = 1;; ++i) {
    std::string name = fmt::format("t{}", i);
    if (taken_.count(name) == 0 && program_.find(name) == nullptr) return name;
  }
}

}  // namespace mlz::evolve
