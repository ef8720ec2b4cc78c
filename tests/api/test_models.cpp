#include <doctest/doctest.h>

#include <cstring>

#include "programs.hpp"

using namespace programs;

namespace {

using Bytes = std::vector<unsigned char>;

/// A file in the safetensors format with these arrays of doubles: name, shape as JSON, values.
struct Tensor {
  std::string name, shape;
  std::vector<double> values;
};
Bytes file_of(const std::vector<Tensor>& tensors) {
  std::string header = "{\"__metadata__\":{\"format\":\"mlz\"}", data;
  for (const Tensor& t : tensors) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(t.values.data()), t.values.size() * sizeof(double));
    header += ",\"" + t.name + R"(":{"dtype":"F64","shape":)" + t.shape + ",\"data_offsets\":[" + std::to_string(begin) + "," +
              std::to_string(data.size()) + "]}";
  }
  header += "}";
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  bytes += header + data;
  return Bytes(bytes.begin(), bytes.end());
}

const Tensor kW0{"W0", "[3,4]", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
const Tensor kRate{"rate", "[]", {0.25}};

std::string refusal(const Bytes& bytes) { return net().read_model(bytes, "my.safetensors").error_text(); }

}  // namespace

TEST_CASE("params and state come from the bytes of a file") {
  const auto program = net({.observe = {"W", "V"}});
  const Tensor v{"V[0]", "[2,3]", {6, 5, 4, 3, 2, 1}};
  const auto model = program.read_model(file_of({kW0, kRate, v}));
  REQUIRE_MESSAGE(model.ok(), model.error_text());
  CHECK(model->params == mlz::Params{{"W0", kW0.values}, {"rate", kRate.values}});
  CHECK(model->state == mlz::Params{{"V[0]", v.values}});
  auto lives = program.start({.lifetimes = 2, .seed = 3}).value();
  lives.setup(*model);
  for (int i = 0; i < 2; ++i) {
    CHECK(lives.read("W", i) == kW0.values);
    CHECK(lives.read("rate", i) == kRate.values);
    CHECK(lives.read("V[0]", i) == v.values);
    CHECK(lives.read("V[1]", i) != lives.read("V[0]", i));
  }
  auto others = program.start({.seed = 3, .params = model->params}).value();
  others.setup();
  CHECK(others.read("W") == kW0.values);
  CHECK(others.read("V[0]") != v.values);
}

TEST_CASE("files that do not fit are refused, with what is wrong") {
  const auto says = [](const Bytes& bytes, const std::string& text) {
    CHECK_MESSAGE(refusal(bytes).find(text) != std::string::npos, refusal(bytes));
    CHECK(refusal(bytes).find("my.safetensors") != std::string::npos);
  };
  CHECK(refusal(file_of({kW0, kRate})).empty());
  says(file_of({kW0}), "has no param \"rate\"");
  says(file_of({kW0, kRate, {"V[3]", "[2,3]", {1, 2, 3, 4, 5, 6}}}), "no param or state \"V[3]\"; did you mean \"V[");
  says(file_of({{"W0", "[4,3]", kW0.values}, kRate}), "shape [4, 3], but in the program it is [3, 4]");
  says(file_of({kW0, kRate, kRate}), "tensor \"rate\" is there twice");
  says(Bytes(5, 1), "only 5 bytes");
  says(Bytes(64, 1), "not a valid safetensors file");
  const Bytes good = file_of({kW0, kRate});
  for (std::size_t n = 0; n < good.size(); ++n) {
    CHECK_FALSE(refusal(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))).empty());
  }
}

TEST_CASE("a model of another program does not begin a life") {
  auto lives = net().start().value();
  CHECK_THROWS_AS(lives.setup({{{"rate", {1, 2}}}, {}}), std::invalid_argument);
  CHECK_THROWS_AS(lives.setup({{}, {{"nothing", {1}}}}), std::invalid_argument);
  CHECK_THROWS_AS(lives.setup({{}, {{"W", {1}}}}), std::invalid_argument);
}
