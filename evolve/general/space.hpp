#pragma once
#include <array>
#include <string>
#include <vector>

#include "evolve/numbered/space.hpp"
#include "lang/core/core_program.hpp"

/// Search over programs of any form: named registers of symbolic shapes, families, loops.
namespace mlz::evolve {

/// The programs a search may visit.
struct GeneralSpace {
  struct Part {
    std::vector<OpId> ops;    ///< operations of new lines, each equally likely; empty: the function stays as it is
    int least = 0, most = 0;  ///< instructions that insert and remove leave, both included
  };
  std::array<Part, 3> parts;
  int most_temporaries = 40;  ///< registers a program may have that it does not declare
  ConstantRule constants = ConstantRule::lognormal;
};

/// Operations of a list such as "27,dot,+" or "0-55" or "all": names and symbols of the language, numbers of
/// AutoML-Zero; a name stands for all its overloads. Throws InputError.
std::vector<OpId> parse_general_ops(const std::string& text, const std::string& what);

/// Whether new lines can have the operation: all but a few whose whole-number arguments only a person can choose.
bool can_be_drawn(OpId op);

/// Instructions of a function, those inside loops and branches counted once.
int instructions_in(const std::vector<CoreLine>& lines);
/// Registers that a program uses without declaring them, those of the task aside.
int temporaries_of(const CoreProgram& program);

}  // namespace mlz::evolve
