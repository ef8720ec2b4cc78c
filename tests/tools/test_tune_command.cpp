#include <map>
#include <vector>

#include "tools/support/safetensors.hpp"
#include "tune.hpp"

using namespace mlz::tools;
using namespace mlz::tools::test;
namespace fs = std::filesystem;

namespace {

/// All files but timings, by name.
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name == "timing.jsonl") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    out[name] = text.str();
  }
  return out;
}

void check_same(const std::string& a, const std::string& b) {
  const auto first = contents(a), second = contents(b);
  CHECK(first.size() == second.size());
  for (const auto& [name, text] : first) {
    CAPTURE(name);
    CHECK((second.count(name) == 1 && second.at(name) == text));
  }
}

/// Starts a command and kills it once its log has reached a generation.
void kill_after(const std::string& arguments, const std::string& folder, int generation) {
  shell(std::string(MLZEVOLVE) + " " + arguments + " >/dev/null & p=$!; while ! grep -q '\"generation\":" +
        std::to_string(generation) + ",' " + folder +
        "/log.jsonl 2>/dev/null; do kill -0 $p 2>/dev/null || break; sleep 0.01; done; kill -9 $p; wait $p; true");
}

}  // namespace

TEST_CASE("an evolution strategy finds params that mlzrun loads") {
  const Folder folder;
  const std::string out = folder / "es";
  const Finished ended = mlzevolve("--tune es " + kSmall + "--generations 20 --json --out " + out);
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  const auto result = nlohmann::json::parse(ended.last_line());
  CHECK(result.at("stop") == "generations");
  CHECK(result.at("evaluations") == 160);
  CHECK(result.at("params") == 641);

  // The log has a score of the first params; a tenth is what guessing gives.
  std::istringstream log(folder.read("es/log.jsonl"));
  std::string line;
  REQUIRE(std::getline(log, line));
  const auto first = nlohmann::json::parse(line);
  CHECK(first.at("event") == "held_out");
  CHECK(first.at("score").get<double>() < 0.3);
  CHECK(result.at("held_out").get<double>() > first.at("score").get<double>() + 0.2);

  const TensorFile file = from_safetensors(folder.read("es/best.safetensors"), "best");
  CHECK(file.tensors.at("W0").shape == std::vector<std::int64_t>{10, 64});
  for (const char* key : {"program", "program_hash", "task", "seed", "command", "score"})
    CHECK(file.metadata.count(key) == 1);
  CHECK(std::stod(file.metadata.at("score")) == result.at("final").get<double>());

  const std::string load = " --load " + out + "/best.safetensors --quiet --json ";
  for (const std::string& program : {std::string("examples/08_params.mlz"), out + "/best.mlz"}) {
    const Finished run = mlzrun(program + load + kTask);
    REQUIRE_MESSAGE(run.code == 0, run.out);
    CHECK(nlohmann::json::parse(run.last_line()).at("test").get<double>() > 0.4);
  }
  const Finished other = mlzrun("examples/08_params.mlz --task digits" + load);
  CHECK(other.code == 2);
  CHECK(other.says("\"W0\" has shape [10, 64], but in the program it is [10, 256]"));
  CHECK(mlzrun("stdlib/mlp.mlz " + kTask + load).code == 2);
}

TEST_CASE("the loss as objective goes down, and stands beside the score everywhere") {
  const Folder folder;
  const std::string out = folder / "loss";
  const Finished ended = mlzevolve("--tune es --objective loss " + kSmall + "--generations 20 --json --out " + out);
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  std::istringstream log(folder.read("loss/log.jsonl"));
  std::vector<nlohmann::json> held_out, generations;
  for (std::string line; std::getline(log, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.at("event") == "held_out") held_out.push_back(json);
    if (json.at("event") == "generation") generations.push_back(json);
  }
  REQUIRE(generations.size() == 20);
  for (const auto& g : generations) CHECK(g.at("best_loss").get<double>() <= g.at("mean_loss").get<double>());
  CHECK(held_out.back().at("loss").get<double>() < 0.9 * held_out.front().at("loss").get<double>());
  CHECK(held_out.back().at("score").get<double>() > held_out.front().at("score").get<double>());
  const auto result = nlohmann::json::parse(ended.last_line());
  const TensorFile file = from_safetensors(folder.read("loss/best.safetensors"), "best");
  CHECK(std::stod(file.metadata.at("loss")) == result.at("final_loss").get<double>());
  CHECK(std::stod(file.metadata.at("score")) == result.at("final").get<double>());
}

