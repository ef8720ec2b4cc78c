#include "lang/text/readable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "lang/text/compile.hpp"
#include "lang/text/lowering.hpp"
#include "lang/text/parser.hpp"
#include "lang/text/readable_uses.hpp"

namespace mlz::text {
namespace {

using Body = std::vector<Statement>;

Expr expression_of(const std::string& text) {
  Diagnostics none;
  return parse_expression(text, none).value();
}

/// Turns the core form into text for people, step by step on its syntax tree.
class Writer {
 public:
  Writer(const CoreProgram& core, const ReadableOptions& options) : options_(options) {
    Diagnostics diagnostics;
    auto compiled = compile(std::make_shared<SourceFile>(SourceFile{"<program>", print(core)}), {}, diagnostics);
    if (!compiled) throw InputError(diagnostics.text());
    program_ = std::move(compiled->ast);
    core_ = std::move(compiled->core);
    for (const RegisterInfo& info : core_.registers) registers_.insert(info.name);
    for (const RegisterInfo& info : core_.registers) taken_.insert(info.name);
    for (const auto& d : program_.declarations) taken_.insert(d.name);
    collect_variables(program_);
  }

  std::string write() {
    if (options_.names) make_consts();
    if (options_.fold) {
      for (FunctionDefinition& f : program_.functions) fold_block(f.body);
    }
    if (options_.names) name_registers();
    finish_functions();
    return print(program_);
  }

 private:
  ReadableOptions options_;
  Program program_;
  CoreProgram core_;
  std::set<std::string> registers_, taken_;

  void collect_variables(const Program& program) {
    const std::function<void(const Body&)> walk = [&](const Body& body) {
      for (const Statement& s : body) {
        taken_.insert(s.variable);
        walk(s.body);
        walk(s.otherwise);
      }
    };
    for (const FunctionDefinition& f : program.functions) walk(f.body);
    for (const auto& d : program.declarations) {
      for (const FamilyDimension& dimension : d.family) taken_.insert(dimension.variable);
    }
  }

  // --- numbers set once ---------------------------------------------------------------------------

  /// A scalar that Setup sets to a number, and nothing else writes, is a const.
  void make_consts() {
    FunctionDefinition* setup = function("Setup");
    if (setup == nullptr) return;
    for (std::size_t i = 0; i < setup->body.size();) {
      const Statement& s = setup->body[i];
      if (!is_const(s) || read_before(setup->body, i, s.targets[0].text)) {
        ++i;
        continue;
      }
      const std::string name = s.targets[0].text;
      const Expr value = s.value;
      setup->body.erase(setup->body.begin() + static_cast<std::ptrdiff_t>(i));
      registers_.erase(name);
      std::erase_if(program_.declarations, [&](const auto& d) { return d.name == name; });
      place_const(name, value);
    }
  }

  bool is_const(const Statement& s) {
    if (s.kind != Statement::Kind::assign || s.hold || s.targets[0].kind != Expr::Kind::name) return false;
    const std::string& name = s.targets[0].text;
    const RegisterInfo* info = core_.find(name);
    if (info == nullptr || info->role != Role::none || info->shape.kind != Kind::scalar ||
        reads_any(s.value, registers_))
      return false;
    int writes = 0;
    bool fits = true;
    for_each_statement(program_, [&](const Statement& other) {
      writes += writes_name(other, name);
      fits = fits && occurrences_stay_operands(other, name, registers_);
    });
    return writes == 1 && fits;
  }

  bool read_before(const Body& body, std::size_t end, const std::string& name) const {
    for (std::size_t k = 0; k < end; ++k) {
      if (mentions(body[k], name)) return true;
    }
    return false;
  }

  void place_const(const std::string& name, const Expr& value) {
    std::size_t uses = 0;
    for_each_statement(program_, [&](const Statement& s) { uses += count_reads_here(s, name); });
    if (uses == 1 && value.kind == Expr::Kind::number) {
      for_each_statement(program_, [&](Statement& s) { replace_reads(s, name, value); });
      return;
    }
    const std::string new_name = fresh("c");
    for_each_statement(program_, [&](Statement& s) { rename(s, name, new_name); });
    Declaration d;
    d.kind = Declaration::Kind::constant;
    d.name = new_name;
    d.value = value;
    program_.declarations.push_back(d);
  }

  // --- folding ------------------------------------------------------------------------------------

