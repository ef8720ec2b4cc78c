#include <cmath>
#include <utility>
#include <vector>

#include "command.hpp"

using namespace mlz::tools::test;

namespace {

/// Counts its steps; a vector goes with it.
const std::string kCounter = "state n : scalar\nstate v : vector[3]\nstate F[i in range(2)] : matrix[2, 2]\n"
                             "def Predict(x):\n  y = n\n"
                             "def Learn(x, target):\n  n = n + 1\n  v[0] = n\n  F[1] = F[1] + 1\n  spare = n * 2\n";
const std::string kTask = " --task linear:train=10,valid=5,test=5 --protocol stream --quiet ";

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream in(csv);
  for (std::string line; std::getline(in, line);) {
    auto& row = rows.emplace_back(1);
    for (const char c : line) {
      if (c == ',') {
        row.emplace_back();
      } else {
        row.back() += c;
      }
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("a probe shows registers at birth and after every so many steps") {
  const Folder folder;
  const std::string program = folder.write("counter.mlz", kCounter);
  const std::string file = folder / "probe.csv";
  const Finished run = mlzrun(program + kTask + "--runs 2 --probe n,v,F,spare --probe-every 4 --probe-file " + file);
  REQUIRE_MESSAGE(run.code == 0, run.out);
  const auto rows = rows_of(folder.read("probe.csv"));
  CHECK(rows.at(0) == std::vector<std::string>{"seed", "step", "register", "value", "mean", "deviation", "norm"});
  REQUIRE(rows.size() == 1 + 2 * 3 * 5);  // runs, steps 0, 4 and 8, registers
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];
    CAPTURE(i);
    REQUIRE(row.size() == 7);
    CHECK(row[0] == (i <= 15 ? "1" : "2"));
    const double step = std::stod(row[1]);
    CHECK(step == 4.0 * static_cast<double>((i - 1) / 5 % 3));
    if (row[2] == "n") CHECK(std::stod(row[3]) == step);
    if (row[2] == "spare") CHECK(std::stod(row[3]) == 2 * step);
    if (row[2] == "v") {
      CHECK(row[3].empty());
      CHECK(std::stod(row[4]) == doctest::Approx(step / 3));
      CHECK(std::stod(row[5]) == doctest::Approx(step * std::sqrt(2.0) / 3));
      CHECK(std::stod(row[6]) == step);
    }
    if (row[2] == "F[0]") CHECK(std::stod(row[6]) == 0);
    if (row[2] == "F[1]") CHECK(std::stod(row[6]) == doctest::Approx(2 * step));
  }
}

TEST_CASE("a role stands for the register that serves as it") {
  const Folder folder;
  const std::string program = folder.write("numbered.mlz", "state v1 : vector[features]\ndef Predict():\n  s1 = dot(v0, v1)\n"
                                                           "def Learn():\n  s2 = s0 - s1\n  v1 = v1 + 0.1 * s2 * v0\n");
  const Finished run = mlzrun(program + kTask + "--probe y,target --probe-every 5");
  REQUIRE_MESSAGE(run.code == 0, run.out);
  CHECK(run.says("\n1,5,s1,"));
  CHECK(run.says("\n1,5,s0,"));
}

TEST_CASE("looking changes no score, on any engine and under any protocol") {
  const auto score = [](const Finished& run) { return nlohmann::json::parse(run.last_line()); };
  const std::pair<std::string, std::string> cases[] = {
      {"stdlib/mlp.mlz --task digits:size=8,train=300,test=100", "W,t"},
      {"stdlib/mlp.mlz --task digits:size=8,train=300,test=100 --engine reference", "W,t"},
      {"stdlib/automl_linear.mlz --task linear:train=200", "v1"},
      {"stdlib/sfnn.mlz --load " MLZ_SOURCE_DIR "/models/sfnn-cartpole.safetensors --task cartpole:episodes=2", "node,reward"},
  };
  for (const auto& [arguments, registers] : cases) {
    CAPTURE(arguments);
    const std::string command = arguments + " --quiet --json";
    const Finished plain = mlzrun(command);
    REQUIRE_MESSAGE(plain.code == 0, plain.out);
    const Finished probed = mlzrun(command + " --probe-every 7 --probe " + registers);
    REQUIRE_MESSAGE(probed.code == 0, probed.out);
    CHECK(probed.says("seed,step,register,value,mean,deviation,norm\n1,0,"));
    CHECK(probed.says("\n1,7,"));
    for (const char* key : {"train", "test", "score", "valid"}) {
      if (!score(plain).contains(key)) continue;
      CHECK(score(plain).at(key) == score(probed).at(key));
    }
  }
}

TEST_CASE("probes that cannot be are refused") {
  const Folder folder;
  const std::string program = folder.write("counter.mlz", kCounter);
  const auto refused = [&](const std::string& options, const std::string& reason) {
    const Finished run = mlzrun(program + kTask + options);
    CAPTURE(options);
    CHECK(run.code == 2);
    CHECK_MESSAGE(run.says(reason), run.out);
  };
  refused("--probe spar", "--probe spar: the program has no register of this name; did you mean spare?");
  refused("--probe n,W", "--probe W: the program has no register");
  refused("--probe-every 5", "belong to --probe");
  refused("--probe-file x.csv", "belong to --probe");
  refused("--probe n --probe-every 0", "--probe-every");
  refused("--probe n --trace", "leave one of them out");
  refused("--probe n --simplify", "leave one of them out");
  refused("--probe n --probe-file /proc/nowhere/x.csv", "--probe-file");
  refused("--probe n --probe-file a.csv --curve a.csv", "two outputs would go to this file");
}
