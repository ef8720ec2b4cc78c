#pragma once
#include <cstdio>
#include <optional>

#include "evolve/checkpoint.hpp"

namespace mlz::evolve {

/// The folder of one run:
///   config.json        the configuration
///   log.jsonl          what happened; depends on configuration and seed alone
///   lineage.jsonl      of a search for programs: each new best one of an experiment with its parent and mutation
///   timing.jsonl       seconds and rates at every checkpoint
///   hall_of_fame.csv   of a search for programs: the best one of every size
///   programs/          those programs, and the best of every experiment
///   best.mlz           the best program so far
///   report.html        a page about the run, when it ended
///   best_readable.mlz  at the end: the same for people, perhaps with fewer lines
///   best.safetensors   a search for params, or with --tune-inside: those of best.mlz
///   checkpoint         from which the run can go on
/// All but timing.jsonl are equal, byte for byte, whether a run was interrupted or not. Files are written beside their
/// place and renamed. Errors of the disk are InputErrors.
class RunFolder {
 public:
  /// Starts a folder. Throws InputError if there is something in it already, or it cannot be written.
  static RunFolder create(const std::string& path, const Config& config);
  /// Opens the folder of an earlier run and cuts its logs back to its checkpoint. `config` holds the wishes for the
  /// rest of the run; throws InputError naming the first field that may not differ and does.
  static RunFolder reopen(const std::string& path, const Config& config);
  /// The checkpoint of an earlier run.
  static Checkpoint load(const std::string& path);

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();

  const std::optional<Checkpoint>& checkpoint() const { return checkpoint_; }
  using TakeLine = std::function<void(const std::string& line)>;
  /// Hands on every line that the logs have already.
  void read_logs(const TakeLine& log, const TakeLine& lineage) const;
  double seconds() const { return seconds_; }  ///< that earlier parts of the run took

  void log(const std::string& line);
  void lineage(const std::string& line);
  void timing(const std::string& line);
  void save(const SearchState& state);
  void write(const std::string& name, const std::string& content) const;
  /// Gives the comment lines of a program that goes into that file of the folder.
  using FrontHeader = std::function<std::string(const Champion&, const std::string& file)>;
  /// The hall of fame as table and programs.
  void write_front(const std::vector<Champion>& front, const FrontHeader& header) const;

 private:
  RunFolder(std::string path, Config config);
  std::string path_;
  Config config_;
  std::optional<Checkpoint> checkpoint_;
  double seconds_ = 0;
  int lock_ = -1;
  std::map<std::string, std::FILE*> logs_;

  bool holds_programs() const { return config_.tune == "none"; }
  void lock();
  void open_logs();
  void append(const std::string& name, const std::string& line);
  void cut_logs();
  void read_seconds();
};

}  // namespace mlz::evolve
