#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "command.hpp"

using namespace mlz::evolve::test;

namespace {

/// Runs it and kills it after so many milliseconds; true if it was killed.
bool run_and_kill(const std::string& arguments, int milliseconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", ("exec " + std::string(MLZEVOLVE) + " " + arguments + " >/dev/null 2>&1").c_str(), nullptr);
    ::_exit(127);
  }
  ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

/// All files but timings, by name.
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename() == "timing.jsonl") continue;
    out[fs::relative(entry.path(), folder).string()] = read(entry.path());
  }
  return out;
}

}  // namespace

namespace {

/// Runs the search `attempts` times at most, killed up to three times each after its first checkpoint, until so many kills
/// are `enough`, and compares the folders with that of a whole run. Returns the kills.
int kill_and_compare(int attempts, const std::string& more, int enough = 1000) {
  const Folder folder;
  REQUIRE(run(kSmall + more + ("--out " + (folder / "whole"))).code == 0);
  const auto whole = contents(folder / "whole");
  for (const char* name : {"best.mlz", "best_readable.mlz", "report.html", "programs/experiment-0002.mlz"}) {
    CAPTURE(name);
    CHECK(whole.count(name) == 1);
  }
  int kills = 0;
  for (int attempt = 0; attempt < attempts && kills < enough; ++attempt) {
    const std::string out = folder / ("killed" + std::to_string(attempt));
    run_and_kill(kSmall + more + ("--out " + out), 60 + 97 * (attempt % 5));
    if (!fs::exists(out + "/checkpoint")) continue;
    for (int part = 0; part < 3; ++part) kills += run_and_kill("--quiet --resume " + out, 40 + (61 * part + 37 * attempt) % 230);
    const Ended last = run("--quiet --resume " + out);
    CAPTURE(last.out);
    REQUIRE(last.code == 0);
    const auto resumed = contents(out);
    CHECK(resumed.size() == whole.size());
    for (const auto& [name, text] : whole) {
      CAPTURE(name);
      CHECK((resumed.count(name) == 1 && resumed.at(name) == text));
    }
  }
  return kills;
}

}  // namespace

TEST_CASE("killed at any moment, a run goes on to the same folder") { MESSAGE("killed ", kill_and_compare(3, ""), " times"); }

TEST_CASE("killed fifty times, with islands and a hurdle" * doctest::skip()) {
  CHECK(kill_and_compare(200, "", 25) >= 25);
  CHECK(kill_and_compare(200, "--islands 2 --migrate-every 7 --hurdle-tasks 1 --probe-examples 3 --threads 2 ", 25) >= 25);
}

TEST_CASE("a run is never overwritten, and only resumed as it was") {
  const Folder folder;
  const std::string out = folder / "run";
  REQUIRE(run(kSmall + ("--experiment-evaluations 1000 --out " + out)).code == 0);
  const auto before = contents(out);
  const Ended again = run(kSmall + ("--out " + out));
  CHECK(again.code == 2);
  CHECK(has(again, "--resume"));
  const Ended other = run("--resume " + out + " --population 50");
  CHECK(other.code == 2);
  CHECK(has(other, "population was 100 when the run began and is now 50"));
  CHECK(contents(out) == before);
  CHECK(run("--quiet --threads 2 --resume " + out).code == 0);
  {
    std::ofstream(out + "/checkpoint", std::ios::app) << "x";
  }
  const Ended damaged = run("--resume " + out);
  CHECK(damaged.code == 2);
  CHECK(has(damaged, "damaged"));
  fs::remove(out + "/checkpoint");
  CHECK(run("--resume " + out).code == 2);
  CHECK(run("--resume " + (folder / "none")).code == 2);
}

TEST_CASE("bad input ends with exit code 2 and leaves nothing behind") {
  const Folder folder;
  CHECK(run("").code == 2);
  CHECK(run("--no-such-option").code == 2);
  CHECK(run("--preset nothing").code == 2);
  CHECK(run("--task nothing --out " + (folder / "a")).code == 2);
  CHECK_FALSE(fs::exists(folder / "a"));
  CHECK(run("--population 1").code == 2);
  CHECK(run("--set population").code == 2);
  CHECK(run("--config " + (folder / "missing.conf")).code == 2);
  CHECK(run(kSmall + std::string("--out /proc/nowhere")).code == 2);
  {
    std::ofstream(folder / "file") << "text";
  }
  CHECK(run(kSmall + ("--out " + (folder / "file"))).code == 2);
  CHECK(read(folder / "file") == "text");
  CHECK(has(run("--list-presets"), "automl-zero-demo"));
  CHECK(has(run("--list-mutations"), "alter"));
  CHECK(has(run("--list-ops"), "s = dot(v, v)"));
}

