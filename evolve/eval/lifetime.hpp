#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/task.hpp"
#include "vm/machine.hpp"

/// The lifetime of a program: it is born, sees the examples of one problem, and is scored.
namespace mlz::eval {

inline constexpr double kNoScore = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kProbabilityMargin = 1e-7;

/// How examples are shown and predictions scored.
///
/// automl  The evaluation of AutoML-Zero (Real et al. 2020, section 3, and its released code). x is
/// zero in Setup. A
///         training step is: x = features, target = 0, Predict; on accuracy tasks y = sigmoid(y);
///         stop when |label - y| is NaN or above `max_abs_error`; x = features, target = label,
///         Learn. After every epoch the validation examples run through Predict alone, on the same
///         memory, which stays changed. The fitness of an epoch is the fraction of correct classes
///         (y > 0, as sigmoid(y) > 0.5), or 1 - 2/pi atan(rms error); that of a lifetime is the
///         best epoch's. Stopping in the first epoch's training is fitness 0, in a later one ends
///         the lifetime, and in a validation makes that epoch 0.
/// stream  x = features, target = 0, Predict; y is scored; x = features, target = label, Learn. A
/// program with
///         `size batch` takes that many examples a step; the last step of an epoch is filled up
///         with the first examples of the epoch, which do not count. y is taken as it is: an entry
///         per class (the largest wins, the lowest index first), the probability of class 1 (above
///         0.5), the number itself, or an entry for each of several numbers (rms over all).
///         Validation and test sets run through Predict on a copy of the memory with draws of their
///         own.
/// control A world in the place of examples: x = observation, reward, action (one-hot) and done those
///         of the last step (zero at birth), target = 0, Predict; the action is the place of the
///         largest entry of y, the lowest on ties, or y itself in a continuous world; x again,
///         reward, action and done of this step, Learn. Several episodes, between which nothing is
///         reset but the world. The score is the weighted normalised return (tasks::Control).
enum class Protocol { automl, stream, control };
/// "automl", "stream" or "control"; throws InputError for another name.
Protocol protocol_of(std::string_view name);
const char* protocol_name(Protocol protocol);

/// Why a lifetime ended.
enum class Stop {
  finished,
  error_limit,  ///< automl: the error was NaN or above the limit in training
  non_finite,   ///< stream: a prediction had a NaN or an infinity
  steps,        ///< Limits::steps
  time,         ///< Limits::seconds
  cancelled,
};
const char* stop_text(Stop stop);  ///< in words, for people

/// Bounds of one lifetime; 0 means none. Scores are still taken after the limits of steps and
/// seconds.
struct Limits {
  std::int64_t steps = 0;
  double seconds = 0;  ///< of training
  const std::atomic<bool>* cancel =
      nullptr;  ///< may be set from another thread or a signal handler
};

/// One point of the learning curve. Scores are accuracies (0 to 1) or rms errors; kNoScore where
/// not taken.
struct CurvePoint {
  std::int64_t step = 0;      ///< training steps so far
  std::int64_t examples = 0;  ///< training examples so far
  int epoch = 0;              ///< from 1
  double train = kNoScore;    ///< over the examples since the last point
  double valid = kNoScore;    ///< on the validation set, or the test set when there is none
};

/// What is known while a lifetime runs; handed out several times a second.
struct Progress {
  std::int64_t step = 0, steps = 0;  ///< done, in all
  double seconds = 0;
  double train = kNoScore;  ///< since the last point of the curve
};

/// What an exact comparison with another evaluator needs (automl only).
struct AutomlRecord {
  std::string outcome;  ///< of epoch 1: ok, stopped_in_training, stopped_in_validation
  std::vector<double> train_abs_errors;   ///< of epoch 1, after each completed step
  std::vector<double> valid_predictions;  ///< of epoch 1: y as Predict left it
  double y = 0, target = 0;  ///< at the end, also for programs that lack these registers
  std::vector<double> x;
};

/// What an exact comparison of a lifetime in a world needs.
struct ControlRecord {
  struct Episode {
    std::vector<double> actions;  ///< as the world took them
    std::vector<double> final_state;
  };
  std::vector<Episode> episodes;
};

struct Settings {
  Protocol protocol = Protocol::stream;
  int epochs = -1;                 ///< -1: as many as the problem says; 0: Setup and scores only
  std::uint64_t seed = 0;          ///< of orders beyond those the problem has
  std::uint32_t lifetime = 0;      ///< index of the problem, likewise
  double max_abs_error = 100;      ///< automl
  bool ignore_non_finite = false;  ///< stream: count such predictions as wrong and go on
  int curve_points = 100;          ///< about so many; 0: no curve
  int valid_points =
      10;  ///< stream: score the validation set about so often, at least after every epoch
  bool score_test = true;  ///< score the test set at the end
  bool loss = false;       ///< stream: take Outcome::loss
  std::vector<std::int64_t> marks;  ///< stream: numbers of training examples to take Outcome::marks at
  std::int64_t mark_window = 100;   ///< predictions that a mark looks back on, itself included; 1 or more
  Limits limits;
  std::function<void(vm::Machine&, int lane)> after_setup;  ///< may write registers of that lane
  std::function<void(const CurvePoint&)> on_point;
  std::function<void(const Progress&)> on_progress;
  AutomlRecord* record = nullptr;
  ControlRecord* control_record = nullptr;
};

struct Outcome {
  double score = 0;  ///< what a search maximises, in [0, 1]: fitness as under automl, of the
                     ///< validation set where there is one, else of the training stream; under control the
                     ///< weighted normalised return, which may leave [0, 1]
  double train =
      kNoScore;  ///< accuracy or rms error of predictions made before learning, over the last epoch
  double valid = kNoScore;
  double test = kNoScore;
  double loss = kNoScore;  ///< mean over all scored training predictions: squared error (mean over the numbers of a
                           ///< label), or cross entropy (natural logarithm) of softmax(y), or of a scalar y as the
                           ///< probability of class 1, kept kProbabilityMargin from 0 and 1
  std::vector<CurvePoint> curve;
  std::vector<double> marks;    ///< accuracy or rms error at each of Settings::marks, over the last min(n, mark_window)
                                ///< scored predictions of the first n training examples; kNoScore where not reached
  std::vector<double> returns;  ///< control: of each episode; train is their mean, test the last one
  std::int64_t steps = 0;       ///< training steps, one that stopped early included
  std::int64_t examples = 0;    ///< training examples seen
  std::int64_t non_finite = 0;  ///< training predictions that were not finite
  Stop why = Stop::finished;
  double seconds = 0;  ///< of training, without tests; of several lifetimes in lanes, an equal share of their time

