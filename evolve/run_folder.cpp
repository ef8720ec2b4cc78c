#include "evolve/run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "lang/core/diagnostics.hpp"

namespace mlz::evolve {
namespace {
namespace fs = std::filesystem;

constexpr const char* kTiming = "timing.jsonl";
constexpr std::uintmax_t kLargestCheckpoint = std::uintmax_t{4} << 30;

[[noreturn]] void cannot(const std::string& what, const std::string& path, int error) {
  throw InputError(fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

/// Writes all of a file, to the disk, or throws.
void write_whole(const std::string& path, std::string_view content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) cannot("write", path, errno);
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = errno;
      ::close(fd);
      ::unlink(path.c_str());
      cannot("write", path, error);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL;
  const int error = errno;
  if (::close(fd) != 0 || !synced) cannot("write", path, error);
}

void replace_file(const std::string& path, std::string_view content) {
  const std::string part = path + ".part";
  write_whole(part, content);
  if (::rename(part.c_str(), path.c_str()) != 0) cannot("write", path, errno);
}

std::string read_whole(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw InputError(fmt::format("{}: no such file", path));
  if (fs::file_size(path, error) > kLargestCheckpoint) throw InputError(fmt::format("{}: is too large", path));
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) throw InputError(fmt::format("{}: cannot be read", path));
  return out.str();
}

std::string program_name(const Champion& c) { return fmt::format("size-{:03}.mlz", c.size); }

}  // namespace

RunFolder::RunFolder(std::string path, Config config) : path_(std::move(path)), config_(std::move(config)) {}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), config_(std::move(other.config_)), checkpoint_(std::move(other.checkpoint_)),
      seconds_(other.seconds_), lock_(std::exchange(other.lock_, -1)), logs_(std::exchange(other.logs_, {})) {}

RunFolder::~RunFolder() {
  for (const auto& [name, file] : logs_) std::fclose(file);
  if (lock_ >= 0) ::close(lock_);
}

/// One process at a time.
void RunFolder::lock() {
  lock_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) cannot("open", path_, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    throw InputError(fmt::format("{}: another process is running this search", path_));
  }
}

void RunFolder::open_logs() {
  for (const char* name : {"log.jsonl", "lineage.jsonl", kTiming}) {
    if (name == std::string_view("lineage.jsonl") && !holds_programs()) continue;
    const std::string path = path_ + "/" + name;
    std::FILE* file = std::fopen(path.c_str(), "abe");
    if (file == nullptr) cannot("write", path, errno);
    logs_[name] = file;
  }
}

RunFolder RunFolder::create(const std::string& path, const Config& config) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) {
    throw InputError(fmt::format("--out {}: is a file; give the name of a folder", path));
  }
  if (fs::exists(path + "/checkpoint", error) || fs::exists(path + "/config.json", error)) {
    throw InputError(fmt::format("--out {}: holds a run already; go on with it by --resume {}, or choose another folder",
                                 path, path));
  }
  if (fs::exists(path, error) && !fs::is_empty(path, error)) {
    throw InputError(fmt::format("--out {}: is not empty; choose another folder", path));
  }
  fs::create_directories(config.tune == "none" ? path + "/programs" : path, error);
  if (error) throw InputError(fmt::format("--out {}: cannot be made: {}", path, error.message()));
  RunFolder folder(path, config);
  folder.lock();
  folder.write("config.json", to_json(config));
  folder.open_logs();
  folder.save({});
  return folder;
}

Checkpoint RunFolder::load(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) throw InputError(fmt::format("--resume {}: there is no such folder", path));
  if (!fs::exists(path + "/checkpoint", error)) {
    throw InputError(fmt::format("--resume {}: has no checkpoint; it is not the folder of a run", path));
  }
  return read_checkpoint(read_whole(path + "/checkpoint"), path + "/checkpoint");
}

RunFolder RunFolder::reopen(const std::string& path, const Config& config) {
  RunFolder folder(path, config);
  folder.checkpoint_ = load(path);
  const auto different = differing_fields(folder.checkpoint_->config, config);
  if (!different.empty()) {
    for (const ConfigField& field : config_fields()) {
      if (field.name != different.front()) continue;
      throw InputError(fmt::format("--resume {}: {} was {} when the run began and is now {}; only limits and settings of "
                                   "the machine may change",
                                   path, field.name, field_text(folder.checkpoint_->config, field),
                                   field_text(config, field)));
    }
  }
  folder.lock();
  folder.cut_logs();
  folder.read_seconds();
  folder.open_logs();
  folder.write("config.json", to_json(config));
  return folder;
}

void RunFolder::cut_logs() {
  for (const auto& [name, size] : checkpoint_->log_sizes) {
    const std::string path = path_ + "/" + name;
    std::error_code error;
    const auto now = fs::file_size(path, error);
    if (error || now < size) {
      throw InputError(fmt::format("--resume {}: {} should have at least {} bytes and {}; it was changed after the run "
                                   "was saved",
                                   path_, name, size, error ? "is missing" : fmt::format("has {}", now)));
    }
    fs::resize_file(path, size, error);
    if (error) throw InputError(fmt::format("{}: cannot be written: {}", path, error.message()));
  }
}

void RunFolder::read_seconds() {
  std::ifstream in(path_ + "/" + kTiming);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.contains("seconds") && json["seconds"].is_number()) seconds_ = json["seconds"];
  }
}

void RunFolder::read_logs(const TakeLine& log, const TakeLine& lineage) const {
  const auto hand_on = [this](const char* name, const TakeLine& take) {
    std::ifstream in(path_ + "/" + name);
    for (std::string line; std::getline(in, line);) take(line);
  };
  hand_on("log.jsonl", log);
  hand_on("lineage.jsonl", lineage);
}

void RunFolder::append(const std::string& name, const std::string& line) {
  std::FILE* file = logs_.at(name);
  const bool good = std::fwrite(line.data(), 1, line.size(), file) == line.size() && std::fputc('\n', file) != EOF;
  if (!good) cannot("write", path_ + "/" + name, errno);
}

void RunFolder::log(const std::string& line) { append("log.jsonl", line); }
void RunFolder::lineage(const std::string& line) { append("lineage.jsonl", line); }
void RunFolder::timing(const std::string& line) {
  append(kTiming, line);
  if (std::fflush(logs_.at(kTiming)) != 0) cannot("write", path_ + "/" + kTiming, errno);
}

void RunFolder::save(const SearchState& state) {
  Checkpoint checkpoint{config_, state, {}};
  for (const auto& [name, file] : logs_) {
    if (name == kTiming) continue;
    if (std::fflush(file) != 0) cannot("write", path_ + "/" + name, errno);
    ::fdatasync(::fileno(file));
    checkpoint.log_sizes[name] = fs::file_size(path_ + "/" + name);
  }
  write("checkpoint", to_text(checkpoint));
}

void RunFolder::write(const std::string& name, const std::string& content) const {
  replace_file(path_ + "/" + name, content);
}

void RunFolder::write_front(const std::vector<Champion>& front, const FrontHeader& header) const {
  std::string table = "size,search,experiment,candidate,program\n";
  std::set<std::string> wanted;
  for (const Champion& c : front) {
    const std::string name = program_name(c);
    wanted.insert(name);
    table += fmt::format("{},{},{},{},programs/{}\n", c.size, c.search, c.experiment, c.id, name);
    write("programs/" + name, header(c, "programs/" + name) + c.text);
  }
  write("hall_of_fame.csv", table);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ + "/programs", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("size-") && !wanted.contains(name)) fs::remove(entry.path(), error);
  }
}

}  // namespace mlz::evolve
