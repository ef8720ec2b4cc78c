#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "evolve/checkpoint.hpp"
#include "lang/core/diagnostics.hpp"
#include "search_record.hpp"

using namespace mlz;
using namespace mlz::evolve;
using namespace mlz::test;

namespace {

Config small(const char* more = "") {
  Config config;
  set_field(config, "preset", "automl-zero-demo", "test");
  apply_config(config, "task = linear:features=4,train=20,valid=20\ntasks = 3\nselect-task = linear:features=4,train=40\n"
                       "select-tasks = 4\nfinal-task = linear\nfinal-tasks = 2\npopulation = 60\nexperiments = 2\n"
                       "experiment-train-steps = 0\nexperiment-evaluations = 6000\ntarget-score = 0\nseed = 5\n",
               "test");
  apply_config(config, more, "test");
  return config;
}

/// The population at the end of a budget that cuts through an experiment.
Ran run_cut(std::string more) { return run(small((more + "\nevaluations = 9000\n").c_str())); }

}  // namespace

TEST_CASE("cache, threads and window change nothing") {
  const Ran plain = run_cut("");
  CHECK(plain.outcome.stop == StopReason::evaluations);
  CHECK(plain.outcome.total.evaluations == 9000);
  CHECK(plain.outcome.total.duplicates > 1000);
  CHECK(plain.logs.size() > 1000);
  CHECK(plain.outcome.best.search > 0);
  for (const char* more : {"cache = false", "cache-size = 2", "threads = 2", "threads = 3", "window = 1", "window = 7",
                           "window = 1000", "threads = 3\nwindow = 17\ncache = false"}) {
    CAPTURE(more);
    same(plain, run_cut(more));
  }
  CHECK(run_cut("seed = 6").logs != plain.logs);
}

TEST_CASE("islands are as reproducible") {
  const char* islands = "islands = 3\nmigrate-every = 5\n";
  const Ran plain = run_cut(islands);
  same(plain, run_cut(std::string(islands) + "threads = 3\nwindow = 11\ncache = false"));
  CHECK(plain.logs != run_cut("islands = 3\nmigrate-every = 1000\n").logs);
}

TEST_CASE("hurdles spare runs and are as reproducible") {
  const char* hurdle = "tasks = 5\nhurdle-tasks = 1\nhurdle-percentile = 60\n";
  const Ran plain = run_cut(hurdle);
  same(plain, run_cut(std::string(hurdle) + "threads = 3\nwindow = 11\ncache = false"));
  same(plain, run_cut(std::string(hurdle) + "window = 1\ncache-size = 2"));
  const auto below = plain.outcome.total.fates[static_cast<std::size_t>(Fate::hurdle)];
  CHECK(below > 500);
  CHECK(below < plain.outcome.total.evaluations);
  // 20 steps for each problem: one for those below the bar, one and then all five for the others.
  CHECK(plain.outcome.total.train_steps <= 20 * below + 120 * (plain.outcome.total.evaluations - below));
}

TEST_CASE("programs that behave alike in the probe share a score, as reproducibly") {
  const char* probe = "probe-examples = 4\n";
  const Ran plain = run_cut(""), probed = run_cut(probe);
  same(probed, run_cut(std::string(probe) + "threads = 3\nwindow = 11\ncache = false"));
  same(probed, run_cut(std::string(probe) + "window = 1\ncache-size = 2"));
  const auto alike = probed.outcome.total.fates[static_cast<std::size_t>(Fate::alike)];
  CHECK(alike > 1000);
  CHECK(alike < probed.outcome.total.evaluations - 500);
  // On 3 problems of 20 examples: 12 steps in the probe, and 60 more for those that are unlike all others.
  CHECK(probed.outcome.total.train_steps <= 12 * alike + 72 * (probed.outcome.total.evaluations - alike));
  const std::string classes = "task = projected:data=digits,features=4,train=40,valid=40,test=4\nselect-task = \nfinal-task = \n";
  same(run_cut(classes + probe), run_cut(classes + probe + "threads = 2\nwindow = 7\ncache = false"));
}

