#include "life.hpp"
#include "tests/support/batch_network.hpp"
#include "vm/blas.hpp"
#include "vm/dense.hpp"
#include "vm/reference.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

constexpr const char* kRecurrence = R"(
state A : matrix[features, features]
state P : matrix[features, features]
state y : vector[outputs]
def Setup():
  A = normal(0, 0.1)
  P = normal(0, 1)
def Predict(x):
  P = tanh(A @ P @ A.T + 0.1 * outer(x, x))
  y = layer_norm(mean(P, axis=0))[0:outputs]
def Learn(x, target):
  A = A + 0.01 * (P - P.T @ A)
)";

}  // namespace

TEST_CASE("with BLAS the dense engine stays within 1e-8 of the reference engine over 20 steps") {
  if (vm::blas() == nullptr) {
    MESSAGE("skipped: there is no BLAS on this machine");
    return;
  }
  for (const char* text : {kBatchNetwork, kRecurrence}) {
    vm::BindOptions bind;
    bind.sizes = {{"features", 20}, {"outputs", 10}};
    bind.observe = vm::Observe::all;
    for (const bool all : {true, false}) {
      bind.observe = all ? vm::Observe::all : vm::Observe::predictions;
      const vm::BoundProgram program = bound(text, bind);
      const auto reference = vm::make_reference(program, {}), dense = vm::make_dense(program, {});
      CHECK(vm::dump_dense(program, {}).find("by blas") != std::string::npos);
      Lives lives({reference.get(), dense.get()}, 1);
      Difference d;
      lives.setup();
      for (int step = 0; step < 20; ++step) {
        lives.predict();
        compare(*reference, *dense, 0, d);
        lives.learn();
        compare(*reference, *dense, 0, d);
      }
      INFO(text);
      CHECK(d.finite == d.entries);
      CHECK(d.largest < 1e-8);
      CHECK(d.largest > 0);  // BLAS did take part
    }
  }
}