TEST_CASE("the last line is one JSON object") {
  const Ended ended = run(kSmall + std::string("--experiment-evaluations 500 --json"));
  REQUIRE(ended.code == 0);
  const std::size_t last = ended.out.rfind('\n', ended.out.size() - 2);
  const std::string line = ended.out.substr(last + 1);
  CHECK(line.front() == '{');
  for (const char* key :
       {"evaluations", "seconds", "evaluations_per_second", "best_search", "select", "final", "stop", "program"}) {
    CHECK(line.find("\"" + std::string(key) + "\":") != std::string::npos);
  }
}

TEST_CASE("progress is drawn on request") {
  const Folder folder;
  const std::string plot = folder / "progress.svg";
  REQUIRE(run(kSmall + ("--experiment-evaluations 500 --plot " + plot)).code == 0);
  const std::string svg = read(plot);
  CHECK(svg.find("best of the experiment") != std::string::npos);
  CHECK(svg.find("<path") + svg.find("<polyline") != 2 * std::string::npos);
  CHECK(run(kSmall + std::string("--plot /proc/nowhere/x.svg")).code == 2);
}

TEST_CASE("Ctrl-C saves and ends with the result") {
  const Folder folder;
  const std::string out = folder / "run";
  const Ended ended = run(kSmall + ("--experiments 0 --out " + out + " & sleep 0.5; kill -INT $!; wait $!"));
  CHECK(ended.code == 1);
  CHECK(fs::exists(out + "/checkpoint"));
  CHECK(fs::exists(out + "/best.mlz"));
}

TEST_CASE("a search from a program of any form ends with text that mlzrun runs to the same score") {
  const Folder folder;
  const std::string out = folder / "run";
  const std::string search = "--preset program --init stdlib/mlp.mlz --task digits:size=8,train=200,valid=100 "
                             "--set hidden=8 --population 10 --quiet ";
  const Ended ended = run(search + "--evaluations 30 --out " + out);
  CAPTURE(ended.out);
  REQUIRE(ended.code == 0);
  for (const char* name : {"best.mlz", "best_readable.mlz"}) {
    const std::string text = read(out + "/" + name);
    const auto after = [&](const std::string& word) {
      const std::size_t at = text.find(word) + word.size();
      return text.substr(at, text.find_first_of(" \n", at) - at);
    };
    const std::string number = after("# score: ");
    const Folder other;
    const std::string result = other / "result";
    const std::string command = std::string(MLZRUN) + " " + out + "/" + name + " --task digits:size=8,train=200,valid=100" +
                                " --seed " + after("# seed: ") + " --engine " + after("# engine: ") + " --json --quiet > ";
    REQUIRE(std::system((command + result).c_str()) == 0);
    CAPTURE(text);
    CHECK(read(result).find("\"score\":" + number) != std::string::npos);
  }
  const Ended again = run("--quiet --evaluations 60 --resume " + out);
  REQUIRE(again.code == 0);
  REQUIRE(run(search + "--evaluations 60 --out " + (folder / "whole")).code == 0);
  auto resumed = contents(out), whole = contents(folder / "whole");
  for (const char* name : {"config.json", "checkpoint"}) {  // these know how far the run was to go
    resumed.erase(name);
    whole.erase(name);
  }
  CHECK(resumed == whole);
}

TEST_CASE("params can come from a file, and worlds can be searched in") {
  const Folder folder;
  const std::string model = folder / "p.safetensors";
  const std::string program = MLZ_SOURCE_DIR "/examples/08_params.mlz --task digits:size=8,train=50,valid=50 --quiet ";
  REQUIRE(std::system((std::string(MLZRUN) + " " + program + "--save " + model + " > /dev/null").c_str()) == 0);
  const std::string search = "--preset program --population 5 --evaluations 10 --init " + program;
  const Ended loaded = run(search + "--load " + model);
  CAPTURE(loaded.out);
  CHECK(loaded.code == 0);
  CHECK(run(search + "--load " + (folder / "none")).code == 2);
  CHECK(has(run("--preset automl-zero-demo --load " + model), "--init"));
  const Ended world = run("--preset program --init stdlib/sfnn.mlz --task cartpole:episodes=2,steps=20 --population 4 "
                          "--evaluations 8 --quiet");
  CAPTURE(world.out);
  CHECK(world.code == 0);
}

