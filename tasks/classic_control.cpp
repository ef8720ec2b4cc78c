#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "lang/core/diagnostics.hpp"
#include "tasks/world.hpp"

namespace mlz::tasks {
namespace {

constexpr double kPi = std::numbers::pi;

/// A world whose state is N numbers.
template <std::size_t N>
class StateWorld : public World {
 public:
  std::span<double> state() final { return s_; }

 protected:
  /// Every number from an interval of its own around 0.
  void draw(DrawSequence& draws, const std::array<double, N>& reach) {
    for (std::size_t i = 0; i < N; ++i) s_[i] = draws.uniform(-reach[i], reach[i]);
  }
  std::array<double, N> s_{};
};

/// State: position and speed of the cart, angle of the pole from upright and its speed.
class CartPole final : public StateWorld<4> {
 public:
  void reset(DrawSequence& draws) override { draw(draws, {0.05, 0.05, 0.05, 0.05}); }
  void observe(std::span<double> out) const override {
    std::copy(s_.begin(), s_.end(), out.begin());
  }

  Feedback step(std::span<const double> action, DrawSequence&) override {
    auto& [x, v, angle, spin] = s_;
    const double force = action[0] == 1 ? kForce : -kForce;
    const double sine = std::sin(angle), cosine = std::cos(angle);
    const double push = (force + kPoleMoment * spin * spin * sine) / kMass;
    const double turn = (kGravity * sine - cosine * push) /
                        (kHalfPole * (4.0 / 3.0 - kPoleMass * cosine * cosine / kMass));
    const double pull = push - kPoleMoment * turn * cosine / kMass;
    s_ = {x + kTau * v, v + kTau * pull, angle + kTau * spin, spin + kTau * turn};
    return {1, std::abs(s_[0]) > 2.4 || std::abs(s_[2]) > kMostAngle};
  }

 private:
  static constexpr double kGravity = 9.8, kPoleMass = 0.1, kMass = 1.0 + kPoleMass, kHalfPole = 0.5,
                          kPoleMoment = kPoleMass * kHalfPole, kForce = 10, kTau = 0.02,
                          kMostAngle = 12 * 2 * kPi / 360;
};

/// State: position and speed.
class MountainCar final : public StateWorld<2> {
 public:
  void reset(DrawSequence& draws) override { s_ = {draws.uniform(-0.6, -0.4), 0}; }
  void observe(std::span<double> out) const override {
    std::copy(s_.begin(), s_.end(), out.begin());
  }

  Feedback step(std::span<const double> action, DrawSequence&) override {
    auto& [x, v] = s_;
    v += (action[0] - 1) * 0.001 + std::cos(3 * x) * -0.0025;
    v = std::clamp(v, -0.07, 0.07);
    x = std::clamp(x + v, -1.2, 0.6);
    if (x == -1.2 && v < 0) v = 0;
    return {-1, x >= 0.5 && v >= 0};
  }
};

/// State: angle of the first link from hanging down, angle of the second relative to it, and their
/// speeds.
class Acrobot final : public StateWorld<4> {
 public:
  void reset(DrawSequence& draws) override { draw(draws, {0.1, 0.1, 0.1, 0.1}); }
  void observe(std::span<double> out) const override {
    const std::array<double, 6> seen{std::cos(s_[0]), std::sin(s_[0]), std::cos(s_[1]),
                                     std::sin(s_[1]), s_[2],           s_[3]};
    std::copy(seen.begin(), seen.end(), out.begin());
  }

  Feedback step(std::span<const double> action, DrawSequence&) override {
    integrate(action[0] - 1);
    s_[0] = wrapped(s_[0]);
    s_[1] = wrapped(s_[1]);
    s_[2] = std::clamp(s_[2], -4 * kPi, 4 * kPi);
    s_[3] = std::clamp(s_[3], -9 * kPi, 9 * kPi);
    const bool up = -std::cos(s_[0]) - std::cos(s_[1] + s_[0]) > 1;
    return {up ? 0.0 : -1.0, up};
  }

 private:
  using Slopes = std::array<double, 4>;
  static constexpr double kMass = 1, kLength = 1, kCentre = 0.5, kInertia = 1, kGravity = 9.8,
                          kStep = 0.2;

