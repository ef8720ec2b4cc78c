#include <fmt/format.h>

#include "bench/evaluators.hpp"
#include "bench/inputs.hpp"
#include "bench/native.hpp"

namespace mlz::bench {
namespace {

constexpr int kTasks = 10, kValid = 100;

template <class T>
Contender native(const std::string& name, Design design, const std::shared_ptr<const Workload>& work, double tolerance) {
  const auto run = [design, work] { return native_fitness<T>(vm::kernel_level(), design, work->batch); };
  return {name, false, on_this_thread(run), tolerance};
}

void bench_design(Session& session, Design kind, const std::string& name) {
  const int train = session.settings().quick ? 20 : 1000;
  for (const int features : {4, 8, 16, 32}) {
    const auto work = std::make_shared<Workload>();
    work->batch = linear_tasks(features, kTasks, train, kValid, 1);
    work->programs = {design(name)};
    work->random_draws = kind == Design::network;
    Case c{fmt::format("F={}", features), "ns per training step", static_cast<double>(kTasks * train),
           evaluators(session, work)};
    c.contenders.push_back(native<double>("by hand f64", kind, work, 0));
    c.contenders.push_back(native<float>("by hand f32", kind, work, -1));
    session.add(c);
  }
}

}  // namespace

void bench_linear(Session& session) { bench_design(session, Design::linear, "automl_linear"); }
void bench_network(Session& session) { bench_design(session, Design::network, "automl_nn"); }

}  // namespace mlz::bench
