#include "support.hpp"

using namespace mlz;
using namespace mlz::text;

namespace {

std::string canonical(const std::string& text) { return print(expression(text)); }

}  // namespace

TEST_CASE("expressions print with the fewest brackets") {
  CHECK(canonical("((a)+(b*c))") == "a + b * c");
  CHECK(canonical("a-(b-c)") == "a - (b - c)");
  CHECK(canonical("(a-b)-c") == "a - b - c");
  CHECK(canonical("(a**b)**c") == "(a ** b) ** c");
  CHECK(canonical("a**(b**c)") == "a ** b ** c");
  CHECK(canonical("a**(-b)") == "a ** -b");
  CHECK(canonical("(-a)**b") == "(-a) ** b");
  CHECK(canonical("(-2)**b") == "(-2) ** b");
  CHECK(canonical("-(a*b)") == "-(a * b)");
  CHECK(canonical("(not a) == b") == "(not a) == b");
  CHECK(canonical("not (a == b)") == "not a == b");
  CHECK(canonical("(a<b)==c") == "(a < b) == c");
  CHECK(canonical("(a or b) and c") == "(a or b) and c");
  CHECK(canonical("(a@b).T") == "(a @ b).T");
  CHECK(canonical("(2).T") == "(2).T");
  CHECK(canonical("f( a,b ,k = 1 )[ : ,1 : ]") == "f(a, b, k=1)[:, 1:]");
  CHECK(canonical("(a,)") == "(a,)");
  CHECK(canonical("a ? (b ? c)") == "a ? (b ? c)");
  CHECK(canonical("-(2)") == "-(2)");
  CHECK(canonical("1e999 + -1e999") == "1e999 + -1e999");
}

TEST_CASE("a program prints in one form") {
  const std::string text =
      "\"\"\"About \"this\".\n\n  Indented.\nLast.\n\"\"\"\n\n"
      "import nn\nfrom rnn import lstm, gru\n\n"
      "size n = 64\n@hold\nconst c = 0.1\nparam W : matrix[n, n + 1] ~ normal(0, c)\n"
      "state A[L][l in range(2)] : vector[n]\nstate B = W\n\n"
      "def Setup():\n\n"
      "@hold\ndef Predict(x):\n  \"\"\"Guess.\"\"\"\n  h, c = lstm(x)\n  if c > 1:\n    @hold\n    "
      "y = 1\n"
      "  elif c:\n    ?8\n  else:\n    for i in range(n):\n      ?\n  return h, c\n";
  CHECK(print(parsed(text)) == text);
  CHECK(print(Program{}).empty());
}

TEST_CASE("docstrings print so that they read back") {
  for (const std::string doc :
       {"a", "\"", "a \"quoted\"", "a\n\nb\n  c", "  a\nb", "a\n  b\n    c", "\u00e9\n\u00fc"}) {
    CAPTURE(doc);
    Program p;
    p.doc = doc;
    p.functions.emplace_back();
    p.functions[0].name = "f";
    p.functions[0].doc = doc;
    CHECK(equal(parsed(print(p)), p));
  }
}

TEST_CASE("equality looks at every part") {
  const char* texts[] = {"size n = 1",          "size n = -1",
                         "size m = 1",          "const n = 1",
                         "@hold\nsize n = 1",   "import n",
                         "from n import a",     "def f():",
                         "def f(a):",           "def f():\n  pass",
                         "def f():\n  ?",       "def f():\n  ?2",
                         "def f():\n  a = b",   "def f():\n  a = c",
                         "state n = a[1]",      "state n = a[1:]",
                         "state n = a[:1]",     "state n = a(1)",
                         "state n = a(k=1)",    "state n : scalar",
                         "state n[L] : scalar", "state n[l in range(L)] : scalar"};
  for (const char* a : texts) {
    for (const char* b : texts) CHECK(equal(parsed(a), parsed(b)) == (a == b));
  }
}
