#include <fmt/format.h>

#include "evolve/param_search.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {

using Child = outer::FmeOptions::Child;
using Kind = outer::PoolOptions::Kind;
using Parents = outer::FmeOptions::Parents;

/// The value of a setting that takes one of some words.
template <class T>
T meant(const std::string& word, std::initializer_list<std::pair<const char*, T>> words) {
  for (const auto& [name, value] : words) {
    if (word == name) return value;
  }
  throw InputError(fmt::format("{}: no setting of --tune fme has this value", word));
}

outer::PoolOptions pool_options(const Config& c) {
  outer::PoolOptions o;
  o.kind = meant<Kind>(c.fme_pool, {{"buckets", Kind::buckets},
                                    {"rewards", Kind::rewards},
                                    {"uniform", Kind::uniform},
                                    {"best", Kind::best}});
  o.capacity = static_cast<std::size_t>(c.population);
  o.buckets = static_cast<std::size_t>(c.fme_buckets);
  o.weight = c.fme_weight == "power" ? outer::PoolOptions::Weight::power : outer::PoolOptions::Weight::exponential;
  o.kappa = c.fme_kappa;
  o.tau = c.fme_tau;
  o.weigh_solutions = c.fme_weigh == "solutions";
  o.oldest_of_bucket = c.fme_within == "oldest";
  o.selected_is_used = c.fme_used == "selected";
  o.epsilon = c.fme_epsilon;
  return o;
}

outer::FmeOptions fme_options(const Config& c) {
  outer::FmeOptions o;
  o.pool = pool_options(c);
  o.child = meant<Child>(c.fme_child, {{"modified", Child::modified},
                                       {"parent", Child::parent},
                                       {"noise", Child::noise},
                                       {"fresh", Child::fresh}});
  o.parents = meant<Parents>(
      c.fme_parents, {{"keep", Parents::keep}, {"rescore", Parents::rescore}, {"replace", Parents::replace}});
  o.founders = static_cast<std::size_t>(c.fme_founders);
  o.ahead = static_cast<std::size_t>(c.fme_ahead);
  o.own_share = c.fme_own_share;
  o.sigma = c.sigma;
  o.bound = c.fme_bound;
  o.drop_beyond = c.fme_beyond == "drop";
  o.seed = static_cast<std::uint64_t>(c.seed);
  return o;
}

}  // namespace

std::unique_ptr<outer::OuterLoop> ParamSearch::make_fme(outer::Vector first) const {
  if (config_.tasks != 1) {
    throw InputError(fmt::format("tasks = {}: with --tune fme a run is one lifetime; give --tasks 1, and a task of "
                                 "more episodes or epochs for longer runs",
                                 config_.tasks));
  }
  if (config_.objective == "loss") {
    throw InputError("objective = loss: --tune fme chooses by scores; leave --objective away");
  }
  return std::make_unique<outer::Fme>(std::move(first), fme_options(config_), handing_on_->handed_on(),
                                      [this](std::uint64_t seed) { return search_->initial(seed); });
}

/// Each run has a problem of its own, so that runs of one parent differ.
std::optional<StopReason> ParamSearch::fme_generation() {
  const auto candidates = loop_->ask();
  const std::uint64_t seed = problem_seed(kSearchProblems);
  std::vector<outer::Judged> judged(candidates.size());
  std::vector<outer::Vector> finals(candidates.size());
  std::atomic<bool> late = false;
  std::atomic<std::size_t> begun = 0;
  workers_.share(candidates.size(), 1, [&](std::size_t first, std::size_t last, int worker) {
    for (std::size_t k = first; k < last; ++k) {
      late = late || stop_now() == StopReason::time;
      if (late || interrupted_) return;
      if (worker == 0) watch(begun);
      ++begun;
      outer::Lived lived = handing_on_->live(candidates[k], seed, static_cast<std::uint32_t>(k));
      judged[k] = lived.judged;
      finals[k] = std::move(lived.final);
    }
  });
  if (late || interrupted_) return stop_now();
  end_generation(judged, finals);
  return {};
}

}  // namespace mlz::evolve
