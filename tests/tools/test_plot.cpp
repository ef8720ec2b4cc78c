#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stack>
#include <string>

#include "tools/support/plot.hpp"

using namespace mlz::tools;

namespace {

/// Whether tags nest, attributes are quoted and text is escaped: enough XML for what is written.
bool well_formed(const std::string& svg) {
  std::stack<std::string> open;
  std::size_t i = 0;
  while (i < svg.size()) {
    if (svg[i] == '>') return false;
    if (svg[i] == '&' && svg.compare(i, 4, "&lt;") != 0 && svg.compare(i, 4, "&gt;") != 0 &&
        svg.compare(i, 5, "&amp;") != 0) {
      return false;
    }
    if (svg[i] != '<') {
      ++i;
      continue;
    }
    const auto end = svg.find('>', i);
    if (end == std::string::npos) return false;
    const std::string tag = svg.substr(i + 1, end - i - 1);
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0 || tag.find('<') != std::string::npos)
      return false;
    if (tag[0] == '/') {
      if (open.empty() || open.top() != tag.substr(1)) return false;
      open.pop();
    } else if (tag.back() != '/') {
      open.push(tag.substr(0, tag.find(' ')));
    }
    i = end + 1;
  }
  return open.empty();
}

}  // namespace

TEST_CASE("a plot is well-formed and has its labels, whatever the data") {
  const double inf = INFINITY;
  const Plot plots[] = {
      {"a <b> & \"c\"",
       "sub",
       "x",
       "y",
       {{"train", {{0, 0.1}, {1, 0.5}}, false}, {"valid", {{1, 0.4}}, true}},
       false},
      {"empty", "", "x", "y", {}, false},
      {"no points", "", "x", "y", {{"train", {}, false}}, true},
      {"one point", "", "x", "y", {{"train", {{5, 5}}, true}}, true},
      {"constant", "", "x", "y", {{"train", {{0, 1}, {9, 1}}, false}}, false},
      {"not finite",
       "",
       "x",
       "y",
       {{"train", {{0, NAN}, {1, inf}, {2, 3}, {3, -inf}}, true}},
       false},
      {"huge", "", "x", "y", {{"train", {{0, -1e308}, {1e300, 1e308}}, true}}, false},
      {"tiny", "", "x", "y", {{"train", {{0, 1e-300}, {1, 1e-12}, {2, 10}}, true}}, true},
  };
  for (const Plot& plot : plots) {
    const std::string svg = to_svg(plot);
    INFO(plot.title);
    CHECK(well_formed(svg));
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
    for (const Series& s : plot.series) CHECK(svg.find(">" + s.name + "<") != std::string::npos);
  }
  CHECK(to_svg(plots[0]).find("a &lt;b&gt; &amp; ") != std::string::npos);
}

TEST_CASE("several plots in one image, with legends of any length") {
  Plot first{"one", "", "x", "y", {}, false}, second{"two", "", "x", "y", {}, false};
  for (int i = 0; i < 12; ++i) {
    first.series.push_back({"a learner with a long name " + std::to_string(i), {{0, 0}, {1, i}}, false});
  }
  second.series = {{"short", {{0, 0.5}, {1, 1}}, true}};
  const std::string svg = to_svg({first, second});
  CHECK(well_formed(svg));
  CHECK(svg.find("height=\"880\"") != std::string::npos);
  for (const Series& s : first.series) CHECK(svg.find(">" + s.name + "<") != std::string::npos);
  CHECK(svg.find(">two<") != std::string::npos);
  CHECK(svg.find("x1=\"-") == std::string::npos);
  CHECK(well_formed(to_svg(std::vector<Plot>{})));
}

TEST_CASE("ticks are round numbers inside the range") {
  CHECK(nice_ticks(0, 1, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
  CHECK(nice_ticks(0, 10000, 7).size() == 6);
  CHECK(nice_ticks(3, 3, 5) == std::vector<double>{3});
  for (const auto& [lo, hi] : {std::pair{-1e300, 1e300}, {1e-9, 2e-9}, {-5.0, 0.1}}) {
    const auto ticks = nice_ticks(lo, hi, 6);
    CHECK(ticks.size() >= 2);
    CHECK(ticks.size() <= 16);
  }
}
