// Any bytes load as a bound program that runs within its limits, or are refused. The length and the checksum of the
// input are made right, so that they do not hide the reader.
#include "mlz/vm.hpp"
#include "target.hpp"

namespace {

void run(const mlz::BoundProgram& program, const std::string& engine) {
  mlz::StartOptions options;
  options.engine = engine;
  options.max_bytes = 1 << 24;
  auto lifetimes = program.start(options);
  if (!lifetimes) return;
  const auto values = [](const auto& found) { return std::vector<double>(found ? static_cast<std::size_t>(found->size()) : 0); };
  const std::vector<double> x = values(program.x()), target = values(program.target());
  lifetimes->setup();
  for (int step = 0; step < 2; ++step) {
    lifetimes->predict(std::span(x));
    lifetimes->learn(std::span(x), std::span(target));
  }
}

constexpr std::size_t kHeader = 20, kLength = 12, kChecksum = 8;  // docs/formats.md

std::vector<std::uint8_t> sealed(mlz::fuzz::Bytes input) {
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  if (bytes.size() < kHeader + kChecksum) return bytes;
  const std::size_t length = bytes.size() - kHeader - kChecksum;
  const std::uint64_t sum = mlz::fuzz::checksum({bytes.data() + kHeader, length});
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[kLength + i] = static_cast<std::uint8_t>(std::uint64_t{length} >> (8 * i));
    bytes[kHeader + length + i] = static_cast<std::uint8_t>(sum >> (8 * i));
  }
  return bytes;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto program = mlz::BoundProgram::load(sealed({data, size}), {1 << 20, 2000, 1e6});
  if (!program) {
    mlz::fuzz::require(!program.error_text().empty(), "errors have a text");
    return 0;
  }
  const auto bytes = program->to_bytes();
  const auto again = mlz::BoundProgram::load(bytes);
  mlz::fuzz::require(again && again->to_bytes() == bytes, "what is written loads as the same");
  for (const std::string& engine : mlz::engine_names()) run(*program, engine);
  return 0;
}
