#include "tune.hpp"

using namespace mlz::tools::test;
namespace fs = std::filesystem;

TEST_CASE("the folder of a search for params has a page about it, and nothing empty") {
  const Folder folder;
  const std::string out = folder / "run", plot = folder / "course.svg";
  const Finished ended = mlzevolve("--tune es " + kSmall + "--objective loss --generations 8 --out " + out + " --plot " + plot);
  REQUIRE_MESSAGE(ended.code == 0, ended.out);
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    CAPTURE(entry.path().string());
    CHECK_FALSE(fs::is_empty(entry.path()));
  }
  CHECK_FALSE(fs::exists(out + "/programs"));
  CHECK_FALSE(fs::exists(out + "/lineage.jsonl"));
  const std::string page = folder.read("run/report.html");
  for (const char* part :
       {"<!DOCTYPE html>", "<pre>mlzevolve --task digits:size=8", "</svg>", "best of a generation", "mean of a generation",
        "held-out",
        "<td>ended by</td><td>generations</td>", "<td>candidates</td><td>64</td>", "<td>numbers in the params</td><td>641</td>",
        "on the final problems", "<td>objective</td><td>loss</td>", "<td>held-out-every</td><td>4</td>", "param W0", "</html>"}) {
    CAPTURE(part);
    CHECK(page.find(part) != std::string::npos);
  }
  const std::string course = folder.read("course.svg");
  CHECK(course.find("best of a generation") != std::string::npos);
  CHECK(course.find(">loss<") != std::string::npos);
  CHECK(mlzevolve("--tune es " + kSmall + "--generations 1 --plot /proc/nowhere/x.svg").code == 2);
}

TEST_CASE("what cannot be compared is refused, with what to do") {
  const Folder folder;
  const auto search = [&](const std::string& options, const std::string& name) {
    const std::string out = folder / name;
    const Finished ended = mlzevolve(kFme + options + " --train-steps 100 --out " + out);
    REQUIRE_MESSAGE(ended.code == 0, ended.out);
    return out;
  };
  const std::string a = search(kBandit, "a"), b = search(kBandit + "--seed 6", "b");
  const std::string other = search("--task bandit:steps=20", "other");
  const std::string turned = search("--task swapping_bandit:period=7,steps=20 --seed 7", "turned");
  const std::string programs = folder / "programs";
  const std::string demo = "--preset automl-zero-demo --experiments 1 --experiment-evaluations 2000 --quiet --out ";
  REQUIRE(mlzevolve(demo + programs).code == 0);
  const auto refused = [](const std::string& arguments, const std::string& reason) {
    const Finished ended = mlzevolve(arguments);
    CAPTURE(arguments);
    CHECK(ended.code == 2);
    CHECK_MESSAGE(ended.says(reason), ended.out);
  };
  CHECK(mlzevolve("--compare A=" + a + "," + b + " --compare B=" + turned).code == 0);
  refused("--compare A=" + a + " --compare B=" + programs, programs + " is a search for programs");
  refused("--compare A=" + a + " --compare B=" + other, "task is \"swapping_bandit:period=7,steps=20\" in the one");
  refused("--compare A=" + a + " --compare B=" + (folder / "./a"), "is there twice, in A and in B");
  refused("--compare A=" + a + "," + a, "are the same run, of seed 5");
  refused("--compare A=" + a + " --compare A=" + b, "this name is there twice");
  const std::string wide = search(kBandit + "--seed 8 --population 50", "wide");
  refused("--compare A=" + a + "," + wide, "population is 40 in " + a + " and 50 in " + wide);
}
