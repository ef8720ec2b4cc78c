#include "command.hpp"

using namespace mlz::tools::test;

TEST_CASE("help, version and lists") {
  CHECK(mlzrun("--help").code == 0);
  CHECK(mlzrun("--help").says("examples:"));
  CHECK(mlzrun("--version").says("mlz "));
  const Finished ops = mlzrun("--list-ops");
  CHECK(ops.code == 0);
  for (const char* name : {"add(", "softmax(", "unfold(", "bernoulli("}) CHECK(ops.says(name));
  const Finished tasks = mlzrun("--list-tasks");
  CHECK(tasks.code == 0);
  for (const char* name : {"linear", "digits", "mnist"}) CHECK(tasks.says(name));
}

TEST_CASE("bad usage and bad input end with 2 and say what is wrong") {
  const Folder folder;
  const std::string broken = folder.write("broken.mlz", "def Setup():\n  s1 = = 2\n");
  const std::string shapes = folder.write("shapes.mlz",
                                          "def Setup():\n  s9 = 0\ndef Predict(x):\n  y = x @ "
                                          "fill(1, 3)\ndef Learn(x, target):\n  s8 = 0\n");
  const std::string scalar_y = folder.write("scalar_y.mlz", "def Predict(x):\n  y = sum(x)\n");
  const std::string wrong_y = folder.write("wrong_y.mlz", "def Predict(x):\n  s = sum(x)\n  y = fill(s, 3)\n");
  const struct {
    std::string arguments, says;
  } cases[] = {
      {"", "which program"},
      {"no_such_file.mlz", "no_such_file.mlz"},
      {"/", "/"},
      {"stdlib/automl_linear.mlz --no-such-option", "--no-such-option"},
      {"stdlib/automl_linear.mlz --seed minus", "--seed"},
      {"stdlib/automl_linear.mlz --seed -1", "from 0 up"},
      {"stdlib/mlp.mlz --task digits,size=8", "digits:size=8"},
      {"stdlib/sfnn.mlz --load models/sfnn-cartpole.safetensors --set lr=0 --task cartpole", "leave --set lr or --load out"},
      {"stdlib/automl_linear.mlz --runs 0", "--runs"},
      {"stdlib/automl_linear.mlz --epochs -1", "--epochs"},
      {"stdlib/automl_linear.mlz --task linaer", "linear"},
      {"stdlib/automl_linear.mlz --task linear:featurs=3", "features"},
      {"stdlib/automl_linear.mlz --task linear:features=-3", "features"},
      {"stdlib/automl_linear.mlz --task linear --engine fast", "there is no engine"},
      {"stdlib/automl_linear.mlz --task linear --engine cuda-fast --dump=code", "there is no engine"},
      {"stdlib/automl_linear.mlz --task linear --engine cuda-bf16", "computes in f32 only; take --dtype=f32"},
      {"stdlib/mlp.mlz --engine cuda-tf32 --dtype f64 --dump=code", "computes in f32 only; take --dtype=f32"},
      {"stdlib/automl_linear.mlz --task linear --dtype f16", "--dtype"},
      {"stdlib/automl_linear.mlz --task linear --protocol other", "--protocol"},
      {"stdlib/automl_linear.mlz --task linear --set hidden", "name=value"},
      {"stdlib/automl_linear.mlz --task linear --set =3", "name=value"},
      {"stdlib/automl_linear.mlz --task linear --set hidden=3", "hidden"},
      {"stdlib/automl_linear.mlz --task digits", "classes=3/5"},
      {"stdlib/automl_linear.mlz --task mnist --data /nonexistent", "/nonexistent"},
      {"stdlib/automl_linear.mlz --dump=tokens", "--dump"},
      {"stdlib/mlp.mlz --protocol automl", "--protocol stream"},
      {"stdlib/mlp.mlz --set hidden=0", "--set hidden=0:1:1: error: a size must be at least 1"},
      {"stdlib/mlp.mlz --set hidden=100000000 --max-memory 64", "more than the allowed 64 MiB"},
      {"stdlib/mlp.mlz --set hidden=100000000 --max-memory 64", "--max-memory of mlzrun"},
      {"stdlib/automl_linear.mlz --task linear --trace --dtype f32", "--trace"},
      {"stdlib/automl_linear.mlz --task linear --seed 18446744073709551615 --runs 3", "--seed"},
      {"stdlib/automl_linear.mlz --task linear --at 50", "--at has no effect under the automl protocol"},
      {"stdlib/automl_linear.mlz --task linear --window 50", "--window has no effect under the automl protocol"},
      {"stdlib/automl_linear.mlz --task linear --ignore-nonfinite", "--ignore-nonfinite has no effect under the automl"},
      {"stdlib/mlp.mlz --max-error 5", "--max-error has no effect under the stream protocol"},
      {"stdlib/fme.mlz --task bandit --max-error 5", "--max-error has no effect under the control protocol"},
      {"stdlib/fme.mlz --task bandit --at 50 --check", "--at has no effect under the control protocol"},
      {"stdlib/mlp.mlz --task cartpole", "mlp.mlz: error: the control protocol shows one step of one world"},
      {scalar_y + " --task cartpole", "scalar_y.mlz:2:7: error: `y` is a scalar, but task cartpole"},
      {scalar_y + " --task cartpole", "  y = sum(x)\n        ^~~"},
      {"stdlib/automl_linear.mlz --task cartpole", "error: `y` (register s1) is a scalar, but task cartpole needs 2"},
      {scalar_y + " --task digits", "scalar_y.mlz:2:7: error: y has one entry per example"},
      {wrong_y + " --task digits:size=8", "wrong_y.mlz:3:7: error: `y` is a vector of 3, but task digits:size=8 needs 10"},
      {wrong_y + " --task linear", "wrong_y.mlz:3:7: error: `y` is a vector of 3, but task linear needs 1 entry"},
      {broken, "broken.mlz:2"},
      {shapes + " --task linear", "shapes.mlz:4"},
  };
  for (const auto& [arguments, says] : cases) {
    const Finished run = mlzrun(arguments);
    INFO(arguments);
    INFO(run.out);
    CHECK(run.code == 2);
    CHECK(run.says(says));
  }
}