TEST_CASE("programs with samplers are as reproducible") {
  const char* noisy = "setup-ops = 56,62,63\npredict-ops = 27,59,60,3,1\nlearn-ops = 2,3,18,23,63";
  same(run_cut(noisy), run_cut(std::string(noisy) + "\ncache = false\nthreads = 2"));
}

TEST_CASE("a window of one is plain sequential evolution") {
  // One candidate at a time: the tournament sees every child made before.
  const Ran one = run_cut("window = 1\ncache = false");
  same(one, run_cut("window = 60"));
}

TEST_CASE("a search goes on from any state as if it had not stopped") {
  goes_on_from_any_state(small(), {30, 60, 90, 5990, 6000, 6030, 11000});
  goes_on_from_any_state(small("probe-examples = 3\nislands = 2\n"), {30, 150, 5990, 6030});
  goes_on_from_any_state(small("hurdle-tasks = 1\nhurdle-percentile = 50\n"), {30, 60, 90, 5990, 6000, 6030, 11000});
}

TEST_CASE("problems of unequal size are refused with both sizes") {
  const std::string drawn = "projected:data=digits,features=4,train=600,valid=50";
  CHECK_THROWS_WITH_AS(run(small(("tasks = 6\ntask = " + drawn + "\nselect-task = \nfinal-task = ").c_str())),
                       doctest::Contains("so that every problem has them: train="), InputError);
}

TEST_CASE("an experiment ends by each of its stops") {
  CHECK(run(small("experiment-evaluations = 0\nexperiment-generations = 3\nexperiments = 1")).outcome.total.evaluations == 180);
  const Ran three = run(small("experiments = 3\nexperiment-evaluations = 600"));
  CHECK(three.outcome.total.evaluations == 1800);
  CHECK(three.outcome.experiments == 3);
  CHECK(run(small("experiments = 0\nexperiment-evaluations = 600\nevaluations = 1500")).outcome.experiments == 3);
  const Ran steps = run(small("experiment-evaluations = 0\nexperiment-train-steps = 20000\nexperiments = 1"));
  CHECK(steps.outcome.total.train_steps >= 20000);
  CHECK(steps.outcome.total.train_steps < 20000 + 60 * 60);
  CHECK(run(small("target-score = 0.000001\nexperiments = 0")).outcome.stop == StopReason::target);
  CHECK(run(small("generations = 2")).outcome.stop == StopReason::generations);
  CHECK(run(small("train-steps = 5000")).outcome.stop == StopReason::train_steps);
  CHECK(run(small("experiments = 0\ntimelimit = 0.2")).outcome.stop == StopReason::time);
  const Ran target = run(small("experiment-evaluations = 0\nexperiment-target = 0.3\nexperiments = 1"));
  CHECK(target.outcome.best.search > 0.3);
}

TEST_CASE("functions without operations stay as they are given while the others are drawn") {
  const char* learn_only = "init = stdlib/automl_linear.mlz\nstart = redrawn\nsetup-ops =\npredict-ops =\nlearn-size = 4\n"
                           "learn-min = 4\nlearn-max = 4\nexperiments = 1\nexperiment-evaluations = 300\n";
  for (const char* more : {"", "search = random\n"}) {
    CAPTURE(more);
    const Ran ran = run(small((std::string(learn_only) + more).c_str()));
    const std::string& text = ran.outcome.best.text;
    CAPTURE(text);
    CHECK(text.starts_with("def Setup():\n  s2 = 0.001\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"));
    CHECK(ran.lineages.find("s3 = s0 - s1\\n  s3 = s2 * s3") == std::string::npos);
  }
}

TEST_CASE("random search keeps the best it ever saw") {
  const Ran random = run(small("search = random\nexperiments = 1"));
  CHECK(random.outcome.total.evaluations == 6000);
  CHECK(random.lineages.find("\"mutation\":\"none\"") != std::string::npos);
  CHECK(random.lineages.find("\"mutation\":\"alter\"") == std::string::npos);
  same(random, run(small("search = random\nexperiments = 1\nthreads = 2\ncache = false")));
}

