#pragma once
#include <string>
#include <utility>
#include <vector>

namespace mlz::tools {

/// One line of a plot. Lines of one name share a colour and one entry of the legend.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< x, y; points that are not finite are left out
  bool markers = false;                           ///< a dot on every point
};

struct Plot {
  std::string title, subtitle, x_label, y_label;
  std::vector<Series> series;
  bool log_y = false;  ///< needs every y above 0; otherwise the axis is linear all the same
};

/// A self-contained SVG image that follows the viewer's choice of a light or dark background.
std::string to_svg(const Plot& plot);
/// Several plots, one below the other.
std::string to_svg(const std::vector<Plot>& plots);

/// Text with the characters that markup takes for its own replaced; control characters become blanks.
std::string escaped(const std::string& text);

/// Round numbers that divide lo..hi into about `count` parts.
std::vector<double> nice_ticks(double lo, double hi, int count);

}  // namespace mlz::tools
