#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "lang/core/op_manual.hpp"
#include "lang/core/op_table.hpp"

using namespace mlz;

TEST_CASE("the op table covers the 65 operations of AutoML-Zero, each once") {
  std::multiset<int> numbers;
  for (const OpInfo& op : op_table()) {
    std::istringstream items(op.automl);
    for (std::string item; items >> item;) numbers.insert(std::stoi(item));
  }
  CHECK(numbers.size() == 65);
  for (int i = 0; i < 65; ++i) CHECK(numbers.count(i) == 1);
}

TEST_CASE("AutoML-Zero numbers follow from kinds") {
  using K = Kind;
  CHECK(automl_number(OpId::mul, {K::scalar, K::vector}, K::vector, -1) == 18);
  CHECK(automl_number(OpId::mul, {K::vector, K::scalar}, K::vector, -1) == -1);
  CHECK(automl_number(OpId::norm, {K::matrix}, K::vector, 0) == 35);
  CHECK(automl_number(OpId::norm, {K::matrix}, K::vector, 1) == 36);
  CHECK(automl_number(OpId::broadcast_vector, {K::vector}, K::matrix, 1) == 33);
  CHECK(automl_number(OpId::normal, {K::scalar, K::scalar}, K::matrix, -1) == 64);
  CHECK(automl_number(OpId::uniform, {K::scalar, K::scalar}, K::scalar, -1) == 59);
  CHECK(automl_number(OpId::set_fraction, {}, K::vector, -1) == 57);
  CHECK(automl_number(OpId::softmax, {K::vector}, K::vector, -1) == -1);
}

TEST_CASE("every row of the table is complete and can be found by its names") {
  for (const OpInfo& op : op_table()) {
    CAPTURE(op.name());
    CHECK_FALSE(op.meaning.empty());
    CHECK(op_info(op.id).id == op.id);
    for (const std::string& name : op.names) {
      const auto found = find_ops(name);
      CHECK(std::find(found.begin(), found.end(), op.id) != found.end());
    }
  }
}

TEST_CASE("overloads are told apart by the kinds of their operands") {
  CHECK(find_overload("heaviside", {Kind::scalar}) == OpId::heaviside);
  CHECK(find_overload("heaviside", {Kind::vector}) == OpId::step);
  CHECK(find_overload("@", {Kind::matrix, Kind::vector}) == OpId::matvec);
  CHECK(find_overload("minimum", {Kind::scalar, Kind::matrix}) == OpId::minimum_m);
  CHECK_FALSE(find_overload("dot", {Kind::scalar, Kind::vector}).has_value());
}

TEST_CASE("docs/ops.md is what the table says") {
  const std::string path = MLZ_SOURCE_DIR "/docs/ops.md";
  if (std::getenv("MLZ_UPDATE_DOCS") != nullptr) std::ofstream(path) << op_manual();
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  const bool same = text.str() == op_manual();
  CHECK_MESSAGE(same, "run this test with MLZ_UPDATE_DOCS=1 to write docs/ops.md anew");
}
