#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "lang/text/compile.hpp"
#include "programs.hpp"
#include "vm/machine.hpp"
#include "vm/program_file.hpp"

using namespace programs;
using Bytes = std::vector<unsigned char>;

namespace {

constexpr std::size_t kHeader = 20;

std::uint64_t checksum(const unsigned char* begin, const unsigned char* end) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (; begin != end; ++begin) hash = (hash ^ *begin) * 0x100000001b3;
  return hash;
}

/// A file whose length and checksum are right for what is between them.
Bytes sealed(Bytes bytes) {
  const std::uint64_t length = bytes.size() - kHeader - 8;
  const std::uint64_t hash = checksum(bytes.data() + kHeader, bytes.data() + bytes.size() - 8);
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[12 + i] = static_cast<unsigned char>(length >> (8 * i));
    bytes[bytes.size() - 8 + i] = static_cast<unsigned char>(hash >> (8 * i));
  }
  return bytes;
}

std::string reason(const Bytes& bytes, const mlz::LoadLimits& limits = {}) {
  return mlz::BoundProgram::load(bytes, limits).error_text();
}

std::vector<double> run(const mlz::BoundProgram& program, const std::string& engine = "auto") {
  auto lives = program.start({.engine = engine, .seed = 1, .blas = false}).value();
  lives.setup();
  std::vector<double> out, x(program.x() ? static_cast<std::size_t>(program.x()->size()) : 0, 0.5);
  const std::vector<double> target(program.target() ? static_cast<std::size_t>(program.target()->size()) : 0, 0.25);
  for (int i = 0; i < 3; ++i) {
    const auto y = lives.predict(x);
    out.insert(out.end(), y.begin(), y.end());
    lives.learn(x, target);
  }
  return out;
}

/// One program with every kind of instruction that differs in the file.
const std::string kWide = R"(
param P : matrix[4, 4] ~ uniform(-1, 1)
state M : matrix[4, 4] = P
def Predict(x):
  a = concat(x, x * 2)
  b = a[1:5]
  M[0, :] = b
  c = sum(M, axis=0) + mean(M, axis=1)
  d = softmax(M)
  e = layer_norm(c)
  f = onehot(argmax(c), 4)
  g = repeat_rows(sum_groups(c, 2), 2) + tile_rows(mean_strided(c, 2), 2)
  h = unfold(c, 2, 2, 1, 3)
  i = max_pool(reshape(c, (4, 1)), 2, 2, 2)
  j = reshape(M, 16)
  k = M @ d + outer(e, f) + M.T
  M[1:3, 1] = x[0:2]
  y = sum(k) + sum(g) + sum(h) + sum(i) + norm(j) + sum(iota(3)) + bernoulli(0.5)
def Learn(x, target):
  M = M + 0.01 * (target - y) * M
)";

}  // namespace

TEST_CASE("a program comes back from its bytes") {
  for (const mlz::BoundProgram& program :
       {linear(), net(), net({.observe = {"W"}}), net({.observe_all = true}), bound(kWide, {{"features", 3}})}) {
    const Bytes bytes = program.to_bytes();
    const auto again = mlz::BoundProgram::load(bytes);
    REQUIRE_MESSAGE(again.ok(), again.error_text());
    CHECK(again->to_bytes() == bytes);
    CHECK(again->bytes() == program.bytes());
    CHECK(again->instructions() == program.instructions());
    CHECK(again->registers().size() == program.registers().size());
    for (const std::string& engine : mlz::engine_names()) CHECK(run(*again, engine) == run(program, engine));
  }
  const auto loaded = mlz::BoundProgram::load(net({.observe = {"W"}}).to_bytes()).value();
  CHECK(loaded.find("W")->readable);
  CHECK_FALSE(loaded.find("V[0]")->readable);
}

TEST_CASE("the standard library survives the file") {
  int programs = 0;
  for (const char* name : {"automl_linear", "automl_nn", "linear", "logistic", "mlp", "online", "srwm", "vsml", "vsml_clone",
                           "meta_rnn", "fast_weights", "nearest"}) {
    CAPTURE(name);
    std::ifstream in(std::string(MLZ_SOURCE_DIR) + "/stdlib/" + name + ".mlz");
    std::stringstream text;
    text << in.rdbuf();
    const auto program = mlz::compile(text.str());
    REQUIRE_MESSAGE(program.ok(), program.error_text());
    const auto bound = program->bind({{"features", 4}, {"outputs", 3}});
    REQUIRE_MESSAGE(bound.ok(), bound.error_text());
    const auto again = mlz::BoundProgram::load(bound->to_bytes());
    REQUIRE_MESSAGE(again.ok(), again.error_text());
    CHECK(run(*again) == run(*bound));
    ++programs;
  }
  CHECK(programs == 12);
}