TEST_CASE("a program that assigns no prediction is run with a warning that names what is missing") {
  const Folder folder;
  const struct {
    const char *text, *says;
  } cases[] = {
      {"", "the prediction is always zero: there is no `def Predict(x):`"},
      {"def Learn(x, target):\n  s3 = target\n", "there is no `def Predict(x):`"},
      {"def Predict(x):\n  s3 = mean(x)\n", "the prediction is always zero: no line assigns `y`"},
      {"def Predict(x):\n  y = mean(x)\n", nullptr},
      {"def Predict(x):\n  for i in range(2):\n    s1 = mean(x)\n", nullptr},
      {"def Setup():\n  y = 1\n", nullptr},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const std::string program = folder.write("p.mlz", c.text);
    for (const char* more : {" --task linear:train=20 --check", " --task linear:train=20 --quiet"}) {
      const Finished run = mlzrun(program + more);
      CHECK(run.code == 0);
      CHECK(run.says("warning: ") == (c.says != nullptr));
      if (c.says != nullptr) CHECK(run.says(c.says));
    }
  }
}

TEST_CASE("a program without a prediction that the task cannot take is told what is missing, too") {
  const Folder folder;
  const Finished run = mlzrun(folder.write("p.mlz", "") + " --task digits:train=20 --check");
  CHECK(run.code == 2);
  CHECK(run.says("there is no `def Predict(x):`"));
  CHECK(run.says("make y a vector of `outputs` entries"));
}

TEST_CASE("a folder in the place of a file is named as one") {
  const Folder folder;
  const Finished run = mlzrun(std::string(kLinear) + "--load " + std::filesystem::temp_directory_path().string());
  CHECK(run.code == 2);
  CHECK(run.says("is a folder; name a file in it"));
  CHECK(mlzrun(std::string(kLinear) + "--load /dev/null").says("is not a regular file"));
}

TEST_CASE("holes name what fills them") {
  const Folder folder;
  const Finished run = mlzrun(folder.write("open.mlz", "def Predict(x):\n  s2 = ?\n  y = s2\n") + " --task linear");
  CHECK(run.code == 2);
  CHECK(run.says("a program with holes cannot run"));
  CHECK(run.says("mlzevolve --init fills them"));
}

TEST_CASE("outputs that cannot be written are refused before the run") {
  const Folder folder;
  for (const char* option : {"--curve", "--plot", "--save"}) {
    const Finished missing = mlzrun(std::string(kLinear) + option + " /no/such/folder/file");
    CHECK(missing.code == 2);
    CHECK(missing.says("/no/such/folder/file"));
    CHECK_FALSE(missing.says("fitness"));
    CHECK(mlzrun(std::string(kLinear) + option + " " + (folder / "")).code == 2);
  }
  CHECK(mlzrun(std::string(kLinear) + "--curve " + (folder / "a") + " --plot " + (folder / "a"))
            .code == 2);
  CHECK(folder.files() == 0);
}

