#include "bench/session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/report.hpp"
#include "lang/core/diagnostics.hpp"

namespace mlz::bench {
namespace {

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "mlzbench_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw InputError(fmt::format("cannot make a folder like {}", name));
  return name;
}

}  // namespace

const std::vector<Bench>& benches() {
  static const std::vector<Bench> all{
      {"linear", "automl_linear.mlz on 10 tasks of 1000 + 100 examples", bench_linear},
      {"network", "automl_nn.mlz on the same tasks", bench_network},
      {"programs", "10,000 short programs on 10 tasks of 100 + 100 examples", bench_programs},
      {"search", "whole searches of the preset automl-zero-demo", bench_search},
      {"threads", "the same search on one and on two threads", bench_threads},
      {"mlp", "training mlp.mlz on images of 28 x 28", bench_mlp},
      {"learners", "steps of vsml.mlz and srwm.mlz beside the same by hand", bench_learners},
      {"population", "vectors of params of sfnn.mlz judged together and one by one", bench_population},
      {"gradient", "gradients of whole lifetimes beside the lifetimes alone", bench_gradient},
      {"start", "mlzrun from its start to the first look at data", bench_start},
      {"parse", "a program of 1,000 lines", bench_parse},
  };
  return all;
}

Session::Session(Settings settings) : settings_(std::move(settings)), folder_(make_folder()) {}

Session::~Session() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Session::add(const Case& work) {
  rows_.push_back(measure(bench_, work, settings_.effort));
  print(rows_.back());
}

}  // namespace mlz::bench
