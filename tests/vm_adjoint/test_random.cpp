#include <cstdlib>

#include "lesson.hpp"
#include "tests/support/random_program.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

constexpr std::int64_t kSteps = 3;

std::uint64_t program_count() {
  const char* asked = std::getenv("MLZ_GRADIENT_PROGRAMS");
  return asked == nullptr ? 300 : std::strtoull(asked, nullptr, 10);
}

std::string text_of(std::uint64_t seed) {
  tests::RandomProgramOptions options;
  options.tame = options.more_params = true;
  options.depth = 2 + static_cast<int>(seed % 2);
  options.lines = 4 + static_cast<int>(seed % 5);
  return tests::random_program(seed, options);
}

vm::BoundProgram program_of(std::uint64_t seed) {
  vm::BindOptions options;
  options.sizes["features"] = std::array{2, 3, 4, 7}[seed % 4];
  return bound(text_of(seed), options);
}

/// Why a program was left out, and how many were.
struct Counts {
  long compared = 0;
  long no_path = 0;     ///< no param reaches the loss by way of gradients
  long not_finite = 0;  ///< the loss, or the loss beside it, is infinite or NaN
  long rough = 0;       ///< differences over two distances disagree: a kink or a jump is near, or rounding rules
  long no_slope = 0;    ///< the loss is finite but its gradient is not, as that of sqrt at 0
};

/// The loss with all params moved along a direction.
class Line {
 public:
  Line(const vm::BoundProgram& program, const vm::MachineOptions& options, Lesson& lesson)
      : program_(program), options_(options), lesson_(lesson), start_(vm::initial_params(program, options.seed)) {
    std::mt19937_64 random(options.seed + 77);
    for (const Numbers& values : start_) {
      direction.emplace_back();
      for (std::size_t k = 0; k < values.size(); ++k)
        direction.back().push_back(static_cast<double>(random() >> 11) * 0x1p-52 - 1);
    }
  }

  double loss(double by) {
    options_.params = start_;
    for (std::size_t p = 0; p < start_.size(); ++p) {
      for (std::size_t k = 0; k < start_[p].size(); ++k) options_.params[p][k] += by * direction[p][k];
    }
    return lesson_.loss(*vm::make_machine("reference", program_, options_));
  }
  /// By differences of fourth order.
  double slope(double h) { return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h); }

  std::vector<Numbers> direction;

 private:
  const vm::BoundProgram& program_;
  vm::MachineOptions options_;
  Lesson& lesson_;
  std::vector<Numbers> start_;
};

double along(const std::vector<Numbers>& gradient, const std::vector<Numbers>& direction) {
  double sum = 0;
  for (std::size_t p = 0; p < gradient.size(); ++p) {
    for (std::size_t k = 0; k < gradient[p].size(); ++k) sum += gradient[p][k] * direction[p][k];
  }
  return sum;
}

void compare_one(std::uint64_t seed, Counts& counts) {
  const vm::BoundProgram program = program_of(seed);
  const vm::MachineOptions options = plain(seed);
  std::optional<vm::Adjoint> adjoint;
  try {
    adjoint = vm::differentiate(program);
  } catch (const InputError&) {
    ++counts.no_path;
    return;
  }
  Lesson lesson(program, kSteps, seed);
  Line line(program, options, lesson);
  const double coarse = line.slope(2e-5), fine = line.slope(5e-6), here = line.loss(0);
  if (!std::isfinite(coarse) || !std::isfinite(fine)) {
    ++counts.not_finite;
    return;
  }
  // A difference over h has a rounding error of about |loss| 1e-16 / h.
  const double noise = 1e-9 * (1 + std::abs(here));
  if (std::abs(coarse - fine) > 1e-6 * std::abs(coarse) + noise) {
    ++counts.rough;
    return;
  }
  const char* engine = std::array{"reference", "dense", "lanes"}[seed % 3];
  vm::Reversal reversal(program, *adjoint, engine, options);
  reversal.run(lesson.steps(reversal));
  const double found = along(gradients(reversal), line.direction);
  if (!std::isfinite(found)) {
    ++counts.no_slope;
    return;
  }
  ++counts.compared;
  INFO("program ", seed, " on ", engine, ":\n", text_of(seed));
  CHECK(std::abs(found - fine) <= 1e-5 * std::abs(fine) + 10 * noise);
}

}  // namespace

