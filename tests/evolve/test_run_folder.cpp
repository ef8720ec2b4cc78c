#include <string>

#include "command.hpp"

using namespace mlz::evolve::test;

TEST_CASE("the page about a run has random programs beside its own") {
  const Folder folder;
  const std::string out = folder / "run";
  const Ended ended = run(kSmall + ("--experiment-evaluations 1000 --baseline random --json --out " + out));
  REQUIRE(ended.code == 0);
  const std::string page = read(out + "/report.html");
  CHECK(page.find("Beside random programs") != std::string::npos);
  CHECK(page.find("<td>of the search</td><td>2000</td>") != std::string::npos);
  const std::string row = "<td>random (folder baseline/)</td><td>2000</td>";
  const std::size_t found = page.find(row);
  REQUIRE(found != std::string::npos);
  // Its scores are those that are printed.
  const std::size_t printed = ended.out.find("search      ", ended.out.find("random programs, as many"));
  REQUIRE(printed != std::string::npos);
  const std::string score = ended.out.substr(printed + 12, 8);
  CHECK(page.substr(found, page.find("</tr>", found) - found).find("<td>" + score + "</td>") != std::string::npos);
  CHECK(read(out + "/baseline/report.html").find("Beside random programs") == std::string::npos);
}

TEST_CASE("every program of a run states its own score and the command that gives it") {
  const Folder folder;
  const std::string out = folder / "run";
  REQUIRE(run("--preset program --init stdlib/automl_linear.mlz --genome general --task linear:features=4,train=60,valid=40 "
              "--tasks 2 --select-tasks 2 --final-tasks 2 --evaluations 400 --tune-constants 40 --quiet --out " +
              out)
              .code == 0);
  int changed = 0;
  for (const char* file : {"best.mlz", "best_readable.mlz", "programs/experiment-0001.mlz"}) {
    CAPTURE(file);
    const std::string text = read(out + "/" + file);
    const auto line = [&](const std::string& name) {
      const std::size_t at = text.find("# " + name + ": ");
      REQUIRE(at != std::string::npos);
      const std::size_t begin = at + name.size() + 4;
      return text.substr(begin, text.find('\n', begin) - begin);
    };
    const std::string command = line("score again");
    CHECK(command.find(std::string("mlzrun --simplify ") + file + " ") == 0);
    const std::string full = MLZRUN + command.substr(6);
    const std::string again = folder / "again";
    REQUIRE(std::system(("cd " + out + " && " + full + " > " + again + " 2>&1").c_str()) == 0);
    const std::string score = line("score").substr(0, line("score").find(' '));
    CHECK_MESSAGE(read(again).find(score) != std::string::npos, read(again));
    changed += file == std::string("best_readable.mlz") && text.find("# readable form of: best.mlz") != std::string::npos;
  }
  CHECK(changed == 1);
}

TEST_CASE("a search that needs more memory than allowed does not begin") {
  const Folder folder;
  const auto refused = [&](const std::string& arguments, const std::string& reason) {
    const Ended ended = run(arguments + " --quiet --evaluations 50 --generations 1 --out " + (folder / "none"));
    CAPTURE(ended.out);
    CHECK(ended.code == 2);
    CHECK(has(ended, "more than the allowed"));
    CHECK(has(ended, reason));
    CHECK_FALSE(fs::exists(folder / "none"));
  };
  const std::string mlp = "--preset program --init stdlib/mlp.mlz --task digits:size=8,train=50,valid=50 ";
  refused(kSmall + std::string("--max-memory 7"), "8 MiB for caches of scores (--cache-size 262144)");
  refused(kSmall + std::string("--population 1000000 --max-memory 64"), "--population 1000000");
  refused(mlp + "--set hidden=8000 --threads 4 --max-memory 64", "registers in 4 threads");
  refused(mlp + "--set hidden=100000000 --max-memory 64", "--max-memory of mlzrun and mlzevolve");
  const std::string params = "--init " MLZ_SOURCE_DIR "/examples/08_params.mlz --sigma 0.1 "
                             "--task digits:size=8,train=50,valid=50 ";
  refused("--tune es " + params + "--population 100000 --max-memory 64", "100000 candidates of 641 numbers");
  refused("--tune cma " + params + "--max-memory 8", "--covariance diagonal");
  CHECK(run(mlp + "--evaluations 20 --quiet --max-memory 64").code == 0);
}

TEST_CASE("a file that gives a setting twice is refused, naming both lines") {
  const Folder folder;
  const auto says = [&](const std::string& text, const std::string& reason) {
    std::ofstream(folder / "mine.conf") << text;
    const Ended ended = run("--print-config --config " + (folder / "mine.conf"));
    CAPTURE(ended.out);
    CHECK(ended.code == 2);
    CHECK(has(ended, reason));
  };
  says("tasks = 3\n# a comment\nseed = 4\ntasks = 5\n", "tasks is given twice, in line 1 and in line 4");
  says("select-tasks = 3\nselect_tasks = 3\n", "select_tasks is given twice, in line 1 and in line 2");
  says("{\n  \"tasks\": 3,\n  \"data\": \"tasks\",\n  \"tasks\": 5\n}\n", "tasks is given twice, in line 2 and in line 4");
  says("{\"select-tasks\": 3,\n\"select_tasks\": 5}\n", "select_tasks is given twice, in line 1 and in line 2");
}

TEST_CASE("messages about the program of a search name it") {
  const Ended none = run("--preset program --init '' --task digits");
  CHECK(none.code == 2);
  CHECK(has(none, "name it by --init FILE.mlz"));
  const Ended error = run("--preset program --init stdlib/mlp.mlz --evaluations 20 --max-error 5");
  CHECK(error.code == 2);
  CHECK(has(error, "--max-error has no effect under the stream protocol"));
  const Ended world = run("--preset program --task cartpole");
  CHECK(world.code == 2);
  CHECK(has(world, "stdlib/mlp.mlz: error: the control protocol shows one step"));
  CHECK(has(world, "programs begin as stdlib/mlp.mlz, which --preset program names; --init names another one"));
}
