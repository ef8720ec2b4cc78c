#include "command.hpp"

using namespace mlz::tools::test;

namespace {

nlohmann::json result_of(const std::string& arguments) {
  const Finished run = mlzrun(arguments + " --json --quiet");
  INFO(arguments);
  INFO(run.out);
  REQUIRE(run.code == 0);
  return nlohmann::json::parse(run.last_line());
}

}  // namespace

TEST_CASE("comparison learners reach their scores on drawn digits") {
  const std::pair<const char*, double> expected[] = {
      {"online.mlz", 0.85},
      {"online.mlz --set adam=1 --set rate=0.001", 0.87},
      {"online.mlz --set n=[features,outputs]", 0.8},
      {"fast_weights.mlz", 0.6},
      {"fast_weights.mlz --set oja=1", 0.68},
  };
  for (const auto& [program, score] : expected) {
    const double test =
        result_of(std::string("stdlib/") + program + " --task digits:epochs=1").at("test");
    INFO(program);
    CHECK(test >= score);
  }
}

TEST_CASE("every learner that is trained by an outer loop lives through a short stream") {
  for (const char* program :
       {"meta_rnn.mlz", "srwm.mlz",
        "srwm.mlz --set feedback=2 --set norm_residual=1 --set input_softmax=0",
        "srwm.mlz --set rates=1 --set heads=1 --set layers=1", "vsml.mlz",
        "vsml.mlz --set n=[features,4,outputs]", "vsml.mlz --set batch=3 --set message_norm=1",
        "vsml.mlz --set lateral=1 --set S=5",
        "vsml.mlz --set feed_label=1 --set backward_pass=1"}) {
    const auto result = result_of(std::string("stdlib/") + program +
                                  " --task digits:size=8,train=30,test=10,epochs=1");
    CHECK(result.at("steps") ==
          (std::string(program).find("batch=3") == std::string::npos ? 30 : 10));
  }
}

TEST_CASE("learners act in worlds") {
  const auto pole = result_of("stdlib/sfnn.mlz --task cartpole:episodes=3");
  CHECK(pole.at("protocol") == "control");
  CHECK(pole.at("metric") == "return");
  CHECK(pole.at("steps").get<double>() >= 24);
  CHECK(pole.at("train").get<double>() * 3 == doctest::Approx(pole.at("steps").get<double>()));
  const auto published =
      result_of("stdlib/sfnn.mlz --task cartpole:episodes=3,mode=published,steps=60");
  CHECK(published.at("steps") == 180);
  CHECK(result_of("stdlib/sfnn.mlz --task acrobot:episodes=1,steps=50 --set types=5").at("train") ==
        -50);
  CHECK(result_of("stdlib/srwm.mlz --task pendulum:episodes=2,steps=30 --set feedback=3")
            .at("steps") == 60);
  CHECK(result_of("stdlib/srwm.mlz --task swapping_bandit --set feedback=3 --set forget=1")
            .at("steps") == 100);
  CHECK(result_of("stdlib/vsml.mlz --task bandit:arms=4").at("steps") == 100);
  for (const char* set : {"feedback=1", "squash=2", "modify=0", "sample=0", "rates=1"}) {
    CHECK(result_of("stdlib/fme.mlz --task swapping_bandit:steps=30 --set d=8 --set " + std::string(set)).at("steps") == 30);
  }
}

TEST_CASE("runs in worlds repeat, and what does not fit is refused") {
  const std::string command = "stdlib/sfnn.mlz --task cartpole:episodes=2 --seed ";
  const auto first = result_of(command + "3 --dtype f64");
  CHECK(first.at("train") == result_of(command + "3 --engine reference").at("train"));
  CHECK(first.at("steps") == result_of(command + "3 --dtype f64").at("steps"));
  const Finished wrong = mlzrun("stdlib/mlp.mlz --task cartpole");
  CHECK(wrong.code == 2);
  CHECK(wrong.says("--set batch=1"));
  CHECK(mlzrun("stdlib/sfnn.mlz --task digits").code == 2);
  CHECK(mlzrun("stdlib/sfnn.mlz --task cartpole --protocol stream").code == 2);
  CHECK(mlzrun("stdlib/sfnn.mlz --task cartpole --epochs 3").code == 2);
}