TEST_CASE("gradient descent goes down, and keeps the params that were worth most") {
  const Folder folder;
  const std::string out = folder / "grad";
  const Finished ended = mlzevolve("--tune grad --objective loss " + kSmall +
                                   "--rate 0.02 --schedule cosine --warmup 3 --decay-steps 30 --clip 1 --generations 30 "
                                   "--held-out-every 3 --json --out " + out);
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  std::istringstream log(folder.read("grad/log.jsonl"));
  double first = 0, lowest = 1e300;
  std::int64_t best = -1, updates = 0;
  for (std::string line; std::getline(log, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.at("event") == "generation") {
      ++updates;
      CHECK(json.at("norm").get<double>() > 0);
      if (updates == 1) CHECK(json.at("rate").get<double>() == doctest::Approx(0.02 / 3));
    }
    if (json.at("event") != "held_out") continue;
    const double loss = json.at("loss");
    if (json.at("generation") == 0) first = loss;
    if (loss < lowest) {
      lowest = loss;
      best = json.at("generation");
    }
  }
  CHECK(updates == 30);
  CHECK(lowest < 0.8 * first);
  const auto result = nlohmann::json::parse(ended.last_line());
  CHECK(result.at("held_out_loss").get<double>() == lowest);
  const TensorFile file = from_safetensors(folder.read("grad/best.safetensors"), "best");
  CHECK(file.metadata.at("generation") == std::to_string(best));
  CHECK(std::stod(file.metadata.at("loss")) == result.at("final_loss").get<double>());
  const Finished next = mlzevolve("--tune grad --objective loss " + kSmall + "--generations 1 --load " + out +
                                  "/best.safetensors --out " + (folder / "next"));
  REQUIRE_MESSAGE(next.code == 0, next.out);
  const std::string begun = folder.read("next/log.jsonl");
  CHECK(nlohmann::json::parse(begun.substr(0, begun.find('\n'))).at("loss").get<double>() == lowest);
}

TEST_CASE("lifetimes that share a machine change nothing") {
  const Folder folder;
  const std::string search = "--tune ga " + kSmall + "--generations 3 ";
  for (const char* lanes : {"1", "5", "16"}) {
    REQUIRE(mlzevolve(search + "--lanes " + lanes + " --out " + (folder / lanes)).code == 0);
    CHECK(folder.read(lanes + std::string("/log.jsonl")) == folder.read("1/log.jsonl"));
  }
}

TEST_CASE("the commands of the manual work as they stand") {
  const Folder folder;
  std::ifstream manual(MLZ_SOURCE_DIR "/docs/command_line.md");
  int commands = 0;
  for (std::string line; std::getline(manual, line);) {
    const std::size_t place = line.find("runs/params");
    if (place == std::string::npos || line.rfind("mlz", 0) != 0) continue;
    line.replace(place, 4, folder / "runs");
    const std::size_t space = line.find(' ');
    const Finished ended = shell((line.substr(0, space) == "mlzrun" ? MLZRUN : MLZEVOLVE) + line.substr(space));
    CHECK_MESSAGE(ended.code == 0, ended.out);
    ++commands;
  }
  CHECK(commands == 3);
}

TEST_CASE("threads and kills change nothing") {
  const Folder folder;
  for (const std::string tune : {"es --shaping ranks", "cma", "cma --covariance diagonal", "ga", "random",
                                 "grad --schedule inverse_sqrt --warmup 4"}) {
    CAPTURE(tune);
    const bool full = tune == "cma";  // 641 params would take long
    const std::string program = full ? " --init " + folder.write("rate.mlz",
                                                                 "param rate : scalar = 0.001\nparam b : scalar = 0\n"
                                                                 "state W : matrix[outputs, features]\n"
                                                                 "def Predict(x):\n  y = W @ x\n"
                                                                 "def Learn(x, target):\n"
                                                                 "  W += rate * outer(target - softmax(y + b), x)\n")
                                     : "";
    const std::string name = std::to_string(std::hash<std::string>{}(tune));
    const std::string whole = folder / ("whole" + name), killed = folder / ("killed" + name);
    const std::string wide = folder / ("wide" + name);
    const std::string search = "--tune " + tune + " " + kSmall + program + " --generations 12 ";
    const Finished ended = mlzevolve(search + "--out " + whole);
    REQUIRE_MESSAGE(ended.code == 0, ended.out);
    kill_after(search + "--out " + killed, killed, 2);
    kill_after("--quiet --resume " + killed, killed, 7);
    REQUIRE(mlzevolve("--quiet --resume " + killed).code == 0);
    check_same(whole, killed);
    REQUIRE(mlzevolve(search + "--threads 3 --out " + wide).code == 0);
    for (const char* file : {"/log.jsonl", "/best.safetensors"}) {
      CHECK(folder.read("wide" + name + file) == folder.read("whole" + name + file));
    }
  }
}

