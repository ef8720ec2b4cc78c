#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "vm/binder.hpp"

namespace mlz::vm {
namespace {

/// An amount of memory for people: "159 bytes", "64 MiB", "4 GiB".
std::string memory_text(double bytes) {
  static constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.4g} {}", bytes, kUnits[unit]);
}

std::string member_suffix(const std::vector<std::int64_t>& member) {
  std::string out;
  for (std::int64_t m : member) out += fmt::format("[{}]", m);
  return out;
}

/// What a declaration says about a register that no line mentions.
RegisterInfo info_of(const Declaration& d) {
  RegisterInfo info;
  info.name = d.name;
  info.shape = d.shape;
  info.family = d.family;
  info.is_param = d.kind == Declaration::Kind::param;
  info.is_state = d.kind == Declaration::Kind::state;
  return info;
}

bool observes(const BindOptions& options, const std::string& name, const std::string& family) {
  if (options.observe == Observe::all) return true;
  if (options.observe == Observe::predictions) return false;
  for (const std::string& wanted : options.observed) {
    if (wanted == name || wanted == family) return true;
  }
  return false;
}

}  // namespace

void Binder::declare_registers() {
  for (const Declaration& d : program_.declarations) {
    if (d.kind != Declaration::Kind::param && d.kind != Declaration::Kind::state) continue;
    const auto found = infos_.find(d.name);
    const RegisterInfo info = found == infos_.end() ? info_of(d) : *found->second;
    std::vector<std::int64_t> member;
    declare_members(d, info, member);
  }
}

void Binder::declare_members(const Declaration& d, const RegisterInfo& info,
                             std::vector<std::int64_t>& member) {
  if (member.size() == info.family.size()) return give_birth(d, info, member);
  const FamilyIndex& index = info.family[member.size()];
  const auto count =
      scope_.whole(index.count, d.where, fmt::format("the number of members of `{}`", d.name));
  if (!count) return;
  if (*count < 0 || *count > static_cast<std::int64_t>(kMaxRegisters - out_.registers.size())) {
    stop_ = *count > 0;
    return scope_.fail(
        d.where, fmt::format("`{}` would have {} members; a program may have {} registers", d.name,
                             *count, kMaxRegisters));
  }
  BindScope::Variable variable(scope_, index.variable, {});
  for (std::int64_t i = 0; i < *count && !stop_; ++i) {
    variable.set(i);
    member.push_back(i);
    declare_members(d, info, member);
    member.pop_back();
    if (scope_.failed()) return;
  }
}

void Binder::give_birth(const Declaration& d, const RegisterInfo& info,
                        const std::vector<std::int64_t>& member) {
  const RegisterId id = member_of(info, member, d.where);
  if (id == kNoRegister) return;
  if (d.kind == Declaration::Kind::param) return add_param(d, id);
  if (d.starts_as.empty()) return;
  const auto found = ids_.find(d.starts_as + member_suffix(member));
  if (found == ids_.end() || found->second == kNoRegister) {
    return scope_.fail(d.where,
                       fmt::format("`{}` starts as `{}{}`, which is not a param declared above it",
                                   d.name, d.starts_as, member_suffix(member)));
  }
  const Dims mine = dims_of(out_.registers[id]), theirs = dims_of(out_.registers[found->second]);
  if (!(mine == theirs)) {
    return scope_.fail(
        d.where, fmt::format("`{}` is {} but starts as `{}`, which is {}", out_.registers[id].name,
                             mine.print(), d.starts_as, theirs.print()));
  }
  out_.registers[id].birth = BoundRegister::Birth::copy;
  out_.registers[id].copy_of = found->second;
}

void Binder::add_param(const Declaration& d, RegisterId id) {
  BoundProgram::Param param{id, d.draw, {}};
  const std::vector<StaticExpr> fixed =
      d.value ? std::vector<StaticExpr>{d.value} : std::vector<StaticExpr>{};
  for (const StaticExpr& arg : d.draw == OpId::noop && d.draw_args.empty() ? fixed : d.draw_args) {
    const auto value = scope_.number(arg, d.where, fmt::format("the first value of `{}`", d.name));
    if (!value) return;
    param.args.push_back(*value);
  }
  const bool draws = d.draw != OpId::noop;
  if (draws &&
      (!op_info(d.draw).has(kRandom) || param.args.size() != op_info(d.draw).operands.size())) {
    return scope_.fail(d.where,
                       fmt::format("the first value of `{}` cannot be drawn this way", d.name),
                       "write ~ normal(mean, deviation), uniform(low, high) or bernoulli(p)");
  }
  out_.registers[id].birth = BoundRegister::Birth::param;
  out_.params.push_back(std::move(param));
}

RegisterId Binder::register_of(const RegisterRef& ref, const Location& where) {
  const auto found = infos_.find(ref.name);
  if (found != infos_.end()) {
    const auto member = members(*found->second, ref, where);
    return member ? member_of(*found->second, *member, where) : kNoRegister;
  }
  scope_.fail(where, fmt::format("there is no register `{}`", ref.name));
  return kNoRegister;
}

std::optional<std::vector<std::int64_t>> Binder::members(const RegisterInfo& info,
                                                         const RegisterRef& ref,
                                                         const Location& where) {
  if (ref.member.size() != info.family.size()) {
    scope_.fail(where,
                fmt::format("`{}` takes {} family index{}, not {}", info.name, info.family.size(),
                            info.family.size() == 1 ? "" : "es", ref.member.size()));
    return {};
  }
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < ref.member.size(); ++i) {
    const auto count = scope_.whole(info.family[i].count, where,
                                    fmt::format("the number of members of `{}`", info.name));
    const auto index =
        scope_.whole(ref.member[i], where, fmt::format("the index of `{}`", info.name));
    if (!count || !index) return {};
    const std::int64_t at = *index < 0 ? *index + *count : *index;
    if (at < 0 || at >= *count) {
      scope_.fail(where, fmt::format("`{}` has {} members; there is no member {} (`{}`)", info.name,
                                     *count, *index, ref.member[i].print()));
      return {};
    }
    out.push_back(at);
  }
  return out;
}

