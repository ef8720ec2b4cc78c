#include "tasks/idx.hpp"

#include <sys/stat.h>
#include <zlib.h>

#include <bit>
#include <thread>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

std::string gzipped(const TempFolder& folder, const std::string& bytes) {
  const std::string path = folder / "scratch.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The error of reading a file with these bytes.
std::string read_error(const std::string& bytes) {
  const TempFolder folder;
  write_file(folder / "x", bytes);
  const std::string error = error_of([&] { read_idx(folder / "x"); });
  CHECK(contains(error, folder / "x"));
  return error;
}

template <class Value>
std::vector<Value> read_back(int type, const std::string& bytes, std::uint32_t count) {
  const TempFolder folder;
  write_file(folder / "x", idx_header(type, {count}) + bytes);
  return std::get<std::vector<Value>>(read_idx(folder / "x").values);
}

}  // namespace

TEST_CASE("the four value types, in big-endian order") {
  using Bytes = std::vector<std::uint8_t>;
  CHECK(read_back<std::uint8_t>(8, "\x01\xFF", 2) == Bytes{1, 255});
  CHECK(read_back<std::int32_t>(12, big_endian(258, 4) + big_endian(0xFFFFFFFEu, 4), 2) ==
        std::vector<std::int32_t>{258, -2});
  CHECK(read_back<float>(13, big_endian(std::bit_cast<std::uint32_t>(-1.5f), 4), 1) ==
        std::vector{-1.5f});
  CHECK(read_back<double>(14, big_endian(std::bit_cast<std::uint64_t>(0.1), 8), 1) ==
        std::vector{0.1});
}

TEST_CASE("plain and compressed files, of several chunks") {
  const TempFolder folder;
  std::string values(3 * 1000 * 1001, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<char>(i * 7919 >> 3);
  const std::string bytes = idx_header(8, {3, 1000, 1001}) + values;
  write_file(folder / "plain", bytes);
  write_file(folder / "packed.gz", gzipped(folder, bytes));
  for (const char* name : {"plain", "packed.gz"}) {
    const Array array = read_idx(folder / name);
    CHECK(array.dims == std::vector<std::size_t>{3, 1000, 1001});
    const auto& read = std::get<std::vector<std::uint8_t>>(array.values);
    CHECK(std::string(read.begin(), read.end()) == values);
  }
}

TEST_CASE("what is not a file") {
  const TempFolder folder;
  CHECK(contains(error_of([&] { read_idx(folder / "none"); }), "does not exist"));
  CHECK(contains(error_of([&] { read_idx(folder.path()); }), "is a folder"));
  CHECK(contains(error_of([&] { read_idx(""); }), "does not exist"));
  CHECK(contains(error_of([&] { read_idx(folder / "none/none"); }), "does not exist"));
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(error_of([&] { read_idx(folder / "pipe"); }), "not an ordinary file"));
  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK(contains(error_of([&] { read_idx(folder / "loop"); }), "cannot be read"));
}

TEST_CASE("a file without permission") {
  const TempFolder folder;
  write_file(folder / "x", idx_header(8, {1}) + "a");
  std::filesystem::permissions(folder / "x", std::filesystem::perms::none);
  if (std::ifstream(folder / "x").good()) {
    MESSAGE("skipped: this user may read every file");
    return;
  }
  CHECK(contains(error_of([&] { read_idx(folder / "x"); }), "cannot be opened"));
}

TEST_CASE("headers that are damaged or lie") {
  CHECK(contains(read_error(""), "ends inside its IDX header"));
  CHECK(contains(read_error(std::string(3, '\0')), "ends inside its IDX header"));
  CHECK(contains(read_error(idx_header(8, {5, 5}).substr(0, 11)), "ends inside its IDX header"));
  CHECK(contains(read_error("\x89PNG...."), "two zero bytes"));
  CHECK(contains(read_error("label,a,b\n1,2,3\n"), "two zero bytes"));
  CHECK(contains(read_error(idx_header(9, {1}) + "a"), "IDX type 0x09"));
  CHECK(contains(read_error(std::string("\0\0\x08\0", 4)), "0 dimensions"));
  CHECK(contains(read_error(std::string("\0\0\x08\xFF", 4)), "255 dimensions"));
  CHECK(contains(read_error(idx_header(8, {3, 0})), "dimension 2 of its IDX header is 0"));
}

TEST_CASE("sizes that overflow or exceed the limit allocate nothing") {
  constexpr std::uint32_t most = 0xFFFFFFFFu;
  CHECK(contains(read_error(idx_header(8, {most, most})), "more than 4 GiB"));
  CHECK(
      contains(read_error(idx_header(8, std::vector<std::uint32_t>(8, most))), "more than 4 GiB"));
  // 65536^4 is 2^64, which is 0 in 64 bits.
  CHECK(contains(read_error(idx_header(8, {65536, 65536, 65536, 65536})), "more than 4 GiB"));
  CHECK(contains(read_error(idx_header(14, {most})), "more than 4 GiB"));
  CHECK(contains(read_error(idx_header(14, {1u << 29, 2})), "more than 4 GiB"));
  // Allowed sizes, but the file ends at once.
  CHECK(contains(read_error(idx_header(8, {most})), "cut short"));
}

