#include "evolve/eval/lockstep.hpp"
#include "evolve/eval/protocols.hpp"
#include "evolve/eval/stream_life.hpp"

namespace mlz::eval {
namespace {

/// Lifetimes on streams of examples.
template <class T>
class Streams final : public Lockstep<StreamLife<T>> {
  using Life = StreamLife<T>;
  using Base = Lockstep<Life>;
  using Base::lives_, Base::living_, Base::machine_, Base::watch_;

 public:
  Streams(vm::Machine& machine, const tasks::TaskInfo& task, std::span<const LaneLifetime> lifetimes,
          const Settings& settings)
      : Base(machine, settings) {
    for (const LaneLifetime& lifetime : lifetimes) {
      const auto lane = static_cast<int>(lives_.size());
      lives_.push_back(std::make_unique<Life>(machine, lane, task, lifetime, settings));
    }
  }

 private:
  /// A set to be scored on a copy of a life's memory.
  struct Test {
    Life* life = nullptr;
    const tasks::Examples* set = nullptr;
    std::vector<std::uint32_t> order = stored_order(set->size());
    Tally tally = {};
    bool shown = false;

    double score() const { return life->score(*set, tally); }
  };

  void run_tests(std::vector<Test>& tests);
  void score_watched(const typename Base::Lives& lives);
  void after_step() override;
  void finish(const typename Base::Lives& ended) override;
};

/// Runs tests side by side, until they are done or the run is cancelled.
template <class T>
void Streams<T>::run_tests(std::vector<Test>& tests) {
  if (tests.empty()) return;
  on_a_copy(machine_, [&] {
    const std::size_t batch = tests.front().life->batch();
    for (std::size_t first = 0; !watch_.cancelled(); first += batch) {
      bool any = false;
      for (Test& t : tests) any |= t.shown = t.life->show_test(*t.set, t.order, first);
      if (!any) return;
      machine_.run(Function::predict);
      for (Test& t : tests) {
        if (t.shown) t.life->take_test(t.order, first, t.tally);
      }
    }
  });
}

template <class T>
void Streams<T>::score_watched(const typename Base::Lives& lives) {
  std::vector<Test> tests;
  for (Life* life : lives) tests.push_back({life, &life->watched()});
  run_tests(tests);
  for (const Test& t : tests) t.life->set_watched_score(t.score());
}

/// Scores the watched set where that is due, and adds curve points.
template <class T>
void Streams<T>::after_step() {
  typename Base::Lives due;
  for (Life* life : living_) {
    if (life->wants_look()) due.push_back(life);
  }
  if (due.empty()) return;
  watch_.aside([&] {
    score_watched(due);
    for (Life* life : due) life->add_point();
  });
}

template <class T>
void Streams<T>::finish(const typename Base::Lives& ended) {
  typename Base::Lives unseen;
  for (Life* life : ended) {
    if (life->wants_final_look()) unseen.push_back(life);
  }
  score_watched(unseen);
  std::vector<Test> tests;
  for (Life* life : ended) {
    if (const tasks::Examples* set = life->unscored_test()) tests.push_back({life, set});
  }
  run_tests(tests);
  auto test = tests.begin();
  for (Life* life : ended) {
    const bool tested = test != tests.end() && test->life == life;
    life->finish(tested ? (test++)->score() : kNoScore);
  }
}

}  // namespace

template <class T>
std::vector<Outcome> run_stream(vm::Machine& machine, const tasks::TaskInfo& task, std::span<const LaneLifetime> lifetimes,
                                const Settings& settings) {
  return Streams<T>(machine, task, lifetimes, settings).run();
}

template std::vector<Outcome> run_stream<float>(vm::Machine&, const tasks::TaskInfo&, std::span<const LaneLifetime>,
                                                const Settings&);
template std::vector<Outcome> run_stream<double>(vm::Machine&, const tasks::TaskInfo&, std::span<const LaneLifetime>,
                                                 const Settings&);

}  // namespace mlz::eval