TEST_CASE("a run that ended goes on with a larger limit") {
  const Folder folder;
  REQUIRE(mlzevolve("--tune es " + kSmall + "--generations 9 --out " + (folder / "whole")).code == 0);
  REQUIRE(mlzevolve("--tune es " + kSmall + "--generations 5 --out " + (folder / "parts")).code == 0);
  REQUIRE(mlzevolve("--quiet --generations 9 --resume " + (folder / "parts")).code == 0);
  check_same(folder / "whole", folder / "parts");
  const Finished other = mlzevolve("--sigma 0.5 --resume " + (folder / "parts"));
  CHECK(other.code == 2);
  CHECK(other.says("sigma was 0.02 when the run began and is now 0.5"));
  CHECK(mlzevolve("--tune cma --resume " + (folder / "parts")).code == 2);
  CHECK(mlzevolve("--tune es " + kSmall + "--generations 5 --out " + (folder / "parts")).code == 2);
}

TEST_CASE("a run whose program changed does not go on") {
  const Folder folder;
  const std::string text = "param W : matrix[outputs, features]\ndef Predict(x):\n  y = W @ x";
  const std::string program = folder.write("mine.mlz", text + "\n");
  const std::string more = "--tune es " + kSmall + "--init " + program + " ";
  REQUIRE(mlzevolve(more + "--generations 2 --out " + (folder / "run")).code == 0);
  const std::string log = folder.read("run/log.jsonl"), best = folder.read("run/best.safetensors");
  folder.write("mine.mlz", text + " * 2\n");
  const Finished changed = mlzevolve("--generations 4 --resume " + (folder / "run"));
  CHECK(changed.code == 2);
  CHECK(changed.says("no longer the program that the run began with"));
  CHECK(folder.read("run/best.safetensors") == best);
  CHECK(folder.read("run/log.jsonl") == log);
  folder.write("mine.mlz", text + "\n");
  CHECK(mlzevolve("--quiet --generations 4 --resume " + (folder / "run")).code == 0);
}

TEST_CASE("Ctrl-C saves params and ends") {
  const Folder folder;
  const std::string out = folder / "run";
  const Finished ended = shell(std::string(MLZEVOLVE) + " --tune es " + kSmall + "--out " + out +
                               " & p=$!; while ! grep -q '\"generation\":2,' " + out +
                               "/log.jsonl 2>/dev/null; do kill -0 $p || break; sleep 0.01; done; kill -INT $p; wait $p");
  CHECK(ended.code == 1);
  CHECK(ended.says("interrupted"));
  CHECK(fs::exists(out + "/checkpoint"));
  CHECK(mlzrun("examples/08_params.mlz --quiet --load " + out + "/best.safetensors " + kTask).code == 0);
}

TEST_CASE("params that a search starts from") {
  const Folder folder;
  REQUIRE(mlzevolve("--tune es " + kSmall + "--generations 8 --out " + (folder / "first")).code == 0);
  const Finished next = mlzevolve("--tune cma --covariance diagonal " + kSmall + "--generations 1 --load " +
                                  (folder / "first") + "/best.safetensors --out " + (folder / "next"));
  REQUIRE_MESSAGE(next.code == 0, next.out);
  const std::string log = folder.read("next/log.jsonl");
  CHECK(nlohmann::json::parse(log.substr(0, log.find('\n'))).at("score").get<double>() > 0.3);
}