TEST_CASE("bytes that are no program are refused with a reason") {
  const Bytes good = net().to_bytes();
  CHECK(reason({}).find("not a bound program") != std::string::npos);
  CHECK(reason(Bytes(100, 7)).find("not a bound program") != std::string::npos);
  Bytes bytes = good;
  bytes[8] = 9;
  CHECK(reason(bytes).find("format version 9") != std::string::npos);
  bytes = good;
  bytes[12] ^= 1;
  CHECK(reason(bytes).find("length") != std::string::npos);
  bytes = good;
  bytes[19] = 0xff;
  CHECK(reason(bytes).find("length") != std::string::npos);
  bytes = good;
  bytes[100] ^= 1;
  CHECK(reason(bytes).find("checksum") != std::string::npos);
  bytes = good;
  bytes.insert(bytes.end() - 8, 3, 0);
  CHECK(reason(sealed(bytes)).find("after its end") != std::string::npos);
  for (std::size_t n = 0; n < good.size(); ++n) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK_FALSE(reason(cut).empty());
  }
}

TEST_CASE("cut short with a right checksum") {
  const Bytes good = net().to_bytes();
  for (std::size_t n = kHeader; n + 8 < good.size(); ++n) {
    Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
    cut.resize(n + 8);
    CHECK_FALSE(reason(sealed(cut)).empty());
  }
}

TEST_CASE("any damage under a right checksum is refused, or runs without harm") {
  mlz::LoadLimits limits;
  limits.max_bytes = 1 << 20;
  limits.max_operations = 1e6;
  int refused = 0, ran = 0;
  for (const mlz::BoundProgram& program : {net(), bound(kWide, {{"features", 3}})}) {
    const Bytes good = program.to_bytes();
    std::size_t first = kHeader;  // past the names of operations, most of which are not used
    while (first + 2 < good.size() && !(good[first] == 'W' && good[first + 1] == '0') && good[first] != 'P') ++first;
    for (std::size_t at = first; at + 8 < good.size(); ++at) {
      for (const int value : {0, 1, 2, 127, 255, good[at] ^ 1}) {
        Bytes bytes = good;
        bytes[at] = static_cast<unsigned char>(value);
        if (value == good[at]) continue;
        const auto loaded = mlz::BoundProgram::load(sealed(bytes), limits);
        loaded.ok() ? ++ran : ++refused;
        if (!loaded) continue;
        for (const std::string& engine : mlz::engine_names()) {
          const auto lives = loaded->start({.engine = engine, .max_bytes = 1 << 20});
          if (lives && loaded->bytes() < 100'000) run(*loaded, engine);
        }
      }
    }
  }
  CHECK(refused > 1000);
  CHECK(ran > 1000);
}

TEST_CASE("limits on what a file may ask for") {
  const Bytes large = bound("state W : matrix[features, features]\ndef Predict(x):\n  y = sum(W @ (W @ x))\n",
                            {{"features", 1000}})
                          .to_bytes();
  CHECK(reason(large).empty());
  mlz::LoadLimits limits;
  limits.max_bytes = 1 << 20;
  CHECK(reason(large, limits).find("1048576 bytes") != std::string::npos);
  limits = {};
  limits.max_instructions = 2;
  CHECK(reason(large, limits).find("2 are allowed") != std::string::npos);
  limits = {};
  limits.max_operations = 1e5;
  CHECK(reason(large, limits).find("Predict") != std::string::npos);
}

TEST_CASE("the names of operations are kept, not their numbers") {
  const Bytes good = linear().to_bytes();
  std::string text(good.begin(), good.end());
  const std::size_t at = text.find("layer_norm");
  REQUIRE(at != std::string::npos);
  text.replace(at, 10, "later_norm");
  CHECK(reason(sealed(Bytes(text.begin(), text.end()))).find("`later_norm`, which this version of mlz lacks") !=
        std::string::npos);
}
