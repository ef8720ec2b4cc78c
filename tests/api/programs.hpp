#pragma once
#include <string>

#include "mlz/mlz.hpp"

/// Programs that the tests of the API share.
namespace programs {

inline const std::string kLinear = R"(
const rate = 0.1
state w : vector[features]

def Predict(x):
  y = dot(w, x)

def Learn(x, target):
  w = w + rate * (target - y) * x
)";

inline const std::string kNet = R"(
"""Two layers, with params, draws and a family."""
size hidden = 3
param W0 : matrix[hidden, features] ~ normal(0, 0.5)
param rate : scalar = 0.05
state W : matrix[hidden, features] = W0
state V[l in range(2)] : matrix[outputs, hidden]

def Setup():
  V[0] = normal(0, 1)
  V[1] = normal(0, 1)

def Predict(x):
  h = tanh(W @ x + 0.01 * normal(0, 1, hidden))
  y = V[0] @ h + V[1] @ h

def Learn(x, target):
  e = target - y
  V[0] = V[0] + rate * outer(e, h)
  W = W + rate * outer((V[0].T @ e) * (1 - h * h), x)
)";

inline mlz::BoundProgram bound(const std::string& text, const mlz::Sizes& sizes, const mlz::BindOptions& options = {}) {
  return mlz::compile(text).value().bind(sizes, options).value();
}
inline mlz::BoundProgram linear(const mlz::BindOptions& options = {}) { return bound(kLinear, {{"features", 2}}, options); }
inline mlz::BoundProgram net(const mlz::BindOptions& options = {}) {
  return bound(kNet, {{"features", 4}, {"outputs", 2}}, options);
}

}  // namespace programs