TEST_CASE("files shorter or longer than their headers say") {
  CHECK(contains(read_error(idx_header(8, {4}) + "abc"), "promises 4 bytes of values, it has 3"));
  CHECK(contains(read_error(idx_header(12, {2}) + "abcdefg"),
                 "promises 8 bytes of values, it has 7"));
  CHECK(contains(read_error(idx_header(8, {4}) + "abcde"), "longer than the 4 bytes"));
}

TEST_CASE("files cut short at every byte") {
  const TempFolder folder;
  const std::string plain = idx_header(12, {2, 3}) + std::string(24, 'v');
  for (const std::string& whole : {plain, gzipped(folder, plain)}) {
    write_file(folder / "whole", whole);
    CHECK(read_idx(folder / "whole").dims == std::vector<std::size_t>{2, 3});
    for (std::size_t length = 0; length < whole.size(); ++length)
      CHECK(!read_error(whole.substr(0, length)).empty());
  }
}

TEST_CASE("damaged compressed data") {
  const TempFolder folder;
  std::string noise(20000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i)
    noise[i] = static_cast<char>(i * i * 2654435761u >> 13);
  const std::string good = gzipped(folder, idx_header(8, {20000}) + noise);
  CHECK(contains(read_error(good.substr(0, good.size() / 2)), "cut short"));
  CHECK(contains(read_error(good.substr(0, good.size() - 4)), "cut short"));
  std::string flipped = good;
  flipped[good.size() - 6] = static_cast<char>(flipped[good.size() - 6] ^ 1);  // in the check sum
  CHECK(contains(read_error(flipped), "damaged"));
  flipped = good;
  for (std::size_t i = 15; i < 40; ++i) flipped[i] = '\xFF';
  CHECK(!read_error(flipped).empty());
}

TEST_CASE("a compressed file is read no further than its header says") {
  const TempFolder folder;
  const std::string bomb = gzipped(folder, idx_header(8, {10}) + std::string(50'000'000, '\0'));
  REQUIRE(bomb.size() < 100'000);
  CHECK(contains(read_error(bomb), "longer than the 10 bytes"));
}

TEST_CASE("random bytes after a fair header start never crash") {
  std::uint32_t state = 1;
  const auto next = [&] { return state = state * 1664525u + 1013904223u; };
  const TempFolder folder;
  for (int round = 0; round < 300; ++round) {
    std::string bytes =
        idx_header(8 + static_cast<int>(next() >> 29), {next() >> 28, next() >> 28});
    bytes.append(next() >> 24, 'x');
    bytes[next() >> 8 & 7] = static_cast<char>(next() >> 24);
    write_file(folder / "x", bytes);
    try {
      const Array array = read_idx(folder / "x");
      CHECK(!array.dims.empty());
    } catch (const InputError& error) {
      CHECK(contains(error.what(), folder / "x"));
    }
  }
}

TEST_CASE("a file in use is read once, by any number of threads") {
  const TempFolder folder;
  write_file(folder / "x", idx_header(8, {2}) + "ab");
  std::vector<std::shared_ptr<const Array>> found(8);
  {
    std::vector<std::jthread> threads;
    for (auto& place : found) threads.emplace_back([&] { place = shared_idx(folder / "x"); });
  }
  for (const auto& array : found) CHECK(array == found[0]);
  CHECK(shared_idx(folder / "./x") == found[0]);
  write_file(folder / "x", idx_header(8, {2}) + "cd");
  CHECK(std::get<0>(shared_idx(folder / "x")->values)[0] == 'a');
  found.clear();
  CHECK(std::get<0>(shared_idx(folder / "x")->values)[0] == 'c');
}

TEST_CASE("labels") {
  const auto labels = [](auto values, std::vector<std::size_t> dims) {
    Array array{std::move(dims), {}};
    array.values = std::move(values);
    return class_labels(array, "FILE");
  };
  using Wide = std::vector<std::int32_t>;
  CHECK(labels(std::vector<std::uint8_t>{3, 9}, {2}) == std::vector<std::uint32_t>{3, 9});
  CHECK(labels(Wide{1622, 0}, {2}) == std::vector<std::uint32_t>{1622, 0});
  CHECK(labels(std::vector<double>{1, 4}, {2}) == std::vector<std::uint32_t>{1, 4});
  CHECK(contains(error_of([&] { labels(Wide{0, -1}, {2}); }), "FILE has the class -1 at entry 1"));
  CHECK(contains(error_of([&] { labels(Wide{65536}, {1}); }), "expected 0 to 65535"));
  CHECK(contains(error_of([&] { labels(std::vector<float>{1.5f}, {1}); }), "expected whole numbers"));
  CHECK(contains(error_of([&] { labels(Wide{1, 2}, {1, 2}); }), "expected 1"));
}