  static Slopes slopes(const Slopes& s, double torque) {
    const auto [t1, t2, w1, w2] = s;
    const double d1 =
        kMass * kCentre * kCentre +
        kMass * (kLength * kLength + kCentre * kCentre + 2 * kLength * kCentre * std::cos(t2)) +
        2 * kInertia;
    const double d2 = kMass * (kCentre * kCentre + kLength * kCentre * std::cos(t2)) + kInertia;
    const double phi2 = kMass * kCentre * kGravity * std::cos(t1 + t2 - kPi / 2);
    const double phi1 = -kMass * kLength * kCentre * w2 * w2 * std::sin(t2) -
                        2 * kMass * kLength * kCentre * w2 * w1 * std::sin(t2) +
                        (kMass * kCentre + kMass * kLength) * kGravity * std::cos(t1 - kPi / 2) +
                        phi2;
    const double a2 =
        (torque + d2 / d1 * phi1 - kMass * kLength * kCentre * w1 * w1 * std::sin(t2) - phi2) /
        (kMass * kCentre * kCentre + kInertia - d2 * d2 / d1);
    return {w1, w2, -(d2 * a2 + phi1) / d1, a2};
  }
  static Slopes along(const Slopes& s, double h, const Slopes& k) {
    return {s[0] + h * k[0], s[1] + h * k[1], s[2] + h * k[2], s[3] + h * k[3]};
  }
  /// One step of the classical Runge-Kutta method of order 4.
  void integrate(double torque) {
    const Slopes k1 = slopes(s_, torque);
    const Slopes k2 = slopes(along(s_, kStep / 2, k1), torque);
    const Slopes k3 = slopes(along(s_, kStep / 2, k2), torque);
    const Slopes k4 = slopes(along(s_, kStep, k3), torque);
    for (std::size_t i = 0; i < 4; ++i)
      s_[i] += kStep / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  }
  static double wrapped(double angle) {
    if (!(std::abs(angle) < 1000)) return std::remainder(angle, 2 * kPi);
    while (angle > kPi) angle -= 2 * kPi;
    while (angle < -kPi) angle += 2 * kPi;
    return angle;
  }
};

/// State: angle from upright, which is never wrapped, and its speed.
class Pendulum final : public StateWorld<2> {
 public:
  void reset(DrawSequence& draws) override { draw(draws, {kPi, 1}); }
  void observe(std::span<double> out) const override {
    out[0] = std::cos(s_[0]);
    out[1] = std::sin(s_[0]);
    out[2] = s_[1];
  }

  Feedback step(std::span<const double> action, DrawSequence&) override {
    auto& [angle, speed] = s_;
    const double torque = std::clamp(action[0], -2.0, 2.0);
    const double turned = std::fmod(angle + kPi, 2 * kPi);
    const double off = (turned < 0 ? turned + 2 * kPi : turned) - kPi;
    const double cost = off * off + 0.1 * speed * speed + 0.001 * torque * torque;
    speed += (3 * kGravity / 2 * std::sin(angle) + 3 * torque) * kStep;
    speed = std::clamp(speed, -8.0, 8.0);
    angle += speed * kStep;
    return {-cost, false};
  }

 private:
  static constexpr double kGravity = 10, kStep = 0.05;
};

template <class W>
std::unique_ptr<World> make() {
  return std::make_unique<W>();
}

}  // namespace

WorldInfo cartpole() { return {"cartpole", 4, 2, false, 500, 8, 500, make<CartPole>}; }
WorldInfo acrobot() { return {"acrobot", 6, 3, false, 500, -500, -80, make<Acrobot>}; }
WorldInfo mountain_car() {
  return {"mountain_car", 2, 3, false, 200, -200, -110, make<MountainCar>};
}
WorldInfo pendulum() { return {"pendulum", 3, 1, true, 200, -1500, -150, make<Pendulum>}; }

void Episode::begin(std::span<const double> state) {
  const auto numbers = world_.state();
  if (numbers.size() != state.size())
    throw InputError("a first state has another number of entries than the world's");
  std::copy(state.begin(), state.end(), numbers.begin());
  steps_ = 0;
}

}  // namespace mlz::tasks