  bool failed() const {
    return why == Stop::non_finite || (why == Stop::error_limit && score == 0);
  }
};

/// Throws InputError when a program's x, y or target cannot take the examples of a task under a
/// protocol, saying what would fit.
void check_fit(const vm::BoundProgram& program, const tasks::TaskInfo& task, Protocol protocol);

/// Runs one lifetime on lane 0 of a machine with one lane, from its birth. Throws InputError as
/// check_fit does.
Outcome run_lifetime(vm::Machine& machine, const tasks::TaskInfo& task,
                     const tasks::Problem& problem, const Settings& settings);

/// What one of several lifetimes has to itself.
struct LaneLifetime {
  const tasks::Problem* problem = nullptr;
  std::uint64_t seed = 0;  ///< as Settings::seed, in its place
  std::uint32_t index = 0;  ///< as Settings::lifetime, in its place
};

/// Runs lifetime k on lane k of a machine, all from their birth and step by step together; further lanes idle. Those
/// that end early leave the others as they are: each outcome is that of the lifetime alone on the same engine, in every
/// bit. Settings::on_progress tells of the first that still runs, and control_record is of lifetime 0. Throws InputError
/// as check_fit does, std::logic_error for more lifetimes than lanes, and for several under automl.
std::vector<Outcome> run_lifetimes(vm::Machine& machine, const tasks::TaskInfo& task,
                                   std::span<const LaneLifetime> lifetimes, const Settings& settings);

/// The score of some returns, of the first episodes of a lifetime: their normalised values, weighted.
double control_score(const tasks::Control& control, std::span<const double> returns);
/// The score over several worlds, a lifetime in each: the product (Pedersen et al. 2024).
double product_score(std::span<const double> scores);

/// 1 - 2/pi atan(rms_error), and 0 for NaN.
double squashed_fitness(double rms_error);
/// A score of a set as fitness: accuracies as they are, rms errors squashed, 0 when there is none.
double fitness_of(tasks::Metric metric, double score);

}  // namespace mlz::eval