TEST_CASE("the last line of --json is one object with the scores as fractions") {
  const Finished run = mlzrun(std::string(kLinear) + "--runs 3 --seed 5 --json");
  REQUIRE(run.code == 0);
  const auto json = nlohmann::json::parse(run.last_line());
  for (const char* key : {"task", "program", "seed", "runs", "metric", "train", "valid", "test",
                          "test_std", "steps_per_second", "engine"}) {
    CHECK_MESSAGE(json.contains(key), key);
  }
  CHECK(json["task"] == "linear:train=200");
  CHECK(json["program"] == "stdlib/automl_linear.mlz");
  CHECK(json["seed"] == 5);
  CHECK(json["runs"] == 3);
  CHECK(json["metric"] == "rms_error");
  CHECK(json["test"].get<double>() > 0);
  CHECK(json["test_std"].get<double>() > 0);
}

TEST_CASE("the same command gives the same scores, and so does the line to paste") {
  const auto scores = [](const std::string& arguments) {
    auto json = nlohmann::json::parse(mlzrun(arguments + " --json").last_line());
    json.erase("steps_per_second");
    return json;
  };
  const std::string arguments = std::string(kLinear) + "--seed 7";
  const auto first = scores(arguments);
  CHECK(scores(arguments) == first);
  CHECK(scores(std::string(kLinear) + "--seed 8")["test"] != first["test"]);
  const std::string out = mlzrun(arguments).out;
  const std::string mark = "again:\n  mlzrun ";
  const auto begin = out.find(mark);
  REQUIRE(begin != std::string::npos);
  const auto line =
      out.substr(begin + mark.size(), out.find('\n', begin + mark.size()) - begin - mark.size());
  CHECK(scores(line) == first);
}

TEST_CASE("a program learns") {
  const Finished linear = mlzrun("stdlib/automl_linear.mlz --task linear:train=5000 --json");
  REQUIRE(linear.code == 0);
  CHECK(nlohmann::json::parse(linear.last_line())["test"].get<double>() < 0.05);
  const Finished digits = mlzrun(
      "stdlib/mlp.mlz --task digits:size=8,train=2000,test=300,epochs=2 --set hidden=32 --json "
      "--quiet");
  REQUIRE(digits.code == 0);
  CHECK(nlohmann::json::parse(digits.last_line())["test"].get<double>() > 0.75);
}

TEST_CASE("quiet prints the table alone; otherwise there is a curve") {
  CHECK_FALSE(mlzrun(std::string(kLinear) + "--quiet").says("epoch"));
  CHECK(mlzrun(kLinear).says("epoch"));
}

TEST_CASE("wrong arguments are named, with what was meant") {
  const auto refused = [](const std::string& arguments, const std::string& reason) {
    const Finished run = mlzrun(arguments);
    CHECK(run.code == 2);
    CHECK_MESSAGE(run.says(reason), run.out);
  };
  refused("stdlib/mlp.mlz --sed 3", "there is no option --sed; did you mean --seed?\nmlzrun --help lists the options.");
  refused("stdlib/mlp.mlz --tsak=digits", "there is no option --tsak; did you mean --task?");
  refused("stdlib/mlp.mlz more", "`more`: one argument too many");
  refused("stdlib/mlp.mlz --seed x", "--seed: `x` is not a number it takes");
  refused("stdlib/mlp.mlz --runs 0", "--runs: `0` is not a number from 1 to 100000");
  refused("stdlib/mlp.mlz --probe-every 1.5", "--probe-every: `1.5` is not a number of 1 or more");
}

TEST_CASE("limits of steps and time are no failure") {
  Finished run = mlzrun(std::string(kLinear) + "--steps 50 --json");
  CHECK(run.code == 0);
  CHECK(nlohmann::json::parse(run.last_line())["steps"] == 50);
  run = mlzrun("stdlib/automl_linear.mlz --task linear:train=100000,epochs=1000 --timelimit 0.3");
  CHECK(run.code == 0);
  CHECK(run.says("time limit"));
}

TEST_CASE("an interrupted run prints what there is and ends with 1") {
  const Finished run =
      shell("timeout --preserve-status -s INT 0.5 " MLZRUN
            " stdlib/automl_linear.mlz --task linear:train=100000,epochs=1000 --json");
  CHECK(run.code == 1);
  CHECK(run.says("ending the run"));
  CHECK(run.says("cancelled"));
  CHECK(nlohmann::json::parse(run.last_line())["stopped"] == "cancelled");
}

TEST_CASE("an interrupt that arrives twice at once is one") {
  const Finished run = shell("(" MLZRUN " stdlib/automl_linear.mlz --task linear:train=100000,epochs=1000 --json & run=$!; "
                             "sleep 0.5; kill -INT $run; kill -INT $run; kill -INT $run; wait $run)");
  CHECK(run.code == 1);
  CHECK(run.says("cancelled"));
}

