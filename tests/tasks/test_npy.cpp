#include "tasks/npy.hpp"

#include <zlib.h>

#include <bit>
#include <cmath>
#include <limits>

#include "npy_files.hpp"
#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

Array read(const std::string& bytes) {
  const TempFolder folder;
  write_file(folder / "x.npy", bytes);
  return read_npy(folder / "x.npy");
}

std::string read_error(const std::string& bytes) {
  const std::string error = error_of([&] { read(bytes); });
  CHECK(contains(error, "x.npy"));
  return error;
}

std::string npz_error(const std::string& bytes, const std::string& name = "x") {
  const TempFolder folder;
  write_file(folder / "a.npz", bytes);
  const std::string error = error_of([&] { read_npz(folder / "a.npz", name); });
  CHECK(contains(error, "a.npz"));
  return error;
}

template <class Value>
std::vector<Value> values_of(const Array& array) {
  REQUIRE(std::holds_alternative<std::vector<Value>>(array.values));
  return std::get<std::vector<Value>>(array.values);
}

}  // namespace

TEST_CASE("all number types, in both byte orders") {
  using Ints = std::vector<std::int32_t>;
  using Floats = std::vector<float>;
  using Doubles = std::vector<double>;
  CHECK(values_of<std::uint8_t>(read(npy("|u1", "(2,)", "\x01\xFF"))) ==
        std::vector<std::uint8_t>{1, 255});
  CHECK(values_of<std::int32_t>(read(npy("|i1", "(2,)", "\x01\xFF"))) == Ints{1, -1});
  CHECK(values_of<float>(read(npy("|b1", "(2,)", std::string("\x00\x01", 2)))) == Floats{0, 1});
  CHECK(values_of<std::int32_t>(read(npy("<i2", "(2,)", "\x01\x02\xFE\xFF"))) == Ints{513, -2});
  CHECK(values_of<std::int32_t>(read(npy(">u2", "(1,)", "\xFF\xFE"))) == Ints{65534});
  CHECK(values_of<std::int32_t>(read(npy(">i4", "(1,)", big_endian(0xFFFFFFFDu, 4)))) == Ints{-3});
  CHECK(values_of<double>(read(npy("<u4", "(1,)", "\xFF\xFF\xFF\xFF"))) == Doubles{4294967295.0});
  CHECK(values_of<double>(read(npy(">i8", "(1,)", big_endian(0xFFFFFFFFFFFFFFFFu, 8)))) ==
        Doubles{-1});
  CHECK(values_of<double>(read(npy(">u8", "(1,)", big_endian(1ull << 63, 8)))) == Doubles{0x1p63});
  CHECK(values_of<float>(read(npy(
            ">f4", "(1,)", big_endian(std::bit_cast<std::uint32_t>(-1.5f), 4)))) == Floats{-1.5f});
  CHECK(values_of<double>(read(
            npy(">f8", "(1,)", big_endian(std::bit_cast<std::uint64_t>(0.1), 8)))) == Doubles{0.1});
}

TEST_CASE("half precision: normal, subnormal, infinite and no number") {
  const auto half = [](std::uint32_t bits) {
    return values_of<float>(read(npy(">f2", "(1,)", big_endian(bits, 2))))[0];
  };
  CHECK(half(0x3C00) == 1);
  CHECK(half(0xC100) == -2.5f);
  CHECK(half(0x7BFF) == 65504);
  CHECK(half(0x0001) == 0x1p-24f);
  CHECK(half(0x03FF) == 1023 * 0x1p-24f);
  CHECK(half(0x0400) == 0x1p-14f);
  CHECK(std::signbit(half(0x8000)));
  CHECK(half(0xFC00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half(0x7E00)));
}

