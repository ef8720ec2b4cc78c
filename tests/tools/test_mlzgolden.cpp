#include "command.hpp"

using namespace mlz::tools::test;

namespace {
const char* const kOp =
    R"({"id":"one","op":"SCALAR_SUM_OP","num":1,"F":4,"case":"random","text":"s1 = s2 + s3",)"
    R"("in":{"s2":1,"s3":2},"out_reg":"s1","out":3,"fp_sensitive":false})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}
}  // namespace

TEST_CASE("cases that agree pass, those that do not are shown with the first difference") {
  const Folder folder;
  folder.write("ops.jsonl", std::string(kOp) + "\n");
  Finished run = mlzgolden(folder / "");
  CHECK(run.code == 0);
  CHECK(run.last_line() == "1 passed, 0 failed, 0 skipped");

  folder.write("ops.jsonl",
               std::string(kOp) + "\n" + replaced(kOp, "\"out\":3", "\"out\":4") + "\n");
  run = mlzgolden(folder / "");
  CHECK(run.code == 1);
  CHECK(run.says("FAIL one: s1[0]: expected 4, got 3"));
  CHECK(run.last_line() == "1 passed, 1 failed, 0 skipped");
}

TEST_CASE("what is skipped is named and counted") {
  const Folder folder;
  folder.write("ops.jsonl",
               replaced(kOp, "\"fp_sensitive\":false", "\"fp_sensitive\":true") + "\n");
  Finished run = mlzgolden(folder / "");
  CHECK(run.code == 0);
  CHECK(run.says("SKIP one"));
  CHECK(run.last_line() == "0 passed, 0 failed, 1 skipped");
  run = mlzgolden("--all " + (folder / ""));
  CHECK(run.last_line() == "1 passed, 0 failed, 0 skipped");
}

TEST_CASE("files that are no known case fail, and say why") {
  const std::pair<const char*, const char*> files[] = {
      {"{}", "not a JSON object with a kind"},
      {"[1", "not a JSON object with a kind"},
      {R"({"kind":"dreams"})", "no cases of the kind \"dreams\""},
      {R"({"kind":"core"})", "config"},
  };
  for (const auto& [text, reason] : files) {
    INFO(text);
    const Folder folder;
    folder.write("case.json", text);
    const Finished run = mlzgolden(folder / "");
    CHECK(run.code == 1);
    CHECK(run.says(reason));
    CHECK(run.last_line() == "0 passed, 1 failed, 0 skipped");
  }
  const Folder folder;
  folder.write("other.jsonl", "{}");
  CHECK(mlzgolden(folder / "").code == 1);
}

TEST_CASE("a learner's case that is wrong anywhere fails") {
  const std::string good =
      R"({"kind":"core","config":{"d_in":1,"d_out":1,"n_lr":1,"steps":1,"input_softmax":false},)"
      R"("params":{"W_y":[[2]],"W_q":[[3]],"W_k":[[4]],"W_b":[[0]]},"inputs":{"x":[[5]]},)"
      R"("expected":{"y":[[10]],"q":[[1]],"k":[[1]],"beta":[[0.5]],)"
      R"("final":{"W_y":[[2]],"W_q":[[3]],"W_k":[[4]],"W_b":[[0]]}},"tolerance":1e-11})";
  const Folder folder;
  const auto code = [&](const std::string& text) {
    folder.write("core.json", text);
    return mlzgolden(folder / "").code;
  };
  CHECK(code(good) == 0);
  const std::pair<const char*, const char*> changes[] = {
      {"\"y\":[[10]]", "\"y\":[[10.001]]"}, {"\"q\":[[1]]", "\"q\":[[0]]"}, {"[[0.5]]", "[[0.4]]"},
      {"\"W_b\":[[0]]}}", "\"W_b\":[[1]]}}"}, {"\"x\":[[5]]", "\"x\":[[5,6]]"}, {"\"d_in\":1", "\"d_in\":2"},
      {"\"final\":{\"W_y\":[[2]]", "\"final\":{\"W_y\":[[2,2]]"},
  };
  for (const auto& [from, to] : changes) {
    INFO(to);
    CHECK(code(replaced(good, from, to)) == 1);
  }
}

TEST_CASE("a program case that is wrong anywhere fails") {
  const Folder folder;
  folder.write(
      "tasks.jsonl",
      R"({"task":"t","kind":"k","features":2,"eval_type":"RMS_ERROR","epochs":1,"train_order":[[1,0]],)"
      R"("train_features":[[1,2],[3,4]],"train_labels":[1,2],"valid_features":[[1,0]],"valid_labels":[0]})"
      "\n");
  const std::string good =
      R"({"id":"p","task":"t","features":2,"eval_type":"RMS_ERROR","op_set":"x","source":"x","max_abs_error":100,)"
      R"("program":"def Setup():\ndef Predict():\n  s1 = s2 * s3\ndef Learn():\n  s2 = s2 + s0\n","fitness":1,)"
      R"("outcome":"ok","train_steps":2,"train_abs_errors":[2,1],"valid_predictions":[0],)"
      R"("final_memory":{"s":[0,0,3,0],"v":{"0":[1,0]},"m":{}},"fp_sensitive":false})";
  const auto code = [&](const std::string& text) {
    folder.write("programs.jsonl", text + "\n");
    return mlzgolden(folder / "").code;
  };
  CHECK(code(good) == 0);
  const std::pair<const char*, const char*> changes[] = {
      {"\"fitness\":1", "\"fitness\":0.9"},
      {"\"outcome\":\"ok\"", "\"outcome\":\"stopped_in_validation\""},
      {"\"train_steps\":2", "\"train_steps\":3"},
      {"[2,1]", "[2,1.00001]"},
      {"[2,1]", "[2]"},
      {"\"valid_predictions\":[0]", "\"valid_predictions\":[\"nan\"]"},
      {"[0,0,3,0]", "[0,0,4,0]"},
      {"{\"0\":[1,0]}", "{\"0\":[1,1]}"},
      {"\"m\":{}", "\"m\":{\"0\":[1,0,0,0]}"},
      {"\"task\":\"t\"", "\"task\":\"u\""},
      {"s2 * s3", "s2 * * s3"},
  };
  for (const auto& [from, to] : changes) {
    INFO(to);
    CHECK(code(replaced(good, from, to)) == 1);
  }
}

TEST_CASE("folders and files that cannot be read end with 2") {
  const Folder folder;
  CHECK(mlzgolden("").code == 2);
  CHECK(mlzgolden("/no/such/folder").code == 2);
  CHECK(mlzgolden(folder / "").code == 2);
  folder.write("ops.jsonl", "{\"id\":");
  const Finished run = mlzgolden(folder / "");
  CHECK(run.code == 2);
  CHECK(run.says("ops.jsonl:1"));
  folder.write("ops.jsonl", "[1,2]\n");
  CHECK(mlzgolden(folder / "").code == 2);
  CHECK(mlzgolden(std::string("--engine none ") + MLZ_SOURCE_DIR + "/tests/golden/automl_zero")
            .code == 2);
}
