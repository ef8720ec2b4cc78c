#include <doctest/doctest.h>

#include <cstring>

#include "lang/core/diagnostics.hpp"
#include "tools/support/safetensors.hpp"

using namespace mlz;
using namespace mlz::tools;

namespace {

std::string file_of(const std::string& header, const std::string& data, std::int64_t lie = 0) {
  const std::uint64_t length = header.size() + static_cast<std::uint64_t>(lie);
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string one(const std::string& tensor) { return "{\"a\":" + tensor + "}"; }

std::string refusal(const std::string& bytes) {
  try {
    from_safetensors(bytes, "file");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("what is written reads back") {
  TensorFile file;
  file.metadata = {{"task", "digits"}, {"quote", "\"\\\n"}};
  file.tensors["scalar"] = {{}, {1.5}};
  file.tensors["W[0][1]"] = {{2, 3}, {1, 2, 3, 4, 5, 0.1}};
  file.tensors["none"] = {{0}, {}};
  for (const auto dtype : {vm::DType::f32, vm::DType::f64}) {
    const TensorFile back = from_safetensors(to_safetensors(file, dtype), "file");
    CHECK(back.metadata == file.metadata);
    REQUIRE(back.tensors.size() == 3);
    CHECK(back.tensors.at("W[0][1]").shape == std::vector<std::int64_t>{2, 3});
    CHECK(back.tensors.at("scalar").values == std::vector<double>{1.5});
    CHECK(back.tensors.at("W[0][1]").values[5] == (dtype == vm::DType::f32 ? double(0.1f) : 0.1));
    CHECK(back.tensors.at("none").values.empty());
  }
}

TEST_CASE("the data begins at a multiple of eight bytes") {
  for (int n = 1; n < 9; ++n) {
    TensorFile file;
    file.tensors[std::string(static_cast<std::size_t>(n), 'a')] = {{1}, {1}};
    const std::string bytes = to_safetensors(file, vm::DType::f64);
    CHECK(bytes.size() % 8 == 0);
  }
}

TEST_CASE("hostile files are refused with a reason") {
  const std::string data(8, '\0');
  const std::string good = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  CHECK(refusal(file_of(one(good), data)).empty());
  const std::string bad[] = {
      "",
      "1234567",
      file_of("", ""),
      file_of(one(good), data, 1000),
      file_of(one(good), data, -3),
      file_of(one(good), data, std::int64_t{1} << 62),
      std::string(16, '\xff'),
      file_of("[]", data),
      file_of("null", data),
      file_of("{\"a\":3}", data),
      file_of("{\"__metadata__\":[]}", data),
      file_of("{\"__metadata__\":{\"k\":1}}", data),
      file_of(one("{}"), data),
      file_of(one(R"({"dtype":3,"shape":[2],"data_offsets":[0,8]})"), data),
      file_of(one(R"({"dtype":"I64","shape":[1],"data_offsets":[0,8]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"), data),
      file_of(one(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,9]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,7]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"), data),
      file_of(one(R"({"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,0]})"), data),
      file_of(one("[" + std::string(100000, '[')), data),
      file_of(one(std::string(100000, '[') + std::string(100000, ']')), data),
      file_of("{\"a\":" + good + ",\"b\":" + good + "}", data),
      file_of(one("\"\xff\xfe\""), data),
  };
  for (const std::string& bytes : bad) {
    INFO(bytes.substr(0, 120));
    CHECK(refusal(bytes).rfind("file: ", 0) == 0);
  }
}

TEST_CASE("cutting a good file anywhere is noticed") {
  TensorFile file;
  file.metadata = {{"k", "v"}};
  file.tensors["w"] = {{3}, {1, 2, 3}};
  const std::string bytes = to_safetensors(file, vm::DType::f32);
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(refusal(bytes.substr(0, n)).empty());
}
