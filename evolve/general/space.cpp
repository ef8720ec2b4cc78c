#include "evolve/general/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

std::vector<OpId> drawable() {
  std::vector<OpId> all;
  for (const OpInfo& op : op_table()) {
    if (can_be_drawn(op.id)) all.push_back(op.id);
  }
  return all;
}

bool is_number_list(const std::string& item) {
  return item.find_first_not_of("0123456789-") == std::string::npos &&
         item.find_first_of("0123456789") != std::string::npos;
}

std::vector<OpId> named(const std::string& item, const std::string& what) {
  std::vector<OpId> found = find_ops(item);
  if (found.empty()) {
    const std::string near = closest(item, op_names());
    throw InputError(fmt::format("{}: there is no operation \"{}\"{}; mlzrun --list-ops lists them", what, item,
                                 near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
  }
  std::erase_if(found, [](OpId op) { return op != OpId::noop && !can_be_drawn(op); });
  if (found.empty())
    throw InputError(fmt::format("{}: \"{}\" cannot be drawn; its sizes are for people to choose", what, item));
  return found;
}

}  // namespace

bool can_be_drawn(OpId op) {
  return op != OpId::noop && op != OpId::hole && op != OpId::unfold && op != OpId::max_pool && op != OpId::mean_pool;
}

std::vector<OpId> parse_general_ops(const std::string& text, const std::string& what) {
  if (text == "all") return drawable();
  std::vector<OpId> ops;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    std::erase(item, ' ');
    if (item.empty()) continue;
    if (is_number_list(item)) {
      for (const std::uint8_t number : parse_op_list(item, what)) ops.push_back(numbered_ops()[number].op);
    } else {
      const std::vector<OpId> found = named(item, what);
      ops.insert(ops.end(), found.begin(), found.end());
    }
  }
  std::erase(ops, OpId::noop);
  return ops;
}

int instructions_in(const std::vector<CoreLine>& lines) {
  int count = 0;
  for (const CoreLine& line : lines) {
    count += line.kind == CoreLine::Kind::instruction ? 1 : 0;
    count += instructions_in(line.body) + instructions_in(line.otherwise);
  }
  return count;
}

int temporaries_of(const CoreProgram& program) {
  int count = 0;
  for (const RegisterInfo& info : program.registers) {
    count += info.role == Role::none && !info.is_state && !info.is_param ? 1 : 0;
  }
  return count;
}

}  // namespace mlz::evolve