std::optional<std::string> Binder::turn_suffix(const RegisterInfo& info, const Location& where) {
  std::string out;
  for (const std::string& variable : info.per_iteration) {
    const auto turn =
        scope_.whole(StaticExpr::name(variable), where, fmt::format("the turn of `{}`", info.name));
    if (!turn) return {};
    out += fmt::format("@{}", *turn);
  }
  return out;
}

RegisterId Binder::member_of(const RegisterInfo& info, const std::vector<std::int64_t>& member,
                             const Location& where) {
  const auto turn = turn_suffix(info, where);
  if (!turn) return kNoRegister;
  std::string name = info.name + member_suffix(member) + *turn;
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  const RegisterId id = make_register(info, member, name, where);
  ids_.emplace(std::move(name), id);
  return id;
}

RegisterId Binder::make_register(const RegisterInfo& info, const std::vector<std::int64_t>& member,
                                 std::string name, const Location& where) {
  std::vector<std::unique_ptr<BindScope::Variable>> variables;
  for (std::size_t i = 0; i < member.size(); ++i) {
    variables.push_back(
        std::make_unique<BindScope::Variable>(scope_, info.family[i].variable, member[i]));
  }
  BoundRegister made;
  made.kind = info.shape.kind;
  const auto size = [&](const Dim& dim) {
    return scope_.positive(dim.expr(), where,
                           fmt::format("a dimension of `{}` ({})", name, info.shape.print()));
  };
  if (made.kind != Kind::scalar) {
    const auto first = size(info.shape.dims[0]);
    const auto second = size(info.shape.dims[1]);
    if (!first || !second) return kNoRegister;
    made.rows = made.kind == Kind::matrix ? *first : 1;
    made.cols = made.kind == Kind::matrix ? *second : *first;
  }
  made.observed = observes(options_, name, info.name) || info.role == Role::y;
  made.name = std::move(name);
  const RegisterId id = add_register(std::move(made), where);
  if (id != kNoRegister) {
    out_.by_name.emplace(out_.registers[id].name, id);
    families_.emplace(id, info.name);
  }
  return id;
}

RegisterId Binder::add_register(BoundRegister made, const Location& where) {
  if (stop_) return kNoRegister;
  const double bytes =
      static_cast<double>(made.rows) * static_cast<double>(made.cols) * sizeof(double);
  if (static_cast<double>(out_.bytes_f64) + bytes > static_cast<double>(options_.max_bytes)) {
    stop_ = true;
    scope_.fail(
        where,
        fmt::format(
            "the registers need more than the allowed {}: `{}` is {} and takes {}",
            memory_text(static_cast<double>(options_.max_bytes)), made.name, dims_of(made).print(), memory_text(bytes)),
        "--max-memory of mlzrun and mlzevolve (in MiB) and BindOptions::max_bytes allow more");
    return kNoRegister;
  }
  if (out_.registers.size() >= kMaxRegisters) {
    stop_ = true;
    scope_.fail(where, fmt::format("the program needs more than {} registers", kMaxRegisters));
    return kNoRegister;
  }
  out_.bytes_f64 += made.size() * static_cast<std::int64_t>(sizeof(double));
  out_.registers.push_back(std::move(made));
  return static_cast<RegisterId>(out_.registers.size() - 1);
}

RegisterId Binder::constant_register(double value, const Location& where) {
  const auto [found, fresh] = constants_.emplace(std::bit_cast<std::uint64_t>(value), kNoRegister);
  if (!fresh) return found->second;
  BoundRegister made;
  made.name = print_number(value);
  made.birth = BoundRegister::Birth::constant;
  made.constant = value;
  return found->second = add_register(std::move(made), where);
}

void Binder::assign_roles() {
  for (const RegisterInfo& info : program_.registers) {
    if (info.role == Role::none) continue;
    // What only control tasks hand in is left out where no line that was taken uses it.
    const bool of_control = info.role >= Role::reward;
    if (of_control && !ids_.contains(info.name)) continue;
    if (!info.family.empty() || !info.per_iteration.empty()) {
      scope_.fail(
          {}, fmt::format("`{}` is handed in or out by the task, so it must be one plain register",
                          info.name));
      continue;
    }
    out_.role[static_cast<std::size_t>(info.role)] = member_of(info, {}, {});
  }
  for (const Declaration& d : program_.declarations) {
    if (d.kind != Declaration::Kind::size || d.name != "batch") continue;
    if (const auto batch = scope_.try_number(d.value))
      out_.batch = static_cast<std::int64_t>(*batch);
  }
}

void Binder::mark_observed() {
  if (options_.observe != Observe::named) return;
  std::vector<std::string> names;
  for (const auto& [id, family] : families_) names.push_back(family);
  for (const std::string& wanted : options_.observed) {
    const bool member = out_.by_name.count(wanted) != 0;
    if (member || std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    const std::string meant = closest(wanted, names);
    scope_.fail({}, fmt::format("there is no register `{}` to observe", wanted),
                meant.empty() ? "" : fmt::format("did you mean `{}`?", meant));
  }
}

}  // namespace mlz::vm