TEST_CASE("a damaged checkpoint is refused with the reason") {
  const Config config = small("evaluations = 120");
  const std::string text = run(config, true).state;
  read_checkpoint(text, "test");
  const auto message = [](const std::string& changed) {
    try {
      read_checkpoint(changed, "test");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("") == "test: is not a checkpoint of mlzevolve");
  CHECK(message("hello\n").find("not a checkpoint") != std::string::npos);
  CHECK(message(text.substr(0, text.size() / 2)).find("bytes") != std::string::npos);
  CHECK(message(text + " ").find("bytes") != std::string::npos);
  std::string flipped = text;
  flipped[text.size() / 2] ^= 1;
  CHECK(message(flipped).find("checksum") != std::string::npos);
  std::string version = text;
  version[text.find(' ') + 1] = '9';
  CHECK(message(version).find("version 9") != std::string::npos);
  for (std::size_t size = 0; size < 200; ++size) CHECK_FALSE(message(text.substr(0, size)).empty());
}

TEST_CASE("bad settings are refused with what to do") {
  const auto message = [](const char* text) {
    Config config;
    try {
      apply_config(config, text, "my.conf");
      Record record;
      Search search(config, record);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("population = 60").empty());
  CHECK(message("popluation = 60") ==
        "my.conf, line 1: there is no setting \"popluation\" (did you mean population?); mlzevolve --help lists them");
  CHECK(message("\n\npopulation = 1") == "my.conf, line 3: population = 1: must be a whole number from 2 to 1000000");
  CHECK(message("population").find("name = value") != std::string::npos);
  CHECK(message("mutate-prob = often").find("a number from 0 to 1") != std::string::npos);
  CHECK(message("fresh-tasks = maybe").find("true or false") != std::string::npos);
  CHECK(message("combine = sum").find("one of mean, median") != std::string::npos);
  CHECK(message("task = liner").find("linear") != std::string::npos);
  CHECK(message("task = lin\xd5").find("task: must be text in UTF-8") != std::string::npos);
  CHECK(message("preset = demo").find("automl-zero-demo") != std::string::npos);
  CHECK(message("setup-ops = 99").find("from 0 to 64") != std::string::npos);
  CHECK(message("setup-size = 30").find("starts with 30") != std::string::npos);
  CHECK(message("matrices = 0").find("needs a matrix") != std::string::npos);
  CHECK(message("setup-ops =\npredict-ops =\nlearn-ops =").find("no function has operations") != std::string::npos);
  CHECK(message("mutations = swop").find("mutations are") != std::string::npos);
  CHECK(message("start = redrawn").find("--init") != std::string::npos);
  CHECK(message("init = /nowhere.mlz").find("/nowhere.mlz") != std::string::npos);
  CHECK(message("task = digits").find("classes") != std::string::npos);
  CHECK(message("{\"population\": 60, \"popula\": 3}").find("popula") != std::string::npos);
  CHECK(message("{\"population\": [1]}").find("must be a text or a number") != std::string::npos);
}

TEST_CASE("every preset is complete, and configurations read back from text and JSON") {
  for (const Preset& preset : presets()) {
    CAPTURE(preset.name);
    Config config, from_text, from_json;
    set_field(config, "preset", preset.name, "test");
    apply_config(from_text, to_text(config), "text");
    apply_config(from_json, to_json(config), "json");
    CHECK(to_json(from_text) == to_json(config));
    CHECK(to_json(from_json) == to_json(config));
    CHECK(differing_fields(config, from_json).empty());
    CHECK(command_of(config) == "mlzevolve --preset " + preset.name + " --seed 1");
    Record record;
    try {
      Search search(config, record);
    } catch (const InputError& error) {  // whoever has no images is told which
      CHECK(std::string(error.what()).starts_with("no data for the task cifar10"));
    }
  }
}

TEST_CASE("the checkpoints that fuzzing starts from are of the present form") {
  int read = 0;
  for (const auto& file : std::filesystem::directory_iterator(MLZ_SOURCE_DIR "/tests/fuzz/corpus/checkpoint")) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string body(std::istreambuf_iterator<char>(in), {});
    const std::string text = with_first_line(body);
    INFO(file.path().string());
    if (file.path().filename().string().starts_with("damaged")) {
      CHECK_THROWS_AS(read_checkpoint(text, "seed"), InputError);
      continue;
    }
    CHECK(to_text(read_checkpoint(text, "seed")) == text);
    ++read;
  }
  CHECK(read >= 3);
}
