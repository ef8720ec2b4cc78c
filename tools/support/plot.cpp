#include "tools/support/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlz::tools {
namespace {

constexpr double kWidth = 760, kHeight = 440;
constexpr double kLeft = 72, kRight = 20, kTop = 64, kBottom = 58;

constexpr const char* kStyle = R"(<style>
  .back { fill: #ffffff; }
  text { font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .soft { fill: #57606a; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .c0 { stroke: #0969da; } .d0 { fill: #0969da; }
  .c1 { stroke: #d1242f; } .d1 { fill: #d1242f; }
  .c2 { stroke: #1a7f37; } .d2 { fill: #1a7f37; }
  .c3 { stroke: #8250df; } .d3 { fill: #8250df; }
  .c4 { stroke: #bf5f00; } .d4 { fill: #bf5f00; }
  .c5 { stroke: #57606a; } .d5 { fill: #57606a; }
  .c6 { stroke: #0a7d8c; } .d6 { fill: #0a7d8c; }
  .c7 { stroke: #bf3989; } .d7 { fill: #bf3989; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; }
    text { fill: #e6edf3; }
    .soft { fill: #9198a1; }
    .grid { stroke: #2a313c; }
    .axis { stroke: #9198a1; }
    .c0 { stroke: #58a6ff; } .d0 { fill: #58a6ff; }
    .c1 { stroke: #ff7b72; } .d1 { fill: #ff7b72; }
    .c2 { stroke: #3fb950; } .d2 { fill: #3fb950; }
    .c3 { stroke: #bc8cff; } .d3 { fill: #bc8cff; }
    .c4 { stroke: #f0883e; } .d4 { fill: #f0883e; }
    .c5 { stroke: #9198a1; } .d5 { fill: #9198a1; }
    .c6 { stroke: #39c5cf; } .d6 { fill: #39c5cf; }
    .c7 { stroke: #f778ba; } .d7 { fill: #f778ba; }
  }
</style>
)";

constexpr std::size_t kColours = 8;
constexpr std::size_t kTitleLength = 75;

/// The beginning of a text that would be too wide; never cuts inside a UTF-8 character.
std::string clipped(const std::string& text, std::size_t length) {
  if (text.size() <= length) return text;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return text.substr(0, length) + "...";
}

std::string short_number(double v) {
  if (v == 0) return "0";
  if (std::abs(v) >= 1e6 || std::abs(v) < 1e-4) return fmt::format("{:.3g}", v);
  return fmt::format("{:.6g}", v);
}

/// Axis of one direction: values to pixels.
struct Axis {
  double lo = 0, hi = 1, from = 0, to = 1;
  bool log = false;

  double scaled(double v) const { return log ? std::log10(v) : v; }
  double operator()(double v) const {
    return from + (to - from) * (scaled(v) - scaled(lo)) / (scaled(hi) - scaled(lo));
  }
  std::vector<double> ticks(int count) const {
    if (!log) return nice_ticks(lo, hi, count);
    std::vector<double> result;
    for (double e = std::ceil(std::log10(lo) - 1e-9); e <= std::log10(hi) + 1e-9; ++e) {
      result.push_back(std::pow(10, e));
    }
    return result;
  }
};

/// Not NaN, and small enough that a range of such values does not overflow.
bool drawable(const std::pair<double, double>& p) {
  constexpr double kLargest = 1e300;
  return std::abs(p.first) <= kLargest && std::abs(p.second) <= kLargest;
}

/// Lays out and writes one plot.
class Drawing {
 public:
  explicit Drawing(const Plot& plot) : plot_(plot) { choose_axes(); }
  /// All that is drawn, without the image around it.
  std::string body();

 private:
  void choose_axes();
  void choose_y_axis(double lo, double hi);
  void grid();
  void lines();
  void legend();
  void legend_entry(std::size_t i, double x, double y);
  static double width_of(const std::string& name) { return 36 + 7.5 * static_cast<double>(name.size()); }
  void text(double x, double y, const char* attributes, const std::string& content) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes,
                        escaped(content));
  }
  /// Colour of a series: its place among the names.
  std::size_t colour(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) -
                                    names_.begin()) %
           kColours;
  }

  bool has_markers(const std::string& name) const {
    return std::any_of(plot_.series.begin(), plot_.series.end(),
                       [&](const Series& s) { return s.name == name && s.markers; });
  }

  const Plot& plot_;
  std::vector<std::string> names_;
  Axis x_, y_;
  std::string out_;
};

void Drawing::choose_axes() {
  double x_lo = INFINITY, x_hi = -INFINITY, y_lo = INFINITY, y_hi = -INFINITY;
  for (const Series& s : plot_.series) {
    if (std::find(names_.begin(), names_.end(), s.name) == names_.end()) names_.push_back(s.name);
    for (const auto& p : s.points) {
      if (!drawable(p)) continue;
      x_lo = std::min(x_lo, p.first);
      x_hi = std::max(x_hi, p.first);
      y_lo = std::min(y_lo, p.second);
      y_hi = std::max(y_hi, p.second);
    }
  }
  if (!(x_lo <= x_hi)) x_lo = y_lo = 0, x_hi = y_hi = 1;
  x_lo = x_lo > 0 ? 0 : x_lo;
  x_ = {x_lo, x_hi > x_lo ? x_hi : x_lo + 1, kLeft, kWidth - kRight, false};
  choose_y_axis(y_lo, y_hi);
}

void Drawing::choose_y_axis(double lo, double hi) {
  const bool log = plot_.log_y && lo > 0 && hi / lo > 30;
  if (log) {
    lo = std::pow(10, std::floor(std::log10(lo)));
    hi = std::pow(10, std::ceil(std::log10(hi)));
  } else {
    const double step = hi > lo ? (hi - lo) / 20 : std::max(std::abs(hi), 1.0) / 20;
    lo = lo >= 0 ? std::max(0.0, lo - step) : lo - step;
    hi = hi <= 1 ? std::min(1.0, hi + step) : hi + step;
    if (!(hi > lo)) hi = lo + 1;
  }
  y_ = {lo, hi, kHeight - kBottom, kTop, log};
}

void Drawing::grid() {
  for (const double v : y_.ticks(6)) {
    out_ += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kLeft,
        kWidth - kRight, y_(v), y_(v));
    text(kLeft - 8, y_(v) + 4.5, "class=\"soft\" text-anchor=\"end\"", short_number(v));
  }
  out_ += fmt::format("<path class=\"axis\" fill=\"none\" d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\"/>\n",
                      kLeft, kTop, kHeight - kBottom, kWidth - kRight);
  for (const double v : x_.ticks(7)) {
    out_ += fmt::format(
        "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n",
        x_(v), kHeight - kBottom, kHeight - kBottom + 5);
    text(x_(v), kHeight - kBottom + 20, "class=\"soft\" text-anchor=\"middle\"", short_number(v));
  }
  text((kLeft + kWidth - kRight) / 2, kHeight - 14, "text-anchor=\"middle\"", plot_.x_label);
  const double middle = (kTop + kHeight - kBottom) / 2;
  text(18, middle,
       fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 18 {:.1f})\"", middle).c_str(),
       plot_.y_label);
}

void Drawing::lines() {
  for (const Series& s : plot_.series) {
    std::string path, dots;
    for (const auto& p : s.points) {
      if (!drawable(p)) continue;
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x_(p.first), y_(p.second));
      if (s.markers) {
        dots += fmt::format("<circle class=\"d{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\"/>\n",
                            colour(s.name), x_(p.first), y_(p.second));
      }
    }
    if (!path.empty())
      out_ += fmt::format("<path class=\"line c{}\" d=\"{}\"/>\n", colour(s.name), path);
    out_ += dots;
  }
}

void Drawing::legend_entry(std::size_t i, double x, double y) {
  out_ += fmt::format("<line class=\"line c{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.0f}\" y2=\"{:.0f}\"/>\n",
                      i % kColours, x, x + 20, y, y);
  text(x + 25, y + 4.5, "", names_[i]);
  if (has_markers(names_[i]))
    out_ += fmt::format("<circle class=\"d{}\" cx=\"{:.1f}\" cy=\"{:.0f}\" r=\"3.2\"/>\n", i % kColours, x + 10, y);
}

/// In one line above the plot, or where that would be too long, in the corner that curves of learning leave free.
void Drawing::legend() {
  constexpr double kLine = 18, kMost = 0.6 * (kWidth - kLeft - kRight);
  double together = 0, widest = 0;
  for (const std::string& name : names_) {
    widest = std::max(widest, width_of(name));
    together += width_of(name) + 10;
  }
  double x = kWidth - kRight, y = kHeight - kBottom - kLine * static_cast<double>(names_.size());
  if (together <= kMost) {
    for (std::size_t i = names_.size(); i-- > 0; x -= 10) legend_entry(i, x -= width_of(names_[i]), 48);
  } else {
    for (std::size_t i = 0; i < names_.size(); ++i, y += kLine) legend_entry(i, x - widest, y);
  }
}

std::string Drawing::body() {
  text(kLeft, 28, "class=\"title\"", clipped(plot_.title, kTitleLength));
  text(kLeft, 50, "class=\"soft\"", clipped(plot_.subtitle, kTitleLength));
  grid();
  lines();
  legend();
  return out_;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::vector<double> nice_ticks(double lo, double hi, int count) {
  if (!(hi > lo) || count < 1 || !std::isfinite(hi - lo)) return {lo};
  const double rough = (hi - lo) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double part = rough / power;
  const double step = power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
  std::vector<double> result;
  const double first = std::ceil(lo / step - 1e-9);
  for (int i = 0; (first + i) * step <= hi + 1e-9 * step && i <= 4 * count; ++i) {
    const double tick = (first + i) * step;
    result.push_back(std::abs(tick) < 1e-12 * step ? 0 : tick);
  }
  return result;
}

std::string to_svg(const Plot& plot) { return to_svg(std::vector{plot}); }

std::string to_svg(const std::vector<Plot>& plots) {
  const double height = kHeight * static_cast<double>(std::max<std::size_t>(plots.size(), 1));
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 "
      "0 {0:.0f} {1:.0f}\" "
      "role=\"img\">\n",
      kWidth, height);
  out += fmt::format("<title>{}</title>\n", plots.empty() ? "" : escaped(plots[0].title)) + kStyle;
  out += fmt::format("<rect class=\"back\" width=\"{:.0f}\" height=\"{:.0f}\"/>\n", kWidth, height);
  for (std::size_t i = 0; i < plots.size(); ++i) {
    const std::string body = Drawing(plots[i]).body();
    const double down = kHeight * static_cast<double>(i);
    out += i == 0 ? body : fmt::format("<g transform=\"translate(0 {:.0f})\">\n{}</g>\n", down, body);
  }
  return out + "</svg>\n";
}

}  // namespace mlz::tools
