#include <doctest/doctest.h>

#include <cmath>

#include "lang/core/shape.hpp"

using namespace mlz;

namespace {

StaticExpr n(double v) { return StaticExpr::number(v); }
StaticExpr name(const char* text) { return StaticExpr::name(text); }
StaticExpr call(const char* f, StaticExpr a, StaticExpr b) { return StaticExpr::call(f, {std::move(a), std::move(b)}); }
Dim dim(const StaticExpr& e, const SizeTable& sizes = {}) { return Dim::of(e, sizes).value(); }

}  // namespace

TEST_CASE("static expressions print with as few brackets as their meaning needs") {
  CHECK(call("*", call("+", name("a"), n(1)), name("b")).print() == "(a + 1) * b");
  CHECK(call("-", name("a"), call("-", name("b"), n(1))).print() == "a - (b - 1)");
  CHECK(call("/", n(1), StaticExpr::call("sqrt", {name("features")})).print() == "1 / sqrt(features)");
  CHECK(call("**", StaticExpr::call("neg", {name("a")}), n(2)).print() == "(-a) ** 2");
  CHECK(StaticExpr::call("neg", {n(2)}).print() == "-2");
  CHECK(print_number(0.1) == "0.1");
  CHECK(print_number(-0.0) == "-0");
  CHECK(print_number(1e300 * 1e300) == "1e999");
}

TEST_CASE("static expressions evaluate as Python would") {
  StaticScope scope;
  scope.values = {{"a", 7}, {"c", 0.5}};
  scope.lists = {{"n", {3, 4, 5}}};
  std::string why;
  CHECK(evaluate(call("//", name("a"), n(2)), scope, why) == 3);
  CHECK(evaluate(call("%", n(-1), n(5)), scope, why) == 4);
  CHECK(evaluate(StaticExpr::element("n", n(-1)), scope, why) == 5);
  CHECK(evaluate(StaticExpr::call("len", {name("n")}), scope, why) == 3);
  CHECK_FALSE(evaluate(StaticExpr::element("n", n(3)), scope, why).has_value());
  CHECK(why.find("3 entries") != std::string::npos);
  CHECK_FALSE(evaluate(name("b"), scope, why).has_value());
  CHECK(why == "`b` has no value here");
}

TEST_CASE("dimensions compare in normal form") {
  CHECK(dim(call("*", n(2), name("a"))) == dim(call("+", name("a"), name("a"))));
  CHECK(dim(call("-", call("*", call("+", name("i"), n(1)), name("d")), call("*", name("i"), name("d")))) == dim(name("d")));
  CHECK_FALSE(dim(name("a")) == dim(name("b")));
  CHECK(dim(call("-", name("a"), name("a"))).constant() == 0);
  CHECK_FALSE(Dim::of(n(2.5), {}).has_value());
  CHECK_FALSE(Dim::of(StaticExpr::call("sqrt", {name("a")}), {}).has_value());
}

TEST_CASE("sizes given by expressions are those expressions, lists are known by entry") {
  SizeTable sizes;
  sizes.aliases["both"] = call("+", name("a"), name("b"));
  sizes.lists["n"] = StaticExpr::list({name("features"), n(8), name("outputs")});
  CHECK(dim(name("both"), sizes) == dim(call("+", name("b"), name("a"))));
  CHECK(dim(StaticExpr::element("n", n(0)), sizes) == dim(name("features")));
  CHECK(dim(StaticExpr::element("n", n(-1)), sizes) == dim(name("outputs")));
  CHECK(dim(StaticExpr::element("n", n(1)), sizes).constant() == 8);
  CHECK(dim(StaticExpr::element("n", name("l")), sizes).print() == "n[l]");
}

TEST_CASE("exact quotients of polynomials") {
  const Dim a = dim(name("a")), b = dim(name("b"));
  CHECK((a * b).divided_by(a) == b);
  CHECK(((a + Dim(1)) * b).divided_by(a + Dim(1)) == b);
  CHECK_FALSE((a * b + Dim(1)).divided_by(a).has_value());
  CHECK_FALSE(a.divided_by(Dim(0)).has_value());
  CHECK((a * Dim(6)).divided_by(Dim(3)) == a * Dim(2));
}
