#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evolve/general/evaluator.hpp"
#include "evolve/numbered/live.hpp"

/// Params that change while texts are searched: every change is a step of normal noise, which its name alone draws again.
namespace mlz::evolve {

/// The name of a step. Its lowest bit says whether the noise is added (0) or subtracted (1). 0: no step was worth taking.
using ParamStep = std::uint64_t;

/// The step that trial `trial`, counted from 1, takes from a candidate; trial 0 takes none. Trials 1 and 2, 3 and 4, ... are
/// the same noise forth and back.
ParamStep step_of(const Key& candidate, std::uint64_t seed, int trial);

/// The values after a step, whose noise has the deviation `sigma` in every number. What a param gets depends on its place
/// among the declared ones alone.
ParamValues stepped(const ParamValues& from, ParamStep step, double sigma);

/// Steps as a comment line, which a program's text may begin with; empty without steps.
std::string steps_text(std::span<const ParamStep> steps);
/// The steps of such a text; none where it begins otherwise. Throws InputError for a line that is damaged.
std::vector<ParamStep> steps_of(const std::string& text);

}  // namespace mlz::evolve