TEST_CASE("what cannot be searched is refused with the reason") {
  const Folder folder;
  const auto refused = [&](const std::string& arguments, const std::string& reason) {
    CAPTURE(arguments);
    const Finished ended = mlzevolve(arguments + " --generations 1 --out " + (folder / "none"));
    CHECK(ended.code == 2);
    CHECK_MESSAGE(ended.says(reason), ended.out);
    CHECK_FALSE(fs::exists(folder / "none"));
  };
  refused("--tune es --task digits", "name it by --init");
  refused("--tune es --init stdlib/mlp.mlz --task digits", "declares no param");
  refused("--tune best --init examples/08_params.mlz", "must be one of none, es, cma, ga, grad, fme, random");
  refused("--tune es --shaping square " + kSmall, "must be one of none, ranks");
  refused("--tune es " + kSmall + "--sigma 0", "sigma");
  refused("--tune es --objective error " + kSmall, "must be one of score, loss");
  refused("--tune es --objective loss --task cartpole --init stdlib/sfnn.mlz", "has no loss");
  refused("--tune es --lanes -1 " + kSmall, "lanes");
  refused("--tune grad --task cartpole --init stdlib/sfnn.mlz", "has none");
  refused("--tune grad --schedule cosine --warmup 5 --decay-steps 5 " + kSmall, "--decay-steps");
  refused("--tune grad --schedule steps " + kSmall, "must be one of constant, inverse_sqrt, cosine");
  refused("--tune grad --beta1 1 " + kSmall, "beta1");
  refused("--tune es " + kSmall + "--population 7", "pairs");
  refused("--tune cma " + kSmall + "--population 3", "4 candidates");
  refused("--tune cma --init examples/08_params.mlz --task digits:size=32", "use --covariance diagonal");
  refused("--tune es --task digits --init " + folder.write("holes.mlz", "param a : scalar\ndef Predict(x):\n  y = ?\n"),
          "holes");
  refused("--tune es " + kSmall + "--select-task digits", "params depend on the task");
  refused("--tune es " + kSmall + "--baseline random", "--tune random");
  refused("--tune es --init nowhere.mlz --task digits", "nowhere.mlz");
  refused("--tune es " + kSmall + "--load " + folder.write("bad", "nothing"), "bad");
}

TEST_CASE("one vector of params serves several tasks") {
  const Folder folder;
  const std::string program = folder.write("two.mlz", "param rate : scalar = 0.0001\n"
                                                      "state W : matrix[outputs, features]\n"
                                                      "def Predict(x):\n  y = W @ x\n"
                                                      "def Learn(x, target):\n"
                                                      "  W += rate * outer(target - softmax(y), x)\n");
  const std::string tasks = "--task 'digits:size=8,train=100,valid=50; digits:size=16,train=100,valid=50' ";
  const Finished ended = mlzevolve("--tune ga --sigma 0.02 --tasks 1 --select-tasks 2 --final-tasks 2 --population 6 "
                                   "--quiet --json --generations 6 --init " + program + " " + tasks);
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  CHECK(nlohmann::json::parse(ended.last_line()).at("params") == 1);
  const Finished shared = mlzevolve("--tune es --init examples/08_params.mlz " + tasks);
  CHECK(shared.code == 2);
  CHECK(shared.says("`W0` depends on the task"));
}

namespace {

nlohmann::json last_generation(const std::string& log) {
  std::istringstream lines(log);
  nlohmann::json found;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.at("event") == "generation") found = json;
  }
  return found;
}

}  // namespace

TEST_CASE("solutions that modify themselves: threads and kills change nothing") {
  const Folder folder;
  const std::string search = kFme + kBandit + "--fme-ahead 3 --fme-parents rescore --train-steps 6000 --out ";
  const Finished ended = mlzevolve(search + (folder / "whole"));
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  kill_after(search + (folder / "killed"), folder / "killed", 20);
  kill_after("--quiet --resume " + (folder / "killed"), folder / "killed", 60);
  REQUIRE(mlzevolve("--quiet --resume " + (folder / "killed")).code == 0);
  check_same(folder / "whole", folder / "killed");
  REQUIRE(mlzevolve(search + (folder / "wide") + " --threads 3").code == 0);
  for (const char* file : {"/log.jsonl", "/best.safetensors"}) {
    CHECK(folder.read("wide" + std::string(file)) == folder.read("whole" + std::string(file)));
  }
  const std::string best = folder / "whole/best";
  const Finished run = mlzrun(best + ".mlz --quiet --load " + best + ".safetensors " + kBandit);
  CHECK_MESSAGE(run.code == 0, run.out);
  CHECK(mlzevolve("--fme-kappa 9 --resume " + (folder / "whole")).code == 2);
}

