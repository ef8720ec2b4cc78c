#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/golden/compare.hpp"
#include "tools/support/progress.hpp"
#include "tools/support/report.hpp"
#include "tools/support/run_options.hpp"

using namespace mlz;
using namespace mlz::tools;

TEST_CASE("mean and deviation leave out what is not there") {
  CHECK(spread({1, 2, 3}).mean == 2);
  CHECK(spread({1, 2, 3}).deviation == 1);
  CHECK(spread({1, NAN}).mean == 1);
  CHECK(std::isnan(spread({1, NAN}).deviation));
  CHECK(std::isnan(spread({}).mean));
}

TEST_CASE("scores that are missing or infinite are null in JSON") {
  RunFacts facts;
  facts.program = "bad \xff name";
  RunResult result;
  result.outcome.train = INFINITY;
  const auto json = nlohmann::json::parse(report_json(facts, {result}));
  CHECK(json["train"].is_null());
  CHECK(json["test"].is_null());
  CHECK(nlohmann::json::parse(report_json(facts, {}))["runs"] == 0);
}

TEST_CASE("words for the shell") {
  CHECK(shell_word("digits:classes=3/5") == "digits:classes=3/5");
  CHECK(shell_word("a b") == "'a b'");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("n=[features,4]") == "'n=[features,4]'");
}

TEST_CASE("rates and durations") {
  CHECK(rate_text(950) == "950");
  CHECK(rate_text(12345) == "12.3k");
  CHECK(rate_text(4.5e6) == "4.50M");
  CHECK(rate_text(NAN) == "-");
  CHECK(duration_text(42) == "0:42");
  CHECK(duration_text(3900) == "1:05:00");
  CHECK(duration_text(INFINITY) == "-");
}

TEST_CASE("numbers are compared by kind and size") {
  using golden::near;
  CHECK(near(1, 1 + 5e-10, {1e-9, 1}));
  CHECK_FALSE(near(1, 1 + 2e-9, {1e-9, 1}));
  CHECK(near(NAN, NAN, {}));
  CHECK_FALSE(near(NAN, 1, {}));
  CHECK_FALSE(near(INFINITY, -INFINITY, {}));
  CHECK_FALSE(near(INFINITY, 1e308, {1, 1}));
  CHECK_FALSE(near(0, 1e-300, {1e-12, 0}));
  CHECK(near(0, -0.0, {1e-12, 0}));
}
