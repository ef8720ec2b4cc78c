#include "bench/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "vm/blas.hpp"
#include "vm/levels.hpp"

namespace mlz::bench {
namespace {

using Json = nlohmann::ordered_json;

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Json json_of(const Spread& s) { return {{"median", s.median}, {"low", s.low}, {"high", s.high}}; }

Json json_of(const Row& row) {
  Json times = Json::object(), ratios = Json::object();
  for (const Row::Time& t : row.times) times[t.name] = json_of(t.time);
  for (const Row::Ratio& r : row.ratios) ratios[r.name] = json_of(r.ratio);
  return {{"bench", row.bench}, {"case", row.name}, {"unit", row.unit}, {"times", times}, {"fastest", row.fastest},
          {"ratios", ratios}};
}

}  // namespace

void print(const Row& row) {
  std::string line = fmt::format("{:<8} {:<22}", row.bench, row.name);
  for (const Row::Time& t : row.times) line += fmt::format(" {} {:.4g},", t.name, t.time.median);
  line.back() = ' ';
  line += row.unit;
  for (const Row::Ratio& r : row.ratios) line += fmt::format("; {:.2f}x {}", r.ratio.median, r.name);
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string to_json(const std::vector<Row>& rows, const std::string& command) {
  Json results = Json::array();
  for (const Row& row : rows) results.push_back(json_of(row));
  const vm::Blas* blas = vm::blas();
  const Json all{{"date", fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(std::time(nullptr)))},
                 {"processor", processor()},
                 {"kernels", vm::level_name(vm::kernel_level())},
                 {"blas", blas == nullptr ? "none" : blas->name},
                 {"command", command},
                 {"results", results}};
  return all.dump(1) + "\n";
}

}  // namespace mlz::bench
