#include <algorithm>

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
        "vsml.mlz --set feed_label=1 --set backward_pass=1",
        "vsml.mlz --set n=[features,4,outputs] --set backward_pass=2 --set gain=48 --set back_gain=16"}) {
    const auto result = result_of(std::string("stdlib/") + program +
                                  " --task digits:size=8,train=30,test=10,epochs=1");
    CHECK(result.at("steps") ==
          (std::string(program).find("batch=3") == std::string::npos ? 30 : 10));
  }
}

TEST_CASE("trained params learn from data that they have not seen") {
  const auto mean = [](const std::string& arguments) { return result_of(arguments).at("train").get<double>(); };
  const std::string srwm = "stdlib/srwm_images.mlz --set blocks=3 --runs 200 --load " MLZ_SOURCE_DIR "/models/srwm-";
  const std::string beside = srwm + "omniglot.safetensors --task fewshot:size=16";
  CHECK(mean(beside) >= 0.6);
  CHECK(mean(beside + ",shots=5") >= 0.7);
  CHECK(mean(beside + " --set fixed=1") <= 0.35);
  const std::string vsml = "stdlib/vsml.mlz --set shift=0 ", stream = "--task online:data=digits,size=8,steps=200 --runs 4";
  CHECK(mean(vsml + "--load " MLZ_SOURCE_DIR "/models/vsml-mnist.safetensors " + stream) >= 0.25);
  CHECK(mean(vsml + stream) <= 0.2);
}

TEST_CASE("an error that is swept back is forgotten where that is asked for") {
  const auto mean = [](const std::string& set) {
    return result_of("stdlib/vsml.mlz --load " MLZ_SOURCE_DIR "/models/vsml-clone.safetensors --set channel=0 --set gain=32 "
                     "--set back_gain=16 --task online:data=digits,size=8,steps=300 " + set).at("train").get<double>();
  };
  CHECK(mean("--set backward_pass=1") == mean("--set backward_pass=2"));
  const std::string hidden = "--set n=[features,8,outputs] --set backward_pass=";
  CHECK(mean(hidden + "1") != mean(hidden + "2"));
}

TEST_CASE("cloned params do back-propagation") {
  const std::string params = "--load " MLZ_SOURCE_DIR "/models/vsml-clone.safetensors ";
  const std::string clone = "stdlib/vsml_clone.mlz --task linear:features=20,train=100,valid=0,test=0,scale=0 --protocol stream ";
  CHECK(result_of(clone + params).at("train").get<double>() <= 0.15);
  CHECK(result_of(clone).at("train").get<double>() >= 0.5);
  const std::string digits = "--task online:data=digits,size=8,steps=1000 --runs 2";
  const std::string vsml = "stdlib/vsml.mlz --set backward_pass=2 --set channel=0 --set gain=128 " + digits;
  CHECK(result_of(vsml + " " + params).at("train").get<double>() >= 0.55);
  CHECK(result_of(vsml).at("train").get<double>() <= 0.2);
}

TEST_CASE("trained synapses learn to act in random nets") {
  const auto mean = [](const std::string& arguments) {
    return result_of("stdlib/sfnn.mlz --task acrobot:episodes=4 --runs 24 " + arguments).at("train").get<double>();
  };
  const std::string load = "--load " MLZ_SOURCE_DIR "/models/sfnn-acrobot.safetensors --set nodes=";
  CHECK(mean(load + "14") >= std::max(-340.0, mean("--set nodes=14") + 100));
  CHECK(mean(load + "20") >= -340);
}

TEST_CASE("synapses made by hand choose their inputs in random nets") {
  const auto last_episode = [](const std::string& arguments) {
    return result_of("stdlib/sfnn.mlz --runs 12 --task " + arguments).at("test").get<double>();
  };
  const std::string load = ":episodes=3 --load " MLZ_SOURCE_DIR "/models/sfnn-";
  CHECK(last_episode("cartpole" + load + "cartpole.safetensors") >= 475);
  CHECK(last_episode("cartpole" + load + "cartpole.safetensors --set nodes=20") >= 440);
  CHECK(last_episode("cartpole:episodes=3 --set nodes=20") <= 100);
  const std::string worlds = load + "worlds.safetensors --set nodes=20";
  CHECK(last_episode("cartpole" + worlds) >= 420);
  CHECK(last_episode("acrobot" + worlds) >= -280);
  CHECK(last_episode("mountain_car" + worlds) >= -165);
}

