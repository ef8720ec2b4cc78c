#pragma once

namespace mlz::test {

/// A network that takes 16 examples a step: its products are large enough for BLAS.
inline constexpr const char* kBatchNetwork = R"(
size batch = 16
size hidden = 24
state W1 : matrix[hidden, features]
state W2 : matrix[outputs, hidden]
state y : matrix[batch, outputs]
def Setup():
  W1 = normal(0, 0.2)
  W2 = normal(0, 0.2)
def Predict(x):
  h = tanh(x @ W1.T)
  y = h @ W2.T
def Learn(x, target):
  d = target - softmax(y)
  b = (d @ W2) * (1 - h * h)
  W2 = W2 + 0.05 * (d.T @ h)
  W1 = W1 + 0.05 * (b.T @ x)
)";

}  // namespace mlz::test
