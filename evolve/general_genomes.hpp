#pragma once
#include <functional>

#include "evolve/general/evaluator.hpp"
#include "evolve/general/mutations.hpp"
#include "evolve/general/param_steps.hpp"
#include "evolve/genomes.hpp"

namespace mlz::evolve {

/// Programs of any form: core programs with names, declarations, families and loops.
class GeneralGenomes : public Genomes {
 public:
  struct Options {
    GeneralSpace space;
    Mix mix;
    std::vector<CoreProgram> first;  ///< programs to start from, in turn; not empty. Holes are filled
    double cost_limit = 0;           ///< arithmetic a program may need, in that of the first one; 0: any
    std::string protocol;            ///< empty: the task's
    Join join = Join::mean;
    double max_error = 100;
    std::int64_t max_bytes = std::int64_t{4} << 30;  ///< of the registers of a program, as f64
    /// Told the bytes of the registers of each program of the start, before anything runs; may refuse.
    std::function<void(std::int64_t bytes_f64)> on_registers = {};
    /// Trials of other params in each evaluation.
    struct Inside {
      int trials = 0;
      double sigma = 0;  ///< deviation of their noise
      std::uint64_t seed = 1;
    } inside = {};
  };
  explicit GeneralGenomes(Options options);

  void resize(std::size_t places) override;
  void start(std::uint32_t place, std::uint64_t number, Draws& draws) override;
  void random(std::uint32_t place, Draws& draws) override;
  void copy(std::uint32_t from, std::uint32_t to) override { genomes_[to] = genomes_[from]; }
  int mutate(std::uint32_t place, Draws& draws) override;
  Identity identify(std::uint32_t place, std::uint64_t salt, int worker) override;
  std::unique_ptr<Judge> judge(const ProblemSet& set, int workers) override;
  std::unique_ptr<Judge> tuning_judge(const ProblemSet& set, int workers) override;
  void keep_trial(std::uint32_t place, std::uint16_t trial) override;
  void prepare(const ProblemSet& search) override;
  void check(const tasks::Task& task) override;
  RunSetting setting(const tasks::Task& task) const override;
  void load_params(const tasks::Task& task, const ParamReader& read) override;
  std::string text(std::uint32_t place) const override;
  std::string live_text(std::uint32_t place) const override;
  void read(std::uint32_t place, const std::string& text, const std::string& name) override;
  ParamValues params_of(const std::string& text) const override;
  std::string mutation_name(int number) const override;

  const CoreProgram& program(std::uint32_t place) const { return *genomes_[place].program; }
  /// The params of a program; empty: first values.
  const ParamValues& params(std::uint32_t place) const {
    return genomes_[place].params ? *genomes_[place].params : params_;
  }
  /// Those that a program would have after a trial.
  ParamValues params_of_trial(std::uint32_t place, int trial) const;

 private:
  using Program = std::shared_ptr<const CoreProgram>;
  struct Genome {
    Program program;
    std::shared_ptr<const ParamValues> params = {};  ///< none: those that all programs begin with
    std::vector<ParamStep> steps = {};               ///< that led there, one from each time it or a forebear was tuned
    Key key = {};                                    ///< since it was identified
  };
  Options options_;
  std::vector<Program> first_;
  std::vector<Genome> genomes_;
  std::unique_ptr<ProgramEvaluator> search_;  ///< for identities; none before prepare()
  double most_cost_ = 0;
  std::string engine_ = "auto";
  ParamValues params_;                     ///< that all programs begin with; empty: first values, drawn by problem sets
  std::vector<std::string> param_shapes_;  ///< with trials: names and shapes of the params

  Program first_program(std::uint64_t number, Draws& draws) const;
  ParamStep step(std::uint32_t place, int trial) const;
  void prepare_params(const vm::BoundProgram& program, const tasks::Task& task);
};

}  // namespace mlz::evolve
