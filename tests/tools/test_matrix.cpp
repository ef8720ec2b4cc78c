#include "command.hpp"

using namespace mlz::tools::test;

namespace {

const char* const kRows =
    "# two learners, three tasks\n"
    "runs 3\n"
    "at 10,20\n"
    "window 5\n"
    "learner linear model = stdlib/online.mlz --set n=[features,outputs]\n"
    "learner nets = stdlib/sfnn.mlz --set 'nodes=16'\n"
    "\n"
    "task digits = online:data=digits,size=8,steps=20\n"
    "task pole = cartpole:episodes=1,steps=20\n"
    "task gone = idx:images=/nowhere,labels=/nowhere\n";

const nlohmann::json& cell(const nlohmann::json& matrix, const std::string& learner, const std::string& task) {
  for (const auto& cell : matrix.at("cells"))
    if (cell.at("learner") == learner && cell.at("task") == task) return cell;
  FAIL("no such cell");
  return matrix;
}

/// The exit code of a matrix of these rows must be 2, and its message have `part`.
void check_refused(const std::string& rows, const std::string& part) {
  const Folder folder;
  const Finished run = mlzrun("--matrix " + folder.write("m.matrix", rows));
  INFO(rows);
  INFO(run.out);
  CHECK(run.code == 2);
  CHECK(run.says(part));
}

}  // namespace

TEST_CASE("a matrix runs what fits, and says what does not and why") {
  const Folder folder;
  const std::string file = folder.write("m.matrix", kRows), json = folder / "m.json", plot = folder / "m.svg";
  const Finished run = mlzrun("--matrix " + file + " --json --quiet --results " + json + " --plot " + plot);
  INFO(run.out);
  CHECK(run.code == 0);
  CHECK(run.says("mean +- deviation of 3 runs (seeds 1 to 3)"));
  CHECK(run.says("digits (train)"));
  CHECK(run.says("pole (fitness)"));
  CHECK(run.says("digits: accuracy at numbers of examples, over the last 5 predictions"));
  CHECK(run.says("] nets on digits: stdlib/sfnn.mlz"));
  CHECK(run.says("needs the size `actions`"));
  CHECK(run.says("] linear model on gone: the data file /nowhere does not exist"));

  const auto matrix = nlohmann::json::parse(run.last_line());
  CHECK(matrix == nlohmann::json::parse(folder.read("m.json")));
  CHECK(matrix.at("cells").size() == 6);
  CHECK(cell(matrix, "nets", "digits").at("fits") == false);
  CHECK(cell(matrix, "linear model", "gone").at("reason").get<std::string>().find("/nowhere") != std::string::npos);
  const auto& digits = cell(matrix, "linear model", "digits");
  CHECK(digits.at("n") == 3);
  CHECK(digits.at("failed") == 0);
  CHECK(digits.at("at").size() == 2);
  CHECK(digits.at("at")[1].at("examples") == 20);
  const std::string svg = folder.read("m.svg");
  CHECK(svg.find(">linear model<") != std::string::npos);
  CHECK(svg.find(">pole<") != std::string::npos);
  CHECK(svg.find(">gone<") == std::string::npos);
}

TEST_CASE("a cell is what the command it names gives, and the command line goes before the file") {
  const Folder folder;
  const std::string file = folder.write("m.matrix", kRows);
  const Finished run = mlzrun("--matrix " + file + " --json --quiet --runs 2 --seed 7 --at 15 --window 4");
  const auto digits = cell(nlohmann::json::parse(run.last_line()), "linear model", "digits");
  CHECK(digits.at("n") == 2);
  CHECK(digits.at("at").size() == 1);
  const std::string command = digits.at("command");
  CHECK(command.find("--at 15 --window 4 --runs 2 --seed 7") != std::string::npos);
  const auto alone = nlohmann::json::parse(mlzrun(command.substr(7) + " --json --quiet").last_line());
  CHECK(alone.at("train") == digits.at("mean"));
  CHECK(alone.at("at").at("window") == 4);
  CHECK(alone.at("at").at("scores")[0].at("mean") == digits.at("at")[0].at("mean"));
  CHECK(alone.at("at").at("scores")[0].at("examples") == 15);
}

TEST_CASE("runs that fail are counted, not averaged") {
  const Folder folder;
  const std::string wild = folder.write(
      "wild.mlz",
      "state y : vector[outputs]\ndef Setup():\n  s9 = 0\ndef Predict(x):\n  y[0] = 1 / uniform(-1, 1) * s9\n"
      "def Learn(x, target):\n  s9 = s9 * 1e30 + 1e30\n");
  const Finished run = mlzrun("--matrix " +
                              folder.write("m", "runs 2\nlearner wild = '" + wild +
                                                    "' --dtype f32\ntask d = online:data=digits,size=8,steps=20\n") +
                              " --quiet");
  INFO(run.out);
  CHECK(run.code == 1);
  CHECK(run.says("2 of 2 runs failed and do not count"));
  CHECK(run.says("prediction not finite"));
}

TEST_CASE("matrices that cannot be read") {
  const std::string learner = "learner a = stdlib/online.mlz\n", task = "task t = digits:train=10\n";
  check_refused("", "no line 'learner NAME = ...'");
  check_refused(learner, "no line 'task NAME = ...'");
  check_refused(learner + "tsak t = digits\n", "line 2: 'tsak' is not one of learner, task");
  check_refused("learner stdlib/online.mlz\n" + task, "line 1: expected a name and what it is");
  check_refused("learner a =\n" + task, "line 1: expected a name");
  check_refused(learner + learner + task, "line 2: the name 'a' stands for two things");
  check_refused("learner a = stdlib/online.mlz --task digits\n" + task, "line 1: ");
  check_refused("learner a = stdlib/online.mlz --set hidden\n" + task, "line 1: --set hidden: expected name=value");
  check_refused("learner a = 'stdlib/online.mlz\n" + task, "a quote ' is not closed");
  check_refused("learner a = --dtype f32\n" + task, "which program?");
  check_refused("runs 0\n" + learner + task, "'0' is not a whole number from 1 to 100000");
  check_refused("at 5,,6\n" + learner + task, "'' is not a whole number");
  check_refused("learner a = /nowhere.mlz\n" + task, "learner a: ");
  check_refused("learner a = stdlib/sfnn.mlz\n" + task, "no learner fits any of the tasks");
  CHECK(mlzrun("--matrix /nowhere").code == 2);
  CHECK(mlzrun("--matrix /tmp").code == 2);
  const Finished both = mlzrun("stdlib/online.mlz --matrix examples/learners.matrix");
  CHECK(both.code == 2);
  CHECK(both.says("has no place beside --matrix"));
  CHECK(mlzrun("stdlib/online.mlz --results a.json").code == 2);
}
