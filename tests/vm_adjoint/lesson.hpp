#pragma once
#include <doctest/doctest.h>

#include <random>

#include "tests/vm_differential/life.hpp"
#include "vm/adjoint/reversal.hpp"

/// Lifetimes with a loss, their gradients, and differences of the loss to compare these with.
namespace mlz::test {

using Numbers = std::vector<double>;

/// Random examples; the loss is the sum over steps of w . y + |y|^2 / 4, with random w, so that dL/dy = w + y / 2.
class Lesson {
 public:
  Lesson(const vm::BoundProgram& program, std::int64_t steps, std::uint64_t seed, int lanes = 1)
      : program_(program), steps_(steps), lanes_(lanes), random_(seed) {
    x_ = draw(Role::x), target_ = draw(Role::target), weight_ = draw(Role::y);
  }

  /// The same examples for each of several lanes.
  Lesson repeated(int lanes) const {
    Lesson made = *this;
    made.lanes_ = lanes;
    for (std::vector<Numbers>* all : {&made.x_, &made.target_, &made.weight_}) {
      std::vector<Numbers> more;
      for (const Numbers& one : *all) more.insert(more.end(), static_cast<std::size_t>(lanes), one);
      *all = std::move(more);
    }
    return made;
  }

  double loss(vm::Machine& m, int lane = 0) {
    m.reset();
    m.run(Function::setup);
    double sum = 0;
    for (std::int64_t t = 0; t < steps_; ++t) {
      before_predict(m, t);
      m.run(Function::predict);
      const Numbers y = values(m, program_.with_role(Role::y), lane), &w = at(weight_, t, lane);
      for (std::size_t j = 0; j < y.size(); ++j) sum += y[j] * (w[j] + 0.25 * y[j]);
      before_learn(m, t);
      m.run(Function::learn);
    }
    return sum;
  }

  /// The steps of a reversal; gradients of x go to dx.
  vm::ReversibleSteps steps(vm::Reversal& r) {
    y_adjoint_.assign(static_cast<std::size_t>(steps_ * lanes_), {});
    dx.assign(y_adjoint_.size(), {});
    vm::ReversibleSteps s;
    s.count = steps_;
    s.before_predict = [this](vm::Machine& m, std::int64_t t) { before_predict(m, t); };
    s.before_learn = [this](vm::Machine& m, std::int64_t t) { before_learn(m, t); };
    s.predicted = [this](vm::Machine& m, std::int64_t t) {
      for (int lane = 0; lane < lanes_; ++lane) {
        Numbers y = values(m, program_.with_role(Role::y), lane);
        const Numbers& w = at(weight_, t, lane);
        for (std::size_t j = 0; j < y.size(); ++j) y[j] = w[j] + 0.5 * y[j];
        y_adjoint_[static_cast<std::size_t>(t * lanes_ + lane)] = y;
      }
    };
    s.before_back = [this, &r](vm::Machine& m, std::int64_t t) {
      for (int lane = 0; lane < lanes_; ++lane) {
        put(m, r.adjoint().x, at(x_, t, lane), lane);
        put(m, r.adjoint().target, at(target_, t, lane), lane);
        put(m, r.adjoint().y_adjoint, y_adjoint_[static_cast<std::size_t>(t * lanes_ + lane)], lane);
      }
    };
    s.after_back = [this, &r](vm::Machine& m, std::int64_t t) {
      if (r.adjoint().x_adjoint == vm::kNoRegister) return;
      for (int lane = 0; lane < lanes_; ++lane) {
        dx[static_cast<std::size_t>(t * lanes_ + lane)] = values(m, r.adjoint().x_adjoint, lane);
      }
    };
    return s;
  }

  Numbers& x(std::int64_t step) { return x_[static_cast<std::size_t>(step * lanes_)]; }
  std::vector<Numbers> dx;  ///< by step and lane

 private:
  const vm::BoundProgram& program_;
  std::int64_t steps_;
  int lanes_;
  std::mt19937_64 random_;
  std::vector<Numbers> x_, target_, weight_, y_adjoint_;

  std::vector<Numbers> draw(Role role) {
    const vm::RegisterId id = program_.with_role(role);
    std::vector<Numbers> all(static_cast<std::size_t>(steps_ * lanes_));
    for (Numbers& one : all) {
      one.resize(id == vm::kNoRegister ? 0 : static_cast<std::size_t>(program_.registers[id].size()));
      for (double& v : one) v = static_cast<double>(random_() >> 11) * 0x1p-52 - 1;
    }
    return all;
  }
  const Numbers& at(const std::vector<Numbers>& all, std::int64_t t, int lane) const {
    return all[static_cast<std::size_t>(t * lanes_ + lane % lanes_)];
  }
  static void put(vm::Machine& m, vm::RegisterId id, const Numbers& v, int lane) {
    if (id != vm::kNoRegister) m.write(id, lane, std::span<const double>(v));
  }
  void before_predict(vm::Machine& m, std::int64_t t) const {
    for (int lane = 0; lane < m.lanes(); ++lane) {
      put(m, program_.with_role(Role::x), at(x_, t, lane), lane);
      const Numbers& target = at(target_, t, lane);
      put(m, program_.with_role(Role::target), Numbers(target.size(), 0.0), lane);
    }
  }
  void before_learn(vm::Machine& m, std::int64_t t) const {
    for (int lane = 0; lane < m.lanes(); ++lane) {
      put(m, program_.with_role(Role::x), at(x_, t, lane), lane);
      put(m, program_.with_role(Role::target), at(target_, t, lane), lane);
    }
  }
};

inline std::vector<Numbers> gradients(const vm::Reversal& r, int lane = 0) {
  std::vector<Numbers> out;
  for (std::size_t p = 0; p < r.adjoint().program.params.size(); ++p) out.push_back(r.param_gradient(p, lane));
  return out;
}

inline vm::MachineOptions plain(std::uint64_t seed) {
  vm::MachineOptions o;
  o.seed = seed;
  o.blas = false;
  return o;
}

/// The loss where param p differs by `by` in entry k.
inline double loss_beside(const vm::BoundProgram& program, const vm::MachineOptions& options, Lesson& lesson,
                          std::size_t p, std::size_t k, double by) {
  vm::MachineOptions o = options;
  if (o.params.empty()) o.params = vm::initial_params(program, options.seed);
  o.params[p][k] += by;
  return lesson.loss(*vm::make_machine("reference", program, o));
}

/// Compares every entry of every gradient with central differences of fourth order.
inline void check_against_differences(const vm::BoundProgram& program, std::int64_t steps, std::uint64_t seed,
                                      double tolerance = 1e-7, double h = 1e-3) {
  const vm::MachineOptions options = plain(seed);
  Lesson lesson(program, steps, seed);
  vm::Reversal reversal(program, "reference", options);
  INFO(print(program), "\n", print(reversal.adjoint()));
  reversal.run(lesson.steps(reversal));
  const auto found = gradients(reversal);
  for (std::size_t p = 0; p < found.size(); ++p) {
    for (std::size_t k = 0; k < found[p].size(); ++k) {
      const auto loss = [&](double by) { return loss_beside(program, options, lesson, p, k, by); };
      const double expected = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h);
      INFO(program.registers[program.params[p].id].name, " entry ", k);
      CHECK(found[p][k] == doctest::Approx(expected).epsilon(tolerance));
    }
  }
}

}  // namespace mlz::test
