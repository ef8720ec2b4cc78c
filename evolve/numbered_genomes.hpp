#pragma once
#include "evolve/genomes.hpp"
#include "evolve/numbered/mutations.hpp"
#include "evolve/numbered/zero.hpp"

namespace mlz::evolve {

/// Programs of numbered registers.
class NumberedGenomes : public Genomes {
 public:
  struct Options {
    Space space;
    Mix mix;
    bool random_start = true;
    bool redraw = false;  ///< functions of `first` that have operations are drawn anew
    std::vector<Genome> first;  ///< programs to start from, in turn; empty: as random_start says
    double cost_limit = 0;      ///< static cost a program may have, in that of `cost_unit`; 0: any
    StaticCost cost_unit;
    Join join = Join::mean;
    double max_error = 100;
  };
  NumberedGenomes(Options options, int workers);

  void resize(std::size_t places) override;
  void start(std::uint32_t place, std::uint64_t number, Draws& draws) override;
  void random(std::uint32_t place, Draws& draws) override;
  void expect_copy(std::uint32_t from) const override;
  void copy(std::uint32_t from, std::uint32_t to) override;
  int mutate(std::uint32_t place, Draws& draws) override;
  Identity identify(std::uint32_t place, std::uint64_t salt, int worker) override;
  std::unique_ptr<Judge> judge(const ProblemSet& set, int workers) override;
  void prepare(const ProblemSet& search) override;
  void check(const tasks::Task& task) override;
  RunSetting setting(const tasks::Task& task) const override;
  void load_params(const tasks::Task& task, const ParamReader& read) override;
  std::string text(std::uint32_t place) const override { return print(genomes_[place]); }
  std::string live_text(std::uint32_t place) const override;
  void read(std::uint32_t place, const std::string& text, const std::string& name) override;
  std::string mutation_name(int number) const override;

  /// The live part of a program that has been identified; valid until those of kLiveAtOnce others have been asked for.
  const Genome& live(std::uint32_t place, int worker);
  static constexpr std::size_t kLiveAtOnce = 32;

 private:
  Options options_;
  std::vector<Genome> genomes_;
  /// What is known of the program in a place, and where it was copied from.
  struct Known {
    Identity identity;
    LiveFinder::Needs needs;
    std::uint64_t salt = 0;
    std::uint32_t parent = kNoPlace;
    bool identified = false;
    int worker = -1;           ///< who found its live part; -1: nobody
    std::uint64_t found = 0;   ///< as the so many-th
  };
  static constexpr std::uint32_t kNoPlace = 0xffffffff;
  std::vector<Known> known_;
  double examples_ = 0;
  /// Finds out what a program is. On cache lines of its own, as every worker has one and writes to it all the time.
  struct alignas(128) Finder {
    LiveFinder live;
    std::optional<SetupValues> setup;  ///< none before the first experiment
    std::optional<ZeroFinder> zero;    ///< likewise
    /// The live parts last found: few, as they stay in the nearest memory.
    std::vector<Genome> lately = std::vector<Genome>(2 * kLiveAtOnce);
    std::uint64_t found = 0;
  };
  std::vector<Finder> finders_;

  const Genome& find_live(std::uint32_t place, int worker);
  Key key_for(const Genome& live, LiveFinder::Mask born, std::uint64_t salt, Finder& finder) const;
  bool does_as_parent(std::uint32_t place, std::uint64_t salt, const LiveFinder& finder) const;
};

}  // namespace mlz::evolve