TEST_CASE("fitness monotonic execution and its controls take equally many steps") {
  const Folder folder;
  int number = 0;
  for (const std::string control :
       {"", "--set modify=0", "--fme-child parent", "--fme-pool uniform", "--fme-pool rewards",
        "--fme-child noise --fme-pool best", "--fme-child fresh --fme-pool best"}) {
    CAPTURE(control);
    const std::string out = folder / std::to_string(number++);
    const Finished ended = mlzevolve(kFme + kBandit + control + " --train-steps 1000 --json --out " + out);
    REQUIRE_MESSAGE(ended.code == 0, ended.out);
    const auto result = nlohmann::json::parse(ended.last_line());
    CHECK(result.at("train_steps") == 1000);
    CHECK(result.at("evaluations") == 50);
    CHECK(result.at("stop") == "train steps");
  }
  const Finished pole = mlzevolve(kFme + "--task cartpole:episodes=1000,weights=equal --fme-run-steps 500 "
                                         "--train-steps 5000 --json");
  REQUIRE_MESSAGE(pole.code == 0, pole.out);
  CHECK(nlohmann::json::parse(pole.last_line()).at("train_steps") == 5000);
  REQUIRE(mlzevolve(kFme + kBandit + " --train-steps 1000 --seed 6 --out " + (folder / "again")).code == 0);
  const Finished table = mlzevolve("--compare A=" + (folder / "0") + "," + (folder / "again") + " --compare B=" +
                                   (folder / "3") + " --plot " + (folder / "curves.svg"));
  CHECK_MESSAGE(table.code == 0, table.out);
  CHECK(folder.read("curves.svg").find("</svg>") != std::string::npos);
}

TEST_CASE("without self-modification or with its own parent as child, a solution stays what it was") {
  const Folder folder;
  for (const std::string control : {"--set modify=0", "--fme-child parent"}) {
    const Finished ended = mlzevolve(kFme + kBandit + control + " --train-steps 1000 --json");
    REQUIRE_MESSAGE(ended.code == 0, ended.out);
    const Finished first = mlzevolve(kFme + kBandit + control + " --train-steps 20 --json");
    CHECK(nlohmann::json::parse(ended.last_line()).at("final") == nlohmann::json::parse(first.last_line()).at("final"));
  }
}

TEST_CASE("runs that fail leave no solution and are paid for") {
  const Folder folder;
  const std::string program = folder.write("fails.mlz", "param b : vector[2] = 3\nstate B = b\n"
                                                        "def Predict(x):\n  y = sqrt(B)\n"
                                                        "def Learn(x):\n  B = B - 1\n");
  const Finished ended = mlzevolve("--tune fme --tasks 1 --quiet --json --select-tasks 2 --final-tasks 2 "
                                   "--train-steps 100 --task bandit:steps=20 --init " +
                                   program + " --out " + (folder / "run"));
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  const auto last = last_generation(folder.read("run/log.jsonl"));
  CHECK(last.at("dropped") == 20);
  CHECK(last.at("train_steps") == 100);
  CHECK(last.at("solutions") == 0);
}

TEST_CASE("settings of fitness monotonic execution that make no sense are refused") {
  const Folder folder;
  const auto refused = [&](const std::string& arguments, const std::string& reason) {
    CAPTURE(arguments);
    const Finished ended = mlzevolve(kFme + kBandit + arguments + " --generations 1 --out " + (folder / "none"));
    CHECK(ended.code == 2);
    CHECK_MESSAGE(ended.says(reason), ended.out);
    CHECK_FALSE(fs::exists(folder / "none"));
  };
  refused("--tasks 2", "a run is one lifetime");
  refused("--task 'bandit; bandit:arms=2'", "takes one task");
  refused("--fme-pool heap", "must be one of buckets, rewards, uniform, best");
  refused("--fme-child clone", "must be one of modified, parent, noise, fresh");
  refused("--fme-own-share 0", "fme-own-share");
  refused("--fme-own-share 1.5", "fme-own-share");
  refused("--fme-ahead 0", "fme-ahead");
  refused("--fme-founders 0", "fme-founders");
  refused("--fme-tau 0", "fme-tau");
  refused("--task bandit:first=2", "first=2 names no arm");
  const Finished nothing = mlzevolve("--tune fme --tasks 1 --generations 1 " + kBandit + "--init " +
                                     folder.write("fixed.mlz", "param b : vector[2]\ndef Predict(x):\n  y = b * b\n"));
  CHECK(nothing.code == 2);
  CHECK(nothing.says("no state begins as a param"));
  CHECK(mlzevolve("--compare nothing").code == 2);
  CHECK(mlzevolve("--compare a=" + (folder / "nowhere")).code == 2);
  CHECK(mlzevolve("--compare a=").code == 2);
}