TEST_CASE("a run that diverges fails with 1, and --trace names the line") {
  const Folder folder;
  const std::string text =
      "def Setup():\n  s9 = 0\ndef Predict(x):\n  s2 = log(s3)\n  y = s2 * 2\ndef Learn(x, "
      "target):\n  s3 = s3 - 1\n";
  const std::string arguments = folder.write("bad.mlz", text) + " --task linear --protocol stream ";
  const Finished run = mlzrun(arguments);
  CHECK(run.code == 1);
  CHECK(run.says("--trace"));
  const Finished traced = mlzrun(arguments + "--trace");
  CHECK(traced.code == 1);
  CHECK(traced.says("bad.mlz:4"));
  CHECK(traced.says("s2"));
  CHECK(mlzrun(arguments + "--ignore-nonfinite").code == 0);
  CHECK(mlzrun(std::string(kLinear) + "--trace").says("no register"));
}

TEST_CASE("--trace finds what leaves the range of f32 where the run would be in f32, and says that it computes in f64") {
  const Folder folder;
  const std::string text =
      "state w : vector[features]\ndef Predict(x):\n  y = dot(w, x)\ndef Learn(x, target):\n"
      "  w = w + 100 * (target - y) * x\n";
  const std::string arguments = folder.write("bad.mlz", text) + " --task linear --protocol stream ";
  const Finished run = mlzrun(arguments + "-q");
  CHECK(run.code == 1);
  CHECK(run.says("e+3"));  // no row of forty digits
  const Finished traced = mlzrun(arguments + "-q --trace");
  CHECK(traced.says("bad.mlz:5"));
  CHECK(traced.says("which f32 cannot hold"));
  CHECK(mlzrun(arguments + "-q --trace --dtype f64 --steps 40").says("no register"));
  const Finished nothing = mlzrun(arguments + "-q --trace --steps 2");
  CHECK(nothing.says("--trace computes in f64"));
}

TEST_CASE("--check runs nothing") {
  const Finished run = mlzrun(std::string(kLinear) + "--check");
  CHECK(run.code == 0);
  CHECK_FALSE(run.says("steps/s"));
  CHECK(mlzrun("stdlib/automl_linear.mlz --task digits --check").code == 2);
}

TEST_CASE("the gradient of a program can be printed, and says why there is none") {
  Finished dump = mlzrun("stdlib/srwm.mlz --task digits:train=10 --set heads=1 --set layers=1 --dump=adjoint");
  CHECK(dump.code == 0);
  for (const char* part : {"# one step back", "# at last, back through Setup", "W0[0][0]' = add(W0[0][0]', W[0][0]')"}) {
    CHECK(dump.says(part));
  }
  dump = mlzrun(MLZ_SOURCE_DIR "/examples/02_network.mlz --task digits:train=10 --dump=adjoint");
  CHECK(dump.code == 2);
  CHECK(dump.says("has no params"));
}

TEST_CASE("every stage can be printed, and the core form runs to the same score") {
  const Folder folder;
  for (const char* stage : {"ast", "typed", "core", "bound", "code"}) {
    const Finished dump = mlzrun(std::string(kLinear) + "--dump=" + stage);
    INFO(dump.out);
    CHECK(dump.code == 0);
    for (const char* key :
         {"# task: linear:train=200", "# protocol:", "# seed:", "# dtype:", "# engine:"}) {
      CHECK(dump.says(key));
    }
  }
  const auto test = [](const Finished& run) {
    return nlohmann::json::parse(run.last_line())["test"];
  };
  for (const char* stage : {"ast", "typed", "core"}) {
    const std::string file =
        folder.write("again.mlz", mlzrun(std::string(kLinear) + "--dump=" + stage).out);
    CHECK(test(mlzrun(file + " --task linear:train=200 --json")) ==
          test(mlzrun(std::string(kLinear) + "--json")));
  }
}

TEST_CASE("curve and plot are written whole") {
  const Folder folder;
  const Finished run = mlzrun(std::string(kLinear) + "--runs 2 --curve " + (folder / "c.csv") +
                              " --plot " + (folder / "p.svg"));
  CHECK(run.code == 0);
  CHECK(folder.files() == 2);
  const std::string csv = folder.read("c.csv");
  CHECK(csv.rfind("seed,step,examples,epoch,train,valid\n", 0) == 0);
  CHECK(std::count(csv.begin(), csv.end(), '\n') > 200);
  const std::string svg = folder.read("p.svg");
  CHECK(svg.rfind("<svg", 0) == 0);
  CHECK(svg.find("</svg>") != std::string::npos);
}
