#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace mlz::bench {

/// The command line of mlzbench.
struct Settings {
  Effort effort;
  bool quick = false;  ///< little work, to see that all runs
  std::string data;    ///< as --data of mlzrun
  std::string peer;    ///< command of another evaluator to compare with; empty: none
  std::string only, json;
};

/// One run of mlzbench: what is measured, and where files may be put meanwhile.
class Session {
 public:
  explicit Session(Settings settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Settings& settings() const { return settings_; }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  void begin(const std::string& bench) { bench_ = bench; }
  /// Measures a case and prints it.
  void add(const Case& work);
  const std::vector<Row>& rows() const { return rows_; }

 private:
  Settings settings_;
  std::filesystem::path folder_;
  std::string bench_;
  std::vector<Row> rows_;
};

/// A group of cases. Adding one: a function here, a line in benches.cpp.
struct Bench {
  const char* name;
  const char* meaning;
  void (*run)(Session&);
};
const std::vector<Bench>& benches();

void bench_linear(Session& session);
void bench_network(Session& session);
void bench_programs(Session& session);
void bench_search(Session& session);
void bench_threads(Session& session);
void bench_mlp(Session& session);
void bench_learners(Session& session);
void bench_population(Session& session);
void bench_gradient(Session& session);
void bench_start(Session& session);
void bench_parse(Session& session);

}  // namespace mlz::bench
