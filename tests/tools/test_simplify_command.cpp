#include "command.hpp"

using namespace mlz::tools::test;

namespace {

/// The score that a run ends with, as it is printed in JSON.
std::string score_of(const Finished& run) { return nlohmann::json::parse(run.last_line())["score"].dump(); }

std::string after(const std::string& text, const std::string& word) {
  const std::size_t at = text.find(word) + word.size();
  return text.substr(at, text.find_first_of(" \n", at) - at);
}

}  // namespace

TEST_CASE("--simplify prints a program that runs to the same score") {
  const Folder folder;
  for (const std::string arguments : {"stdlib/automl_nn.mlz --task linear --quiet",
                                      "stdlib/mlp.mlz --set hidden=8 --task digits:size=8,train=200 --quiet"}) {
    CAPTURE(arguments);
    const Finished printed = mlzrun(arguments + " --simplify");
    REQUIRE(printed.code == 0);
    const std::string file = folder.write("readable.mlz", printed.out);
    const std::string task = arguments.substr(arguments.find("--task"));
    const std::string score = score_of(mlzrun(file + " " + task + " --json"));
    CHECK(score == score_of(mlzrun(arguments + " --json")));
    CHECK(after(printed.out, "# score: ") == score);
  }
}

TEST_CASE("--ablate and --tune make programs smaller and better") {
  const Finished plain = mlzrun("stdlib/automl_nn.mlz --task linear --simplify");
  const Finished smaller = mlzrun("stdlib/automl_nn.mlz --task linear --simplify --ablate");
  CHECK(smaller.out.size() < plain.out.size());
  CHECK(std::stod(after(smaller.out, "# score: ")) >= std::stod(after(plain.out, "# score: ")));
  const Finished tuned = mlzrun("stdlib/automl_linear.mlz --task linear --simplify --tune 100");
  CHECK(tuned.says("(before: 0.42"));
  CHECK(std::stod(after(tuned.out, "# score: ")) > 0.8);
  const Finished alone = mlzrun("stdlib/automl_linear.mlz --task linear --ablate");
  CHECK(alone.code == 2);
  CHECK(alone.says("--simplify"));
}
