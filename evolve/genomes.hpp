#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evolve/general/evaluator.hpp"
#include "evolve/numbered/draws.hpp"
#include "evolve/numbered/live.hpp"

namespace mlz::evolve {

/// What is known of a program before it is run.
struct Identity {
  Key key;                  ///< equal only for programs that score the same
  std::uint32_t size = 0;   ///< live instructions
  bool over_limit = false;  ///< its static cost is too high: it is not run and scores 0
};

/// Tries the programs of a `Genomes` on one set of problems.
class Judge {
 public:
  virtual ~Judge() = default;
  /// Scores programs that have been identified. Different workers may do so at the same time.
  virtual void score(std::span<const std::uint32_t> places, std::span<Score> out, int worker) = 0;
  /// How many programs one call should get; more than one where running one takes microseconds.
  virtual std::size_t part() const { return 8; }
};

using ParamReader = std::function<ParamValues(const vm::BoundProgram&)>;

/// Programs of one kind in numbered places: what the search loop knows of a genome. Functions that take different places
/// may run at the same time.
class Genomes {
 public:
  virtual ~Genomes() = default;
  virtual void resize(std::size_t places) = 0;
  /// Puts a program of the start of a search there.
  virtual void start(std::uint32_t place, std::uint64_t number, Draws& draws) = 0;
  /// Puts a random program there.
  virtual void random(std::uint32_t place, Draws& draws) = 0;
  /// The program there will be copied soon.
  virtual void expect_copy(std::uint32_t /*from*/) const {}
  virtual void copy(std::uint32_t from, std::uint32_t to) = 0;
  /// Applies one mutation and returns its number, or -1 when there was nothing to change.
  virtual int mutate(std::uint32_t place, Draws& draws) = 0;
  virtual Identity identify(std::uint32_t place, std::uint64_t salt, int worker) = 0;
  virtual std::unique_ptr<Judge> judge(const ProblemSet& set, int workers) = 0;
  /// One that may also try other params of each program: Score::trial then says which ones the fitness is of.
  virtual std::unique_ptr<Judge> tuning_judge(const ProblemSet& set, int workers) { return judge(set, workers); }
  /// Lets a program that such a judge has scored keep the params that the score is of.
  virtual void keep_trial(std::uint32_t /*place*/, std::uint16_t /*trial*/) {}
  /// Tells what programs will be identified for, before the first is.
  virtual void prepare(const ProblemSet& search) = 0;
  /// Throws InputError for a task that its programs cannot learn.
  virtual void check(const tasks::Task& task) = 0;
  /// How programs run on a task.
  virtual RunSetting setting(const tasks::Task& task) const = 0;
  /// Lets `read` find values for the params of the first programs, for all runs. Throws InputError where there are none.
  virtual void load_params(const tasks::Task& task, const ParamReader& read) = 0;

  /// Canonical core text, behind a comment with what the program's params became.
  virtual std::string text(std::uint32_t place) const = 0;
  virtual std::string live_text(std::uint32_t place) const = 0;  ///< without dead lines
  /// The params of a program by its text; empty: first values.
  virtual ParamValues params_of(const std::string& /*text*/) const { return {}; }
  virtual void read(std::uint32_t place, const std::string& text, const std::string& name) = 0;
  virtual std::string mutation_name(int number) const = 0;
};

struct Config;
/// The sizes, consts and params that `program-set` gives values to. Throws InputError.
std::map<std::string, std::string> program_settings(const std::string& text);
/// The programs that --init names, with --set applied, in the order of their file names. Throws InputError.
std::vector<CoreProgram> core_programs(const Config& config);
/// The kind of genomes a configuration asks for, with its first programs read. Throws InputError.
std::unique_ptr<Genomes> make_genomes(const Config& config);
/// Whether it asks for programs of numbered registers rather than of any form. Throws InputError.
bool has_numbered_form(const Config& config);

}  // namespace mlz::evolve