TEST_CASE("versions 1 to 3, C and Fortran order") {
  for (const int version : {1, 2, 3}) {
    const Array array = read(npy("|u1", "(2, 3)", "abcdef", false, version));
    CHECK(array.dims == std::vector<std::size_t>{2, 3});
    CHECK(values_of<std::uint8_t>(array)[4] == 'e');
  }
  const Array turned = read(npy("|u1", "(2, 3)", "adbecf", true));
  CHECK(values_of<std::uint8_t>(turned) == std::vector<std::uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
  std::string cube;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) cube.push_back(static_cast<char>(12 * i + 4 * j + k));
  const auto values = values_of<std::uint8_t>(read(npy("|u1", "(2, 3, 4)", cube, true)));
  for (std::size_t i = 0; i < 24; ++i) CHECK(values[i] == i);
}

TEST_CASE("headers that are damaged or lie") {
  CHECK(contains(read_error(""), "ends inside its NPY header"));
  CHECK(contains(read_error("\x93NUMPY\x01"), "ends inside"));
  CHECK(contains(read_error("label,a,b\n1,2,3\n"), "does not begin with"));
  CHECK(contains(read_error(npy("<f4", "(1,)", "abcd", false, 4)), "version 4"));
  CHECK(contains(read_error(npy("<f4", "()", "abcd")), "single number"));
  CHECK(contains(read_error(npy("<f4", "(0,)", "")), "is empty"));
  CHECK(contains(read_error(npy("<c8", "(1,)", "abcdefgh")), "type 'c8'"));
  CHECK(contains(read_error(npy("|O", "(1,)", "")), "type 'O'"));
  CHECK(contains(read_error(npy("<U5", "(1,)", "")), "type 'U5'"));
  CHECK(contains(read_error(npy("<f4", "(1,1,1,1,1,1,1,1,1)", "abcd")), "9 dimensions"));
  CHECK(contains(read_error(npy_with_header(
                     "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}")),
                 "several fields"));
  for (const char* header :
       {"", "{}", "{", "{'descr'}", "{'descr': '<f4'}", "{'shape': (1,)}",
        "{'descr': '<f4', 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'other': 1}", "{'descr: <f4",
        "{'descr': '<f4', 'fortran_order': False 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}"}) {
    CAPTURE(header);
    CHECK(contains(read_error(npy_with_header(header)), "damaged NPY header"));
  }
  std::string longest = npy("<f4", "(1,)", "abcd", false, 2);
  longest.replace(8, 4, "\xFF\xFF\xFF\x7F");
  CHECK(contains(read_error(longest), "longer than 64 KiB"));
}

TEST_CASE("sizes that overflow or exceed the limit allocate nothing") {
  CHECK(contains(read_error(npy("<f8", "(4294967296, 4294967296)", "")), "more than 4 GiB"));
  CHECK(contains(read_error(npy("|u1", "(18446744073709551615,)", "")), "more than 4 GiB"));
  CHECK(contains(read_error(npy("|u1", "(65536, 65536, 65536, 65536)", "")), "more than 4 GiB"));
  CHECK(contains(read_error(npy("|i1", "(2000000000,)", "")), "more than 4 GiB"));
  CHECK(contains(read_error(npy("|u1", "(4294967296,)", "ab")), "cut short"));
  CHECK(
      contains(read_error(npy("<f4", "(2,)", "abcdefg")), "promises 8 bytes of values, it has 7"));
  CHECK(contains(read_error(npy("<f4", "(2,)", "abcdefghi")), "longer than the 8 bytes"));
}

TEST_CASE("files cut short at every byte") {
  const std::string array = npy("<i2", "(3, 4)", std::string(24, 'q'));
  for (std::size_t length = 0; length < array.size(); ++length)
    CHECK(!read_error(array.substr(0, length)).empty());
  const std::string archive = zip({{"x.npy", array, true}, {"y.npy", array, false}});
  for (std::size_t length = 0; length < archive.size(); ++length)
    CHECK(!npz_error(archive.substr(0, length)).empty());
}