  void fold_block(Body& body) {
    for (std::size_t i = 0; i < body.size();) {
      fold_block(body[i].body);
      fold_block(body[i].otherwise);
      if (!fold_at(body, i)) ++i;
    }
  }

  /// Puts the value of line i into the one line that uses it.
  bool fold_at(Body& body, std::size_t i) {
    const Statement& s = body[i];
    if (s.kind != Statement::Kind::assign || s.hold || s.targets[0].kind != Expr::Kind::name) return false;
    const std::string& name = s.targets[0].text;
    if (draws(s.value) || core_.find(name) == nullptr) return false;
    const bool seen_here_alone = overwritten(body, i, name) || (count_reads(s.value, name) == 0 && is_local(name));
    if (!seen_here_alone) return false;
    const std::size_t user = only_user(body, i, name);
    if (user == body.size() || body[user].hold || body[user].kind != Statement::Kind::assign) return false;
    if (changed_between(body, i, user)) return false;
    if (!reads_any(s.value, registers_) && !occurrences_stay_operands(body[user], name, registers_)) return false;
    Statement changed = body[user];
    replace_reads(changed, name, s.value);
    if (print(changed.value).size() > options_.width) return false;
    body[user] = std::move(changed);
    body.erase(body.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }

  /// The line between this and the next assignment that reads the name, once; the end when there is none or more.
  static std::size_t only_user(const Body& body, std::size_t i, const std::string& name) {
    std::size_t user = body.size(), uses = 0;
    for (std::size_t k = i + 1; k < body.size(); ++k) {
      const std::size_t here = count_reads_here(body[k], name);
      if (here > 0) user = k;
      uses += here;
      if (writes_name(body[k], name)) break;
    }
    return uses == 1 ? user : body.size();
  }

  /// Whether a later line of the same list gives the register another value, and none in between lies deeper.
  static bool overwritten(const Body& body, std::size_t i, const std::string& name) {
    for (std::size_t k = i + 1; k < body.size(); ++k) {
      if (body[k].kind != Statement::Kind::assign) {
        if (mentions(body[k], name)) return false;
      } else if (writes_name(body[k], name)) {
        return body[k].targets.size() == 1 && body[k].targets[0].kind == Expr::Kind::name;
      }
    }
    return false;
  }

  bool changed_between(const Body& body, std::size_t i, std::size_t user) const {
    for (std::size_t k = i + 1; k < user; ++k) {
      bool changes = false;
      for_each_statement(body[k], [&](const Statement& s) {
        for (const std::string& name : registers_)
          changes |= writes_name(s, name) && count_reads(body[i].value, name) > 0;
      });
      if (changes) return true;
    }
    return false;
  }

  /// Whether each list of lines that mentions a register gives it a value before it reads it, so that no value goes
  /// from one to another.
  bool is_local(const std::string& name) const {
    const RegisterInfo* info = core_.find(name);
    if (info == nullptr || info->role != Role::none || info->is_state || info->is_param) return false;
    return std::all_of(program_.functions.begin(), program_.functions.end(),
                       [&](const FunctionDefinition& f) { return is_local(f.body, name); });
  }
  static bool is_local(const Body& body, const std::string& name) {
    bool here = false, inside = false;
    for (const Statement& s : body) {
      const bool direct = writes_name(s, name) || count_reads_here(s, name) > 0;
      if (direct && !here && (count_reads_here(s, name) > 0 || s.targets[0].kind != Expr::Kind::name)) return false;
      here |= direct;
      inside |= mentions(s, name) && !direct;
      if (!is_local(s.body, name) || !is_local(s.otherwise, name)) return false;
    }
    return !(here && inside);
  }

  // --- names --------------------------------------------------------------------------------------

  void name_registers() {
    name_handed_in();
    std::map<std::string, std::vector<std::string>> stems;  // in order of their first appearance
    for (const RegisterInfo& info : core_.registers) {
      if (!nameless(info)) continue;
      static constexpr const char* kKept[] = {"k", "w", "W"};
      static constexpr const char* kShort[] = {"a", "h", "A"};
      const auto kind = static_cast<std::size_t>(info.shape.kind);
      stems[assigned_first(info.name) ? kShort[kind] : kKept[kind]].push_back(info.name);
    }
    for (const auto& [stem, names] : stems) {
      for (const std::string& name : names) give_name(name, names.size() == 1 ? stem : stem + "1");
    }
  }

  /// A numbered register without a part to play; one whose entries are set by fraction has to keep its number.
  bool nameless(const RegisterInfo& info) {
    const bool numbered = numbered_kind(info.name) != 0 && info.role == Role::none && !info.is_state && !info.is_param;
    if (!numbered || registers_.count(info.name) == 0) return false;
    bool used = false, by_entry = false;
    for_each_statement(program_, [&](const Statement& s) {
      used |= writes_name(s, info.name) || count_reads_here(s, info.name) > 0;
      by_entry |= writes_name(s, info.name) && s.targets[0].kind == Expr::Kind::index;
    });
    return used && !by_entry;
  }

  void give_name(const std::string& old, const std::string& wanted) {
    const RegisterInfo& info = *core_.find(old);
    const bool kept = !assigned_first(old);
    const std::string name = wanted.size() == 1 && taken_.insert(wanted).second ? wanted : fresh(wanted.substr(0, 1));
    for_each_statement(program_, [&](Statement& s) { rename(s, old, name); });
    if (kept) declare_state(name, info.shape);
  }

  void declare_state(const std::string& name, const Shape& shape) {
    Declaration d;
    d.kind = Declaration::Kind::state;
    d.name = name;
    d.type = kind_name(shape.kind);
    for (std::size_t i = 0; i < static_cast<std::size_t>(shape.kind); ++i)
      d.dimensions.push_back(expression_of(shape.dims[i].print()));
    program_.declarations.push_back(d);
  }

  /// x, y and target by these names where the language allows it.
  void name_handed_in() {
    const std::size_t first_y = first_mention("s1"), first_target = first_mention("s0");
    const auto has_role = [&](const char* name, Role role) {
      const RegisterInfo* info = core_.find(name);
      return info != nullptr && info->role == role;
    };
    const auto free = [&](const char* name) { return taken_.count(name) == 0; };
    const auto take = [&](const char* old, const char* name) {
      for_each_statement(program_, [&](Statement& s) { rename(s, old, name); });
      taken_.insert(name);
    };
    if (has_role("v0", Role::x) && !written("v0") && free("x")) take("v0", "x");
    const bool y = has_role("s1", Role::y) && assigned_first("s1") && free("y");
    if (y && has_role("s0", Role::target) && !written("s0") && first_target > first_y && free("target"))
      take("s0", "target");
    if (y) take("s1", "y");
  }

  bool written(const std::string& name) {
    bool found = false;
    for_each_statement(program_, [&](const Statement& s) { found |= writes_name(s, name); });
    return found;
  }

  /// The number of the first line that mentions a name.
  std::size_t first_mention(const std::string& name) {
    std::size_t line = 0, first = static_cast<std::size_t>(-1);
    for_each_statement(program_, [&](const Statement& s) {
      if (first == static_cast<std::size_t>(-1) && (writes_name(s, name) || count_reads_here(s, name) > 0))
        first = line;
      ++line;
    });
    return first;
  }

  /// Whether the text gives a register a value before it reads it.
  bool assigned_first(const std::string& name) {
    bool found = false, assigned = false;
    for_each_statement(program_, [&](const Statement& s) {
      const bool reads = count_reads_here(s, name) > 0, writes = writes_name(s, name);
      if (!found && (reads || writes)) assigned = writes && !reads && s.targets[0].kind == Expr::Kind::name;
      found |= reads || writes;
    });
    return assigned;
  }

  /// Empty ones go, the others list what the task hands in.
  void finish_functions() {
    std::erase_if(program_.functions, [](const FunctionDefinition& f) { return f.body.empty() && !f.hold; });
    for (FunctionDefinition& f : program_.functions) {
      if (f.name != "Predict" && f.name != "Learn") continue;
      f.parameters.clear();
      for (const char* name : {"x", "target"}) {
        std::size_t uses = 0;
        for (const Statement& s : f.body)
          for_each_statement(s, [&](const Statement& each) { uses += count_reads_here(each, name); });
        if (uses > 0) f.parameters.push_back({name, {}});
      }
    }
  }

  FunctionDefinition* function(const char* name) {
    for (FunctionDefinition& f : program_.functions) {
      if (f.name == name) return &f;
    }
    return nullptr;
  }

  std::string fresh(const std::string& stem) {
    for (int i = 1;; ++i) {
      std::string name = fmt::format("{}{}", stem, i);
      if (numbered_kind(name) == 0 && taken_.insert(name).second) return name;
    }
  }
};

}  // namespace

std::string readable(const CoreProgram& program, const ReadableOptions& options) {
  return Writer(program, options).write();
}

}  // namespace mlz::text
