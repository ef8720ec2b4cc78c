#pragma once
#include "evolve/numbered/space.hpp"

namespace mlz::evolve {

/// One way to change a program. `apply` returns false when there was nothing to change; the program is then as it was.
struct Mutation {
  const char* name;
  const char* meaning;
  bool (*apply)(const Space& space, Genome& genome, Draws& draws);
};
/// The mutations of AutoML-Zero, as in its released code (a blocked one is not tried again).
const std::vector<Mutation>& numbered_mutations();

/// Which mutations a search uses, and how often.
struct Mix {
  std::vector<std::pair<std::size_t, double>> parts;  ///< index into the table, weight above 0
  /// Draws one of them.
  std::size_t pick(Draws& draws) const;
};
/// Reads "alter:1,insert:2,remove"; a name alone has weight 1. Throws InputError.
Mix parse_mix(const std::string& text, const std::vector<std::string>& names);
std::vector<std::string> mutation_names();
std::string list_mutations();

}  // namespace mlz::evolve