TEST_CASE("archives: stored and deflated members by name") {
  const TempFolder folder;
  std::string many;
  for (std::uint64_t i = 0; i < 300'000; ++i) many.push_back(static_cast<char>(i * i >> 7));
  const std::string archive = zip({{"x.npy", npy("|u1", "(300000,)", many), true},
                                   {"y.npy", npy("|u1", "(2,)", "ab"), false},
                                   {"readme.txt", "hello", false}});
  write_file(folder / "a.npz", archive);
  const auto x = values_of<std::uint8_t>(read_npz(folder / "a.npz", "x"));
  CHECK(std::string(x.begin(), x.end()) == many);
  CHECK(values_of<std::uint8_t>(read_npz(folder / "a.npz", "y"))[1] == 'b');
  CHECK(contains(npz_error(archive, "z"), "no array 'z'. Its arrays are: x, y."));
  CHECK(contains(error_of([&] { read_npz(folder.path(), "x"); }), "is a folder"));
  CHECK(contains(error_of([&] { read_npz(folder / "none", "x"); }), "does not exist"));
}

TEST_CASE("archives that are cut short or damaged") {
  const std::string data = npy("|u1", "(3000,)", std::string(3000, 'x'));
  for (const bool deflated : {false, true}) {
    const std::string good = zip({{"x.npy", data, deflated}});
    for (std::size_t length = 0; length < good.size(); length += 1 + good.size() / 40)
      CHECK(!npz_error(good.substr(0, length)).empty());
    CHECK(contains(npz_error(good.substr(0, good.size() - 1)), "no directory at its end"));
  }
  const std::string stored = zip({{"x.npy", data, false}});
  std::string flipped = stored;
  flipped[2000] = 'y';
  CHECK(contains(npz_error(flipped), "check sum is wrong"));
  const std::size_t directory = stored.rfind("PK\x01\x02");
  const auto changed = [&](std::size_t at, const std::string& bytes) {
    std::string out = stored;
    return npz_error(out.replace(directory + at, bytes.size(), bytes));
  };
  CHECK(contains(changed(8, std::string("\x01\x00", 2)), "encrypted"));
  CHECK(contains(changed(10, "\x0C"), "method 12"));
  CHECK(contains(changed(20, "\x05"), "two sizes"));
  CHECK(contains(changed(24, "\xFF\xFF\xFF\xFF"), "4 GiB or more"));
  CHECK(contains(changed(20, "\xF0\xFF\xFF\xFF\xF0\xFF\xFF\xFF"), "beyond the end"));
  CHECK(contains(changed(42, "\xF0\xFF\xFF\x7F"), "beyond its end"));
  CHECK(contains(changed(42, "\x07"), "no header where"));
  CHECK(contains(changed(0, "XX"), "directory is damaged"));
  CHECK(contains(npz_error(std::string(100'000, 'x')), "no directory"));
}

TEST_CASE("an archive is inflated no further than its array says") {
  const std::string bomb =
      zip({{"x.npy", npy("|u1", "(10,)", std::string(50'000'000, '\0')), true}});
  REQUIRE(bomb.size() < 100'000);
  CHECK(contains(npz_error(bomb), "longer than the 10 bytes"));
  std::string short_member = zip({{"x.npy", npy("|u1", "(100,)", std::string(100, 'x')), true}});
  const std::size_t directory = short_member.rfind("PK\x01\x02");
  short_member.replace(directory + 24, 2, "\xFF\x7F");
  CHECK(!npz_error(short_member).empty());
}

TEST_CASE("random changes never crash") {
  std::uint32_t state = 9;
  const auto next = [&] { return state = state * 1664525u + 1013904223u; };
  const TempFolder folder;
  const std::string array = npy("<i2", "(3, 4)", std::string(24, 'q'));
  const std::string archive = zip({{"x.npy", array, true}, {"y.npy", array, false}});
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = round % 3 == 0 ? array : archive;
    for (int change = 0; change < 2; ++change)
      bytes[(next() >> 8) % bytes.size()] = static_cast<char>(next() >> 24);
    write_file(folder / "x", bytes);
    try {
      const Array read = round % 3 == 0 ? read_npy(folder / "x")
                                        : read_npz(folder / "x", round % 3 == 1 ? "x" : "y");
      CHECK(!read.dims.empty());
    } catch (const InputError& error) {
      CHECK(contains(error.what(), folder / "x"));
    }
  }
}
