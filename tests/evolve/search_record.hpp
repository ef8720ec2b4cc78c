#pragma once
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "evolve/checkpoint.hpp"
#include "evolve/search.hpp"

namespace mlz::test {

/// Keeps all that a search tells; saves as often as it may.
struct Record : evolve::Listener {
  std::string logs, lineages, last_state;
  evolve::Config config;
  std::atomic<bool> interrupted{false};

  void log(const std::string& line) override { logs += line + "\n"; }
  void lineage(const std::string& line) override { lineages += line + "\n"; }
  void save(const evolve::SearchState& state) override { last_state = evolve::to_text(evolve::Checkpoint{config, state, {}}); }
  bool tick(const evolve::SearchState&, double) override { return true; }
};

struct Ran {
  std::string logs, lineages, state;
  evolve::Outcome outcome;
};

/// States carry a configuration only where it is asked for, as settings of the machine may differ.
inline Ran run(const evolve::Config& config, bool with_config = false) {
  Record record;
  if (with_config) record.config = config;
  evolve::Search search(config, record);
  evolve::Outcome outcome = search.run(record.interrupted);
  return {record.logs, record.lineages, record.last_state, outcome};
}

inline void same(const Ran& a, const Ran& b) {
  CHECK(a.logs == b.logs);
  CHECK(a.lineages == b.lineages);
  CHECK(a.state == b.state);
  CHECK(a.outcome.best.text == b.outcome.best.text);
  CHECK(a.outcome.final == b.outcome.final);
}

/// Whatever budget cuts it in two.
inline void goes_on_from_any_state(const evolve::Config& config, std::initializer_list<int> budgets) {
  const Ran whole = run(config);
  for (const int budget : budgets) {
    CAPTURE(budget);
    evolve::Config part = config;
    part.generations = 0;
    part.evaluations = budget;
    Record first;
    first.config = config;
    evolve::Search(part, first).run(first.interrupted);
    const evolve::Checkpoint checkpoint = evolve::read_checkpoint(first.last_state, "test");
    Record second;
    evolve::Search rest(config, second);
    rest.restore(checkpoint.state);
    const evolve::Outcome outcome = rest.run(second.interrupted);
    CHECK(outcome.best.text == whole.outcome.best.text);
    CHECK(outcome.final == whole.outcome.final);
    CHECK(outcome.total.train_steps == whole.outcome.total.train_steps);
    CHECK(second.last_state == whole.state);
    CHECK(whole.logs.ends_with(second.logs));
  }
}

}  // namespace mlz::test