TEST_CASE("trained params adapt to a second data set in the same episode") {
  const std::string command = "stdlib/srwm_images.mlz --set blocks=3 --set feedback=3 --load " MLZ_SOURCE_DIR
                              "/models/srwm-switch.safetensors --task 'fewshot:data=(glyphs + digits),"
                              "size=16,labels=after,shots=15' --runs 40 --window 25 --at 75,150";
  const auto at = [&](const char* set) {
    std::vector<double> out;
    for (const auto& score : result_of(command + set).at("at").at("scores")) out.push_back(score.at("mean"));
    return out;
  };
  const auto learning = at(""), fixed = at(" --set fixed=1");
  for (const double score : learning) CHECK(score > 0.45);
  for (const double score : fixed) CHECK((score > 0.1 && score < 0.3));
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

TEST_CASE("streams are scored at numbers of examples") {
  const auto result =
      result_of("stdlib/online.mlz --task online:data=digits,size=14,steps=600 --set n=[features,outputs] --runs 3");
  CHECK(result.at("train").get<double>() > 0.5);
  const auto& at = result.at("at");
  CHECK(at.at("window") == 100);
  REQUIRE(at.at("scores").size() == 2);
  CHECK(at.at("scores")[0].at("examples") == 99);
  const double early = at.at("scores")[0].at("mean"), late = at.at("scores")[1].at("mean");
  CHECK(early > 0.15);
  CHECK(late > early + 0.2);
  CHECK(mlzrun("--quiet --at 5,7 stdlib/online.mlz --task online:data=digits,size=8,steps=9").says("at 7"));
  CHECK(mlzrun("stdlib/online.mlz --task online:data=digits --at 0").code == 2);
  CHECK(mlzrun("stdlib/online.mlz --task online:data=digits --at 5,x").code == 2);
}

TEST_CASE("a linear learner learns from a stream of mnist") {
  const std::string command = "stdlib/online.mlz --task online:steps=500 --set n=[features,outputs] --quiet --json";
  const Finished run = mlzrun(command);
  if (run.says("no data for the task")) {
    static int skipped = 0;
    MESSAGE("skipped (" << ++skipped << " so far): no data on this machine for mnist");
    return;
  }
  CHECK(nlohmann::json::parse(run.last_line()).at("at").at("scores")[1].at("mean").get<double>() > 0.6);
}

TEST_CASE("nearest neighbours tell drawn characters apart, with labels beside and after") {
  const double beside = result_of("stdlib/nearest.mlz --task fewshot --set labels=2 --runs 300").at("train");
  CHECK((beside > 0.4 && beside < 0.65));
  const double five = result_of("stdlib/nearest.mlz --task fewshot:shots=5 --set labels=2 --runs 100").at("train");
  CHECK(five > 0.6);
  const double after = result_of("stdlib/nearest.mlz --task fewshot:labels=after,shots=10 --runs 20").at("train");
  CHECK(after > 0.55);
}

TEST_CASE("srwm takes few-shot episodes of both kinds") {
  const char* const as_published = "stdlib/srwm.mlz --set input_softmax=0 --set norm_residual=1 ";
  CHECK(result_of(std::string(as_published) + "--task fewshot:size=8").at("steps") == 6);
  const char* const after = "--set feedback=2 --task fewshot:size=8,labels=after,shots=3";
  CHECK(result_of(std::string(as_published) + after).at("steps") == 15);
  for (const char* feedback : {"2", "3"}) {
    CHECK(result_of(std::string("stdlib/srwm_images.mlz --set blocks=3 --task fewshot:size=8,labels=after,shots=3 --set "
                                "feedback=") + feedback).at("steps") == 15);
  }
}
