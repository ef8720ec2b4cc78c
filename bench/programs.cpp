#include "bench/evaluators.hpp"
#include "bench/inputs.hpp"

namespace mlz::bench {
namespace {

void add(Session& session, const std::string& name, std::shared_ptr<const Workload> work) {
  const auto count = static_cast<double>(work->programs.size());
  session.add({name, "us per program", 1000 * count, evaluators(session, std::move(work))});
}

}  // namespace

void bench_programs(Session& session) {
  const int count = session.settings().quick ? 40 : 10'000;
  const vm::TaskBatch batch = linear_tasks(4, 10, 100, 100, 1);
  const auto random = std::make_shared<Workload>(Workload{batch, {}, false});
  for (int k = 0; k < count; ++k) random->programs.push_back(random_program(static_cast<std::uint64_t>(k)));
  add(session, "random", random);
  add(session, "half live", std::make_shared<Workload>(Workload{batch, evolved_programs(count, batch), false}));
}

}  // namespace mlz::bench
