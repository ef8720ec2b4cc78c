#include <cmath>
#include <limits>

#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

namespace {

/// The tree of an expression, every node in brackets.
std::string tree(const Expr& e) {
  const auto list = [](const std::vector<Expr>& items) {
    std::string out;
    for (const Expr& item : items) out += " " + tree(item);
    return out;
  };
  switch (e.kind) {
    case Expr::Kind::none:
      return "_";
    case Expr::Kind::number:
      return print(e);
    case Expr::Kind::name:
      return e.text;
    case Expr::Kind::hole:
      return "?";
    case Expr::Kind::unary:
    case Expr::Kind::binary:
      return "(" + e.text + list(e.operands) + ")";
    case Expr::Kind::transpose:
      return "(T" + list(e.operands) + ")";
    case Expr::Kind::tuple:
      return "(tuple" + list(e.operands) + ")";
    case Expr::Kind::list:
      return "(list" + list(e.operands) + ")";
    case Expr::Kind::call: {
      std::string out = "(call " + e.text;
      for (const Argument& a : e.arguments)
        out += " " + (a.keyword.empty() ? "" : a.keyword + "=") + tree(a.value);
      return out + ")";
    }
    case Expr::Kind::index:
      break;
  }
  std::string out = "(index" + list(e.operands);
  for (const Subscript& s : e.subscripts) {
    out += " " + tree(s.lo) + (s.range ? ":" + tree(s.hi) : "");
  }
  return out + ")";
}

std::string tree(const std::string& text) { return tree(expression(text)); }

}  // namespace

TEST_CASE("numbers") {
  CHECK(expression("0.1").value == 0.1);
  CHECK(expression(".5").value == 0.5);
  CHECK(expression("2.").value == 2);
  CHECK(expression("1e-3").value == 1e-3);
  CHECK(expression("1.5E+2").value == 150);
  CHECK(expression("0.75636081900770236").value == 0.75636081900770236);
  CHECK(expression("1e999").value == std::numeric_limits<double>::infinity());
  CHECK(expression("-1e999").value == -std::numeric_limits<double>::infinity());
  CHECK(expression("1e-999").value == 0);
  CHECK(expression("0e999").value == 0);
  CHECK(expression("0.000001e-320").value == 0);
  CHECK(expression("10000000000000000e300").value == std::numeric_limits<double>::infinity());
  CHECK(expression("4.9406564584124654e-324").value == std::numeric_limits<double>::denorm_min());
}

TEST_CASE("a minus before the digits of a number belongs to it") {
  CHECK(tree("-2") == "-2");
  CHECK(std::signbit(expression("-0").value));
  CHECK(expression("- 2").where.column == 1);
  CHECK(expression("- 2").where.length == 3);
  CHECK(tree("-(2)") == "(- 2)");
  CHECK(tree("--2") == "(- -2)");
  CHECK(tree("-2 ** 2") == "(- (** 2 2))");
  CHECK(tree("(-2) ** 2") == "(** -2 2)");
  CHECK(tree("a - -2") == "(- a -2)");
  CHECK(tree("a-2") == "(- a 2)");
  CHECK(tree("-x") == "(- x)");
}

TEST_CASE("precedence is that of Python") {
  CHECK(tree("a or b and not c == d") == "(or a (and b (not (== c d))))");
  CHECK(tree("a + b * c - d") == "(- (+ a (* b c)) d)");
  CHECK(tree("a / b / c") == "(/ (/ a b) c)");
  CHECK(tree("a ** b ** c") == "(** a (** b c))");
  CHECK(tree("2 ** -x") == "(** 2 (- x))");
  CHECK(tree("-a * b") == "(* (- a) b)");
  CHECK(tree("-a ** b") == "(- (** a b))");
  CHECK(tree("W.T @ d + b") == "(+ (@ (T W) d) b)");
  CHECK(tree("a // b % c") == "(% (// a b) c)");
  CHECK(tree("a + b < c * d") == "(< (+ a b) (* c d))");
  CHECK(tree("(a + b) * c") == "(* (+ a b) c)");
  CHECK(tree("not not a") == "(not (not a))");
  CHECK(tree("-a.T[0]") == "(- (index (T a) 0))");
}

TEST_CASE("calls, indices, tuples and lists") {
  CHECK(tree("f()") == "(call f)");
  CHECK(tree("nn.lstm(x, h, axis=1)") == "(call nn.lstm x h axis=1)");
  CHECK(tree("f(a == b, c = d)") == "(call f (== a b) c=d)");
  CHECK(tree("f(a, (b, c),)") == "(call f a (tuple b c))");
  CHECK(tree("W[:, j]") == "(index W _:_ j)");
  CHECK(tree("z[a:b]") == "(index z a:b)");
  CHECK(tree("z[a:]") == "(index z a:_)");
  CHECK(tree("z[:-1]") == "(index z _:-1)");
  CHECK(tree("W[l][h, 0]") == "(index (index W l) h 0)");
  CHECK(tree("(a,)") == "(tuple a)");
  CHECK(tree("((a))") == "a");
  CHECK(tree("[]") == "(list)");
  CHECK(tree("[1, 2,]") == "(list 1 2)");
  CHECK(tree("nn.eps") == "nn.eps");
  CHECK(tree("x.T.T") == "(T (T x))");
  CHECK(tree("nn.W.T") == "(T nn.W)");
  CHECK(tree("T.T") == "(T T)");
}

TEST_CASE("holes stand for operands and operators") {
  CHECK(tree("?") == "?");
  CHECK(tree("a ? b") == "(? a b)");
  CHECK(tree("? ? ?") == "(? ? ?)");
  CHECK(tree("a ? b * c ? d") == "(? (? a (* b c)) d)");
  CHECK(tree("?(a, b)") == "(call ? a b)");
  CHECK(tree("a ? (b)") == "(? a b)");
  CHECK(tree("? ? (a, b)") == "(? ? (tuple a b))");
  CHECK(tree("f(?, ?[0])") == "(call f ? (index ? 0))");
}

TEST_CASE("nodes know their places") {
  const Expr e = expression("aa + nn.f(b, cc[1]) ** d");
  CHECK(e.where.column == 4);
  CHECK(e.where.length == 1);
  const Expr& power = e.operands[1];
  CHECK(power.where.column == 21);
  CHECK(power.where.length == 2);
  const Expr& call = power.operands[0];
  CHECK(call.where.column == 6);
  CHECK(call.where.length == 4);
  CHECK(call.arguments[1].value.where.column == 14);
  CHECK(call.arguments[1].value.where.length == 2);
  CHECK(expression(" W.T").where.column == 3);
}

TEST_CASE("a text that is not one expression is refused") {
  for (const char* text :
       {"", "# nothing", "a = 1", "a\nb", "a b", "(a", "\"\"\"a\"\"\"", "a,", "\x01"}) {
    Diagnostics diagnostics;
    CHECK_FALSE(parse_expression(text, diagnostics).has_value());
    CHECK(diagnostics.count() >= 1);
  }
}