TEST_CASE("params tuned inside a search are in a file beside the program, and survive kills") {
  const Folder folder;
  const std::string task = "--task digits:size=8,train=60,valid=60 ";
  const std::string search = "--preset program --init " MLZ_SOURCE_DIR "/examples/08_params.mlz " + task +
                             "--population 8 --tune-inside 4 --sigma 0.02 --evaluations 240 --checkpoint-interval 0.02 --quiet ";
  REQUIRE(run(search + "--out " + (folder / "whole")).code == 0);
  std::string out = folder / "killed";
  run_and_kill(search + "--out " + out, 150);
  if (!fs::exists(out + "/checkpoint")) {
    out = folder / "ended";
    REQUIRE(run(search + "--evaluations 40 --out " + out).code == 0);
  }
  run_and_kill("--quiet --resume " + out + " --evaluations 240", 100);
  const Ended last = run("--quiet --resume " + out + " --evaluations 240");
  CAPTURE(last.out);
  REQUIRE(last.code == 0);
  const auto whole = contents(folder / "whole");
  CHECK(contents(out) == whole);
  REQUIRE(whole.count("best.safetensors") == 1);
  for (const char* name : {"best.mlz", "best_readable.mlz"}) {
    const std::string& text = whole.at(name);
    CAPTURE(text);
    const auto after = [&](const std::string& word) {
      const std::size_t at = text.find(word) + word.size();
      return text.substr(at, text.find_first_of(" ,\n", at) - at);
    };
    const std::string result = folder / "result";
    const std::string command = std::string(MLZRUN) + " " + out + "/" + name + " " + task + "--load " + out +
                                "/best.safetensors --seed " + after("# seed: ") + " --engine " + after("# engine: ");
    REQUIRE(std::system((command + " --json --quiet > " + result).c_str()) == 0);
    CHECK(read(result).find("\"score\":" + after("# score: ")) != std::string::npos);
    const std::size_t again = text.find("mlzrun --simplify " + std::string(name) + " ");
    REQUIRE(again != std::string::npos);
    const std::string line = MLZRUN + text.substr(again + 6, text.find('\n', again) - again - 6);
    REQUIRE(std::system(("cd " + out + " && " + line + " > " + result).c_str()) == 0);
    CHECK(read(result).find("# score: " + after("# score: ")) != std::string::npos);
  }
}

TEST_CASE("a text that lost, gained or renamed a param does not get params of another one") {
  const Folder folder;
  const std::string model = folder / "p.safetensors", text = read(MLZ_SOURCE_DIR "/examples/08_params.mlz");
  const std::string task = "--task digits:size=8,train=50,valid=50 --quiet ";
  REQUIRE(std::system((std::string(MLZRUN) + " " MLZ_SOURCE_DIR "/examples/08_params.mlz " + task + "--save " + model +
                       " > /dev/null").c_str()) == 0);
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    for (std::size_t at = 0; (at = changed.find(from, at)) != std::string::npos; at += to.size()) {
      changed.replace(at, from.size(), to);
    }
    std::ofstream(folder / "changed.mlz") << changed;
    const Ended ended = run("--preset program --population 4 --evaluations 4 --tune-inside 1 --init " + (folder / "changed.mlz") +
                            " " + task + "--load " + model);
    CHECK(ended.code == 2);
    return ended.out;
  };
  CHECK(refusal("param rate : scalar = 0.01", "const rate = 0.01").find("rate") != std::string::npos);
  CHECK(refusal("param rate", "param other : scalar = 1\nparam rate").find("other") != std::string::npos);
  CHECK(refusal("W0", "V0").find("0") != std::string::npos);
  CHECK(run("--tune es --tune-inside 2 --init stdlib/vsml.mlz --task digits").code == 2);
  CHECK(run("--preset automl-zero-demo --tune-inside 2").code == 2);
  CHECK(run("--preset program --tune-inside -1").code == 2);
}

TEST_CASE("on a full disk a search ends with 2, and goes on when there is room again") {
  const Folder folder;
  const std::string whole = folder / "whole", out = folder / "run";
  REQUIRE(run(kSmall + ("--out " + whole)).code == 0);
  // No file may grow over 16 KiB: the checkpoint is larger, the configuration is not.
  const std::string limited = "( trap '' XFSZ; ulimit -f 32; exec " + std::string(MLZEVOLVE) + " " + kSmall + "--out " + out +
                              " ) > " + (folder / "out") + " 2>&1";
  const int status = std::system(limited.c_str());
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 2);
  CHECK(read(folder / "out").find("cannot write " + out) != std::string::npos);
  CHECK(run("--quiet --resume " + out).code == 0);
  CHECK(contents(out) == contents(whole));
}
