#pragma once
#include <functional>

#include "evolve/outer/fme_pool.hpp"

namespace mlz::outer {

struct FmeOptions {
  enum class Child { modified, parent, noise, fresh };
  enum class Parents { keep, rescore, replace };
  PoolOptions pool;
  Child child = Child::modified;
  Parents parents = Parents::keep;
  std::size_t founders = 1;  ///< solutions that run first, once each
  std::size_t ahead = 1;     ///< solutions of a generation, all chosen before any of them runs
  double own_share = 1;      ///< of the run in the performance of the child; the rest is the parent's
  double sigma = 0.05;       ///< Child::noise
  double bound = 0;          ///< largest size of a number in a child; 0: none
  bool drop_beyond = false;  ///< a child with a larger number is dropped, else the number is clipped
  std::uint64_t seed = 0;
};

/// Fitness monotonic execution (Kirsch and Schmidhuber 2022, arXiv 2212.14392), after descriptions of it: no optimiser
/// changes a solution. It is chosen from a pool by its performance and runs, the better the more often; what it made
/// of itself goes into the pool, with the score of that run as performance. A run that fails leaves nothing. Other
/// kinds of children and pools are controls:
///
/// modified  The numbers at the end of the run.
/// parent    The solution that ran, unchanged.
/// noise     What runs is a chosen solution plus noise, and goes into the pool as it was before the run.
/// fresh     The same with numbers drawn afresh.
///
/// Founders run first, as they are, and enter the pool with the score of that run, as their children do. Generations
/// are sets of `ahead` runs.
class Fme : public OuterLoop {
 public:
  using Draw = std::function<Vector(std::uint64_t seed)>;
  /// `handed_on`: which numbers a run may change; the others are those of `first` in all solutions. `draw` gives the
  /// numbers of solutions drawn afresh. Throws std::invalid_argument without founders, or where sizes differ.
  Fme(Vector first, const FmeOptions& options, std::vector<char> handed_on, Draw draw);

  std::vector<Vector> ask() const override;
  /// As if every run had left its solution unchanged.
  void tell(std::span<const double> losses) override { tell_lived(losses, ask()); }
  void tell_lived(std::span<const double> losses, std::span<const Vector> finals) override;
  /// The best of the pool; before there is one, the first vector.
  const Vector& mean() const override { return pool_.solutions().empty() ? first_ : pool_.best().numbers; }
  std::map<std::string, double> notes() const override;
  std::int64_t generation() const override { return generation_; }
  LoopState saved() const override;
  void restore(const LoopState& state) override;

  const FmePool& pool() const { return pool_; }

 private:
  struct Chosen {
    std::int64_t number = 0;  ///< of the solution; -1 - k: founder k
    double performance = 0;   ///< when it was chosen
    bool founder() const { return number < 0; }
  };
  FmeOptions options_;
  std::vector<char> handed_on_;
  Draw draw_;
  Vector first_;
  FmePool pool_;
  std::vector<Chosen> chosen_;
  std::int64_t generation_ = 0, dropped_ = 0, founders_begun_ = 0;

  void choose();
  Vector founder(std::int64_t k) const;
  Vector drawn(std::int64_t generation, std::size_t k) const;
  Vector candidate(std::size_t k) const;
  bool within_bound(Vector& numbers) const;
  void take(const Chosen& parent, double score, Vector child);
};

}  // namespace mlz::outer
