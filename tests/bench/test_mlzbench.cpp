#include <cmath>
#include <map>
#include <set>

#include "command.hpp"

using namespace mlz::tools::test;
using Json = nlohmann::json;

namespace {

Finished mlzbench(const std::string& arguments) { return shell(std::string(MLZBENCH) + " " + arguments); }
const std::string kQuick = "--quick --seconds 0 --repetitions 2 ";

void check_spread(const Json& spread) {
  const double low = spread.at("low"), median = spread.at("median"), high = spread.at("high");
  CHECK(std::isfinite(high));
  CHECK(low > 0);
  CHECK(low <= median);
  CHECK(median <= high);
}

/// A peer that says it took a millisecond and found `sum`.
std::string fake_peer(const Folder& folder, const std::string& sum) {
  const std::string answers = "\necho ready\nwhile read -r line; do echo 1e6 " + sum + "; done\n";
  return "'sh " + folder.write("peer.sh", "cp \"$1\" " + (folder / "seen") + answers) + "'";
}

}  // namespace

TEST_CASE("every group has its rows, and all contenders of a row compute the same") {
  const Folder folder;
  const Finished done = mlzbench(kQuick + "--json " + (folder / "out.json"));
  INFO(done.out);
  REQUIRE(done.code == 0);
  const Json all = Json::parse(folder.read("out.json"));
  for (const char* field : {"date", "processor", "kernels", "blas", "command"}) CHECK(!all.at(field).get<std::string>().empty());
  std::map<std::string, std::size_t> rows;
  for (const Json& row : all.at("results")) {
    CAPTURE(row.dump());
    ++rows[row.at("bench")];
    CHECK(!row.at("times").empty());
    for (const Json& time : row.at("times")) check_spread(time);
    for (const Json& ratio : row.at("ratios")) check_spread(ratio);
  }
  CHECK(rows == std::map<std::string, std::size_t>{{"linear", 4}, {"network", 4}, {"programs", 2}, {"search", 1},
                                                   {"threads", 2}, {"mlp", 2}, {"learners", 2}, {"population", 3},
                                                   {"gradient", 2}, {"start", 1}, {"parse", 2}});
}

TEST_CASE("the list names the groups, and --only takes one of them") {
  const Finished listed = mlzbench("--list");
  CHECK(listed.code == 0);
  for (const char* name : {"linear", "network", "programs", "search", "threads", "mlp", "learners", "population",
                           "gradient", "start", "parse"}) {
    CHECK(listed.says(std::string("\n") + name) != (std::string(name) == "linear"));
  }
  const Finished one = mlzbench(kQuick + "--only parse");
  CHECK(one.code == 0);
  CHECK(one.says("text to core form"));
  CHECK(!one.says("F=4"));
  const Finished none = mlzbench("--only sorting");
  CHECK(none.code == 2);
  CHECK(none.says("no group `sorting`"));
}

TEST_CASE("a peer is measured along, and must compute the same") {
  const Folder folder;
  const Finished wrong = mlzbench(kQuick + "--only programs --peer " + fake_peer(folder, "-1"));
  CHECK(wrong.code == 1);
  CHECK(wrong.says("`peer` computes -1"));
  const Finished network = mlzbench(kQuick + "--only network --peer " + fake_peer(folder, "-1"));
  CHECK(network.code == 0);  // it draws numbers in its own way
  CHECK(network.says("x peer"));
  std::istringstream seen(folder.read("seen"));
  std::string first, second, third;
  std::getline(seen, first);
  std::getline(seen, second);
  std::getline(seen, third);
  CHECK(first == "mlzbench-workload 1");
  CHECK(second == "kind evaluate");
  CHECK(third == "features 32");
  const Finished dead = mlzbench(kQuick + "--only programs --peer false");
  CHECK(dead.code == 2);
  CHECK(dead.says("did not print `ready`"));
}
