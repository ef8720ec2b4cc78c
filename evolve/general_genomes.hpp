#pragma once
#include "evolve/general/evaluator.hpp"
#include "evolve/general/mutations.hpp"
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
  };
  explicit GeneralGenomes(Options options);

  void resize(std::size_t places) override;
  void start(std::uint32_t place, std::uint64_t number, Draws& draws) override;
  void random(std::uint32_t place, Draws& draws) override;
  void copy(std::uint32_t from, std::uint32_t to) override { genomes_[to] = genomes_[from]; }
  void swap(std::uint32_t a, std::uint32_t b) override { std::swap(genomes_[a], genomes_[b]); }
  int mutate(std::uint32_t place, Draws& draws) override;
  Identity identify(std::uint32_t place, std::uint64_t salt, int worker) override;
  std::unique_ptr<Judge> judge(const ProblemSet& set, int workers) override;
  void prepare(const ProblemSet& search) override;
  void check(const tasks::Task& task) override;
  RunSetting setting(const tasks::Task& task) const override;
  void load_params(const tasks::Task& task, const ParamReader& read) override;
  std::string text(std::uint32_t place) const override { return print(*genomes_[place]); }
  std::string live_text(std::uint32_t place) const override;
  void read(std::uint32_t place, const std::string& text, const std::string& name) override;
  std::string mutation_name(int number) const override;

  const CoreProgram& program(std::uint32_t place) const { return *genomes_[place]; }

 private:
  using Program = std::shared_ptr<const CoreProgram>;
  Options options_;
  std::vector<Program> first_, genomes_;
  std::unique_ptr<ProgramEvaluator> search_;  ///< for identities; none before prepare()
  double most_cost_ = 0;
  std::string engine_ = "auto";
  ParamValues params_;

  Program first_program(std::uint64_t number, Draws& draws) const;
};

}  // namespace mlz::evolve
