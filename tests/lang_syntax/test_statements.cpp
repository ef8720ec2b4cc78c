#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

TEST_CASE("declarations") {
  const Program p = parsed(
      "size n = [features, 32, outputs]\n"
      "const c = -0.1\n"
      "@hold\n"
      "param W : matrix[n[0], n[1]] ~ normal(0, c)\n"
      "param lr : scalar = 1\n"
      "state h : vector[n[1]]\n"
      "state V = W\n"
      "state A[L][H] : matrix[n[L], n[L + 1]]\n"
      "state B[l in range(L + 1)] : vector[n[l]]\n"
      "state C[3] : scalar\n"
      "state D[L in range(L)] : scalar\n");
  REQUIRE(p.declarations.size() == 10);
  const auto& d = p.declarations;
  CHECK(d[0].kind == Declaration::Kind::size);
  CHECK(d[0].value.kind == Expr::Kind::list);
  CHECK(d[0].where.column == 6);
  CHECK(d[1].kind == Declaration::Kind::constant);
  CHECK(d[1].value.value == -0.1);
  CHECK(d[2].kind == Declaration::Kind::param);
  CHECK(d[2].hold);
  CHECK(d[2].type == "matrix");
  CHECK(d[2].type_where.column == 11);
  CHECK(d[2].dimensions.size() == 2);
  CHECK(d[2].distribution.text == "normal");
  CHECK(d[3].type == "scalar");
  CHECK(d[3].value.value == 1);
  CHECK(d[4].kind == Declaration::Kind::state);
  CHECK(d[4].dimensions.size() == 1);
  CHECK(d[5].type.empty());
  CHECK(d[5].value.text == "W");
  REQUIRE(d[6].family.size() == 2);
  CHECK(d[6].family[1].variable == "H");
  CHECK(d[7].family[0].variable == "l");
  CHECK(d[7].family[0].count.kind == Expr::Kind::binary);
  CHECK(d[8].family[0].variable.empty());
  CHECK(d[9].family[0].variable == "L");
}

TEST_CASE("imports, docstrings and functions") {
  const Program p = parsed(
      "\"\"\"About.\n\n  More.\n\"\"\"\n"
      "import nn\n"
      "from rnn import lstm, gru\n"
      "@hold\n"
      "def Setup():\n"
      "def Predict(x, y):\n"
      "  \"\"\"Guess.\"\"\"\n"
      "def Learn():\n"
      "  pass\n");
  CHECK(p.doc == "About.\n\nMore.");
  REQUIRE(p.imports.size() == 2);
  CHECK(p.imports[0].module == "nn");
  CHECK(p.imports[0].names.empty());
  CHECK(p.imports[1].names == std::vector<std::string>{"lstm", "gru"});
  REQUIRE(p.functions.size() == 3);
  CHECK(p.functions[0].hold);
  CHECK(p.functions[0].body.empty());
  CHECK(p.functions[1].doc == "Guess.");
  CHECK(p.functions[1].parameters[1].name == "y");
  CHECK(p.functions[1].where.line == 9);
  CHECK(p.functions[2].body[0].kind == Statement::Kind::pass);
}

TEST_CASE("statements") {
  const Program p = parsed(
      "def f(x):\n"
      "  h, c = g(x)\n"
      "  z[0], W[:, 1] = x, h\n"
      "  W[l][0] = 1\n"
      "  h += c * 2\n"
      "  h[0] -= 1\n"
      "  NoOp()\n"
      "  ?\n"
      "  @hold\n"
      "  ?8\n"
      "  y = ?(h, ?)\n"
      "  return h, c\n");
  const auto& b = p.functions.at(0).body;
  REQUIRE(b.size() == 10);
  CHECK(b[0].targets.size() == 2);
  CHECK(b[0].value.kind == Expr::Kind::call);
  CHECK(b[1].targets[1].kind == Expr::Kind::index);
  CHECK(b[1].value.kind == Expr::Kind::tuple);
  CHECK(print(b[2].targets[0]) == "W[l][0]");
  CHECK(print(b[3].value) == "h + c * 2");
  CHECK(print(b[4].value) == "h[0] - 1");
  CHECK(b[5].kind == Statement::Kind::expression);
  CHECK(b[6].hole_count == 1);
  CHECK_FALSE(b[6].hold);
  CHECK(b[7].hole_count == 8);
  CHECK(b[7].hold);
  CHECK(b[8].value.text == "?");
  CHECK(b[9].kind == Statement::Kind::result);
  CHECK(b[9].value.operands.size() == 2);
}

TEST_CASE("an augmented assignment keeps its right side together") {
  const Program p = parsed("def f():\n  a *= b + c\n  a -= b - c\n");
  CHECK(print(p.functions[0].body[0].value) == "a * (b + c)");
  CHECK(print(p.functions[0].body[1].value) == "a - (b - c)");
}

TEST_CASE("loops and branches") {
  const Program p = parsed(
      "def f():\n"
      "  for l in range(1, L):\n"
      "    for h in reversed(range(H)):\n"
      "      a = l\n"
      "    b = 1\n"
      "  @hold\n"
      "  if heads > 1:\n"
      "    a = 1\n"
      "  elif heads == 1 and not c:\n"
      "    a = 2\n"
      "  else:\n"
      "    a = 3\n"
      "    b = 2\n"
      "  z = 1\n");
  const auto& b = p.functions.at(0).body;
  REQUIRE(b.size() == 3);
  CHECK(b[0].variable == "l");
  REQUIRE(b[0].body.size() == 2);
  CHECK(b[0].body[0].value.text == "reversed");
  CHECK(b[1].hold);
  REQUIRE(b[1].otherwise.size() == 1);
  CHECK(b[1].otherwise[0].kind == Statement::Kind::branch);
  CHECK(b[1].otherwise[0].otherwise.size() == 2);
}

TEST_CASE("what AutoML-Zero prints is a program as it stands") {
  const Program p = parsed(
      "def Setup():\n"
      "def Predict():\n"
      "  v3[0.3] = 0.5\n"
      "  m2[0.01, 0.3] = -0.8\n"
      "  s2 = gaussian(0, 1)\n"
      "  v2 = uniform(-1, 1, n_features)\n"
      "  m0 = gaussian(0, 0.1, (n_features, n_features))\n"
      "  s3 = heaviside(s2, 1.0)\n"
      "  m0 = bcast(v4, axis=1)\n"
      "  s4 = 1 / s3\n"
      "  NoOp()\n"
      "def Learn():\n");
  REQUIRE(p.functions.size() == 3);
  CHECK(p.functions[1].body.size() == 9);
}
