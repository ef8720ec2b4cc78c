#include "command.hpp"
#include "tools/support/safetensors.hpp"

using namespace mlz::tools;
using namespace mlz::tools::test;

namespace {
double test_score(const Finished& run) {
  REQUIRE(run.code == 0);
  return nlohmann::json::parse(run.last_line())["test"].get<double>();
}
}  // namespace

TEST_CASE("a saved program scores the same when it is loaded") {
  const Folder folder;
  const std::string arguments =
      "stdlib/mlp.mlz --task digits:size=8,train=300,test=100 --set hidden=8 --json --quiet ";
  const double score = test_score(mlzrun(arguments + "--save " + (folder / "net.safetensors")));
  CHECK(folder.files() == 1);
  const std::string load = "--load " + (folder / "net.safetensors");
  CHECK(test_score(mlzrun(arguments + load + " --epochs 0")) == score);
  CHECK(test_score(mlzrun(arguments + "--epochs 0")) != score);
  CHECK(test_score(mlzrun(arguments + load)) != score);

  const TensorFile file = from_safetensors(folder.read("net.safetensors"), "net");
  for (const char* key : {"program", "program_hash", "task", "protocol", "seed", "dtype", "engine",
                          "command", "score"}) {
    CHECK_MESSAGE(file.metadata.count(key) == 1, key);
  }
  REQUIRE(file.tensors.count("W[0]") == 1);
  CHECK(file.tensors.at("W[0]").shape == std::vector<std::int64_t>{64, 8});
}

TEST_CASE("saving changes no score") {
  const Folder folder;
  const std::string arguments = std::string(kLinear) + "--json ";
  CHECK(test_score(mlzrun(arguments)) ==
        test_score(mlzrun(arguments + "--save " + (folder / "a"))));
}

TEST_CASE("params are saved and loaded") {
  const Folder folder;
  const std::string program =
      folder.write("p.mlz",
                   "param W : vector[features] ~ normal(0, 1)\ndef Setup():\n  s9 = 0\n"
                   "def Predict(x):\n  y = dot(W, x)\ndef Learn(x, target):\n  s8 = 0\n");
  const std::string arguments = program + " --task linear --json ";
  const double first = test_score(mlzrun(arguments + "--save " + (folder / "w")));
  const double other = test_score(mlzrun(arguments + "--seed 2"));
  CHECK(first != other);
  const double loaded = test_score(mlzrun(arguments + "--load " + (folder / "w")));
  CHECK(loaded == first);
}

TEST_CASE("evolved programs and their references learn in some hundred steps") {
  const auto score = [](const std::string& program) {
    return test_score(mlzrun(MLZ_SOURCE_DIR "/models/evolved/" + program +
                             " --task digits:classes=3/5,train=600,test=300,standardise=1 --epochs 1 --dtype f64 --json"));
  };
  const double bilinear = score("bilinear.mlz");
  CHECK(bilinear > 0.95);
  CHECK(score("bilinear_batch.mlz --set batch=1") == bilinear);
  CHECK(score("bilinear_batch.mlz --set batch=20") > 0.95);
  CHECK(score("two_layer.mlz --set rate=0.01") > 0.9);
}

TEST_CASE("model files that do not fit, or are no model files, end with 2") {
  const Folder folder;
  const std::string run =
      "stdlib/mlp.mlz --task digits:size=8,train=300,test=100 --set hidden=8 --quiet ";
  const auto load = [&](const std::string& path) { return mlzrun(run + "--load " + path); };
  CHECK(load("/no/such/file").code == 2);
  CHECK(load("/dev/zero").code == 2);
  CHECK(load(folder / "").code == 2);
  CHECK(load(folder.write("empty", "")).code == 2);
  CHECK(load(folder.write("text", "this is not a model file at all")).code == 2);

  TensorFile file;
  file.tensors["W[0]"] = {{8, 64}, std::vector<double>(512)};
  Finished finished = load(folder.write("turned", to_safetensors(file, mlz::vm::DType::f32)));
  CHECK(finished.code == 2);
  CHECK(finished.says("[8, 64]"));
  CHECK(finished.says("[64, 8]"));
  file.tensors.clear();
  file.tensors["w[0]"] = {{64, 8}, std::vector<double>(512)};
  finished = load(folder.write("named", to_safetensors(file, mlz::vm::DType::f32)));
  CHECK(finished.code == 2);
  CHECK(finished.says("did you mean"));
}
