#include <fmt/format.h>

#include <stdexcept>

#include "bench/peer.hpp"
#include "bench/session.hpp"
#include "evolve/search.hpp"

namespace mlz::bench {
namespace {

class Silent : public evolve::Listener {};

/// Runs a search of the demo to `candidates` candidates, each call with another seed; gives how many there were.
class DemoSearch {
 public:
  DemoSearch(int candidates, int threads, int islands = 1) {
    evolve::set_field(config_, "preset", "automl-zero-demo", "mlzbench");
    config_.experiments = 1;
    config_.experiment_target = config_.target_score = 0;
    config_.evaluations = candidates;
    config_.select_tasks = config_.final_tasks = 1;
    config_.threads = threads;
    config_.islands = islands;
  }

  double operator()() {
    ++config_.seed;
    Silent listener;
    const std::atomic<bool> interrupted{false};
    const evolve::Outcome outcome = evolve::Search(config_, listener).run(interrupted);
    if (outcome.total.evaluations != static_cast<std::uint64_t>(config_.evaluations)) {
      throw std::runtime_error(fmt::format("a search of {} candidates ended after {}", config_.evaluations,
                                           outcome.total.evaluations));
    }
    return static_cast<double>(outcome.total.evaluations);
  }

 private:
  evolve::Config config_;
};

int candidates(const Session& session) { return session.settings().quick ? 2000 : 200'000; }

Case empty_case(const Session& session, const std::string& name) {
  return {name, "us per candidate", 1000.0 * candidates(session), {}};
}

}  // namespace

void bench_search(Session& session) {
  Case c = empty_case(session, "one thread");
  c.contenders.push_back({"mlz", true, on_this_thread(DemoSearch(candidates(session), 1))});
  if (!session.settings().peer.empty()) {
    const std::string file = session.file("workload");
    write_search_workload(file, candidates(session));
    const auto peer = std::make_shared<Peer>(session.settings().peer, file);
    c.contenders.push_back({"peer", false, [peer] { return peer->run(); }});
  }
  session.add(c);
}

void bench_threads(Session& session) {
  for (const int islands : {1, 2}) {
    Case c = empty_case(session, islands == 1 ? "population 1000" : "two islands of 1000");
    c.contenders.push_back({"two threads", true, by_the_wall(DemoSearch(candidates(session), 2, islands))});
    c.contenders.push_back({"one thread", false, by_the_wall(DemoSearch(candidates(session), 1, islands))});
    session.add(c);
  }
}

}  // namespace mlz::bench
