#include <doctest/doctest.h>

#include <algorithm>

#include "evolve/general/param_steps.hpp"
#include "search_record.hpp"
#include "support.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

Config small(const std::string& more = "") {
  Config config;
  apply_config(config,
               "init = " MLZ_SOURCE_DIR
               "/examples/02_network.mlz\nprogram-set = hidden=8\n"
               "task = digits:size=8,train=60,valid=40,test=1\ntasks = 2\nselect-tasks = 1\nfinal-tasks = 1\n"
               "population = 16\ntournament = 4\nmutations = alter,change_op,insert,remove,alter_constant,swap\n"
               "experiments = 1\nexperiment-evaluations = 160\nseed = 3\n",
               "test");
  apply_config(config, more, "test");
  return config;
}

std::string message(const std::string& more) {
  try {
    Record record;
    const Config config = small(more);
    Search search(config, record);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// A search that also tries three other params of every program.
Config inside(const std::string& more = "") {
  Config config = small("init = " MLZ_SOURCE_DIR "/examples/08_params.mlz\nprogram-set =\ntune-inside = 3\nsigma = 0.02\n"
                        "experiment-evaluations = 96\n");
  apply_config(config, more, "test");
  return config;
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("cache, threads and window change nothing in a search of general programs") {
  const Ran plain = run(small("evaluations = 100"));
  CHECK(plain.outcome.total.evaluations >= 100);
  CHECK(plain.outcome.best.search > 0);
  for (const char* more : {"cache = false", "threads = 2", "threads = 3\nwindow = 5", "window = 1"}) {
    CAPTURE(more);
    same(plain, run(small(std::string("evaluations = 100\n") + more)));
  }
  CHECK(run(small("evaluations = 100\nseed = 4")).logs != plain.logs);
}

TEST_CASE("a search of general programs goes on from any state as if it had not stopped") {
  goes_on_from_any_state(small(), {1, 16, 50, 160});
}

TEST_CASE("islands and random search of general programs are as reproducible") {
  const std::string islands = "islands = 2\nmigrate-every = 2\nevaluations = 100\n";
  same(run(small(islands)), run(small(islands + "threads = 2\ncache = false")));
  const std::string random = "search = random\nevaluations = 60\n";
  same(run(small(random)), run(small(random + "threads = 2")));
}

TEST_CASE("cache, threads and window change nothing where params are tuned inside evaluations") {
  const Ran plain = run(inside("mutate-prob = 0.7"));
  CHECK(plain.outcome.best.text.starts_with("# tuned: "));
  for (const char* more : {"cache = false", "threads = 3\nwindow = 5", "window = 1\ncache-size = 2"}) {
    CAPTURE(more);
    same(plain, run(inside(std::string("mutate-prob = 0.7\n") + more)));
  }
  same(run(inside("islands = 2\nmigrate-every = 2\nhurdle-tasks = 1")),
       run(inside("islands = 2\nmigrate-every = 2\nhurdle-tasks = 1\nthreads = 2\ncache = false")));
}

TEST_CASE("a search that tunes params inside evaluations goes on from any state as if it had not stopped") {
  goes_on_from_any_state(inside(), {1, 16, 50});
  goes_on_from_any_state(
      inside("islands = 2\nmigrate-every = 1\nhurdle-tasks = 1\nselect-task = digits:size=8,train=30,valid=20"), {16, 40});
}

TEST_CASE("tuned params are inherited, and every trial counts as training") {
  const Ran copies = run(inside("mutate-prob = 0")), fixed = run(inside("mutate-prob = 0\ntune-inside = 0"));
  CHECK(copies.outcome.best.search > fixed.outcome.best.search + 0.02);
  CHECK(steps_of(copies.outcome.best.text).size() > 2);
  CHECK(steps_of(fixed.outcome.best.text).empty());
  CHECK(copies.outcome.total.train_steps == 4 * fixed.outcome.total.train_steps);
}

TEST_CASE("the form of programs follows from the first ones, or as asked") {
  CHECK(message("init = stdlib/automl_nn.mlz\nprogram-set =\ntask = linear\nscalars = 5\nvectors = 9\nmatrices = 2")
            .empty());
  CHECK(contains(message("init = stdlib/automl_nn.mlz\nprogram-set =\ntask = linear"), "more can be set"));
  CHECK(message("init = stdlib/automl_nn.mlz\nprogram-set =\ntask = linear\ngenome = general").empty());
  CHECK(contains(message("genome = numbered"), "declares"));
  CHECK(contains(message("genome = general\ninit ="), "--init"));
  CHECK(contains(message("program-set = hiden=8"), "did you mean `hidden`"));
  CHECK(contains(message("program-set = hidden"), "NAME=VALUE"));
  CHECK(contains(message("init = stdlib/linear.mlz\nprogram-set ="), "10 classes"));
  CHECK(contains(message("protocol = automl"), "needs a scalar y"));
  CHECK(contains(message("setup-ops = normall"), "did you mean normal"));
  CHECK(contains(message("learn-ops = unfold"), "cannot be drawn"));
  CHECK(contains(message("predict-min = 40"), "at least 40"));
  CHECK(contains(message("tune-inside = 1"), "declares no param"));
  CHECK(contains(message("tune-inside = 1\ngenome = numbered\ninit =\nprogram-set =\ntask = linear"), "set tune-inside = 0"));
  const std::string params = "init = " MLZ_SOURCE_DIR "/examples/08_params.mlz\nprogram-set =\ntune-inside = 1\n";
  CHECK(message(params).empty());
  CHECK(contains(message(params + "select-task = digits:size=9,train=9,valid=9"), "must share one set of params"));
}