TEST_CASE("gradients of random programs agree with differences along random directions") {
  Counts counts;
  for (std::uint64_t seed = 0; seed < program_count(); ++seed) compare_one(seed, counts);
  MESSAGE(counts.compared, " compared; left out: ", counts.no_path, " without a path, ", counts.not_finite,
          " with losses that are not finite, ", counts.rough, " near a kink, ", counts.no_slope,
          " without a finite gradient");
  CHECK(counts.compared > static_cast<long>(program_count()) / 5);
}

TEST_CASE("keeping few states changes no bit of a gradient, nor does the number of lanes or the engine in f64") {
  int compared = 0;
  for (std::uint64_t seed = 1000; seed < 1000 + program_count() / 4; ++seed) {
    const vm::BoundProgram program = program_of(seed);
    std::optional<vm::Adjoint> adjoint;
    try {
      adjoint = vm::differentiate(program);
    } catch (const InputError&) {
      continue;
    }
    ++compared;
    INFO("program ", seed, ":\n", text_of(seed));
    constexpr int kLanes = 3;
    Lesson lesson(program, 7, seed, kLanes);
    std::vector<std::vector<Numbers>> all;
    for (const auto& [engine, segment] :
         {std::pair{"reference", 0}, {"reference", 1}, {"dense", 3}, {"lanes", 0}, {"lanes", 2}}) {
      vm::MachineOptions options = plain(seed);
      options.lanes = kLanes;
      vm::Reversal reversal(program, *adjoint, engine, options, {segment});
      reversal.run(lesson.steps(reversal));
      for (int lane = 0; lane < kLanes; ++lane) {
        const auto found = gradients(reversal, lane);
        if (static_cast<int>(all.size()) <= lane) all.push_back(found);
        bool same = true;
        for (std::size_t p = 0; p < found.size(); ++p) {
          same = same && std::equal(found[p].begin(), found[p].end(), all[static_cast<std::size_t>(lane)][p].begin(),
                                    same_bits);
        }
        INFO(engine, ", a state for every ", segment, " steps, lane ", lane);
        REQUIRE(same);
      }
    }
  }
  CHECK(compared > 10);
}

TEST_CASE("lifetimes in lanes have the gradients of lifetimes alone, also in f32") {
  int compared = 0;
  for (std::uint64_t seed = 3000; seed < 3000 + program_count() / 10; ++seed) {
    const vm::BoundProgram program = program_of(seed);
    std::optional<vm::Adjoint> adjoint;
    try {
      adjoint = vm::differentiate(program);
    } catch (const InputError&) {
      continue;
    }
    ++compared;
    vm::MachineOptions many = plain(seed), one = plain(seed);
    many.dtype = one.dtype = vm::DType::f32;
    many.lanes = 5;
    Lesson lesson(program, 4, seed);
    vm::Reversal together(program, *adjoint, "lanes", many), alone(program, *adjoint, "lanes", one);
    Lesson five = lesson.repeated(5);
    alone.run(lesson.steps(alone));
    together.run(five.steps(together));
    const auto a = gradients(together, 0), b = gradients(alone, 0);
    bool same = true;
    for (std::size_t p = 0; p < a.size(); ++p)
      same = same && std::equal(a[p].begin(), a[p].end(), b[p].begin(), same_bits);
    INFO("program ", seed, ":\n", text_of(seed));
    CHECK(same);
  }
  CHECK(compared > 5);
}
