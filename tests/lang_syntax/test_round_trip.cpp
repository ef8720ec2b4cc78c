#include "random_programs.hpp"
#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

TEST_CASE("a printed program reads back as the same program, and prints the same again") {
  RandomPrograms random(20240607);
  for (int i = 0; i < 10'000; ++i) {
    const Program made = random.program();
    const std::string text = print(made);
    CAPTURE(text);
    const Program again = parsed(text);
    REQUIRE(equal(again, made));
    REQUIRE(print(again) == text);
  }
}

TEST_CASE("a printed expression reads back as the same expression") {
  RandomPrograms random(7);
  for (int i = 0; i < 10'000; ++i) {
    const Expr made = random.expression(6);
    const std::string text = print(made);
    CAPTURE(text);
    REQUIRE(equal(expression(text), made));
  }
}
