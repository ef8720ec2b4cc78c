#include "bench/peer.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "lang/core/diagnostics.hpp"

namespace mlz::bench {
namespace {

constexpr const char* kHead = "mlzbench-workload 1\n";

void write_examples(std::ofstream& out, const std::vector<double>& features, const std::vector<double>& labels) {
  const std::size_t width = features.size() / labels.size();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    out << fmt::format("{:.17g}", labels[i]);
    for (std::size_t k = 0; k < width; ++k) out << fmt::format(" {:.17g}", features[i * width + k]);
    out << "\n";
  }
}

void write_program(std::ofstream& out, const vm::CompactProgram& program) {
  const auto& code = program.code;
  out << fmt::format("program {} {} {}\n", code[0].size(), code[1].size(), code[2].size());
  for (const auto& function : code) {
    for (const vm::CompactInstruction& i : function) {
      const bool number = i.op == vm::kScalarConstant;
      const auto [first, second] = i.pair();
      out << fmt::format("{} {} {} {} {:.17g} {:.17g}\n", i.op, i.out, i.a, i.b, number ? i.number() : first,
                         number ? 0 : second);
    }
  }
}

}  // namespace

void write_workload(const std::string& path, const std::vector<vm::CompactProgram>& programs,
                    const vm::TaskBatch& batch) {
  std::ofstream out(path);
  const vm::BatchTask& first = batch.tasks.front();
  out << kHead << "kind evaluate\n"
      << fmt::format("features {}\ntrain {}\nvalid {}\nmax_abs_error {}\ntasks {}\n", batch.features,
                     first.train_labels.size(), first.valid_labels.size(), batch.max_abs_error, batch.tasks.size());
  for (const vm::BatchTask& task : batch.tasks) {
    out << "task\n";
    write_examples(out, task.train_features, task.train_labels);
    write_examples(out, task.valid_features, task.valid_labels);
  }
  out << fmt::format("programs {}\n", programs.size());
  for (const vm::CompactProgram& program : programs) write_program(out, program);
}

void write_search_workload(const std::string& path, int candidates) {
  std::ofstream(path) << kHead << fmt::format("kind search\ncandidates {}\n", candidates);
}

Peer::Peer(const std::string& command, const std::string& workload) : command_(command) {
  std::array<int, 2> in{}, out{};
  if (pipe(in.data()) != 0 || pipe(out.data()) != 0) throw std::runtime_error("no pipes are left");
  const std::string line = "exec " + command + " \"$0\"";
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends early is found out by its missing answer
  child_ = fork();
  if (child_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    for (const int end : {in[0], in[1], out[0], out[1]}) close(end);
    execl("/bin/sh", "sh", "-c", line.c_str(), workload.c_str(), nullptr);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_ = fdopen(in[1], "w");
  from_ = fdopen(out[0], "r");
  if (child_ < 0 || answer() != "ready") throw InputError(fmt::format("the peer `{}` did not print `ready`", command_));
}

Peer::~Peer() {
  std::fclose(to_);
  std::fclose(from_);
  if (child_ > 0) waitpid(child_, nullptr, 0);
}

std::string Peer::answer() {
  std::array<char, 256> line{};
  if (std::fgets(line.data(), line.size(), from_) == nullptr) return "";
  std::string text(line.data());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Sample Peer::run() {
  std::fputs("run\n", to_);
  std::fflush(to_);
  const std::string text = answer();
  char* rest = nullptr;
  const double nanoseconds = std::strtod(text.c_str(), &rest);
  if (!(nanoseconds > 0)) throw std::runtime_error(fmt::format("the peer `{}` answered `{}`", command_, text));
  return {nanoseconds, std::strtod(rest, nullptr)};
}

}  // namespace mlz::bench
