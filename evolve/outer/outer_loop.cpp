#include "evolve/outer/outer_loop.hpp"

#include <stdexcept>

namespace mlz::outer {

const Vector& LoopState::part(const std::string& name, std::size_t size) const {
  const auto found = parts.find(name);
  if (found == parts.end()) throw std::invalid_argument("there is no \"" + name + "\"");
  if (found->second.size() != size)
    throw std::invalid_argument("\"" + name + "\" has " + std::to_string(found->second.size()) +
                                " numbers in the place of " + std::to_string(size));
  return found->second;
}

}  // namespace mlz::outer
