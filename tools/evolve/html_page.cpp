#include "tools/evolve/html_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/support/plot.hpp"

namespace mlz::tools::html {
namespace {

constexpr const char* kStyle = R"(<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
  td, th { text-align: right; padding: 0.1rem 0.8rem 0.1rem 0; border-bottom: 1px solid #8884; }
  td, th { font-variant-numeric: tabular-nums; }
  td:first-child, th:first-child { text-align: left; }
  pre { background: #8881; padding: 0.8rem; overflow-x: auto; }
  svg { max-width: 100%; height: auto; }
</style>
)";

}  // namespace

std::string heading(const std::string& text) { return fmt::format("<h2>{}</h2>\n", escaped(text)); }

std::string row(const std::vector<std::string>& cells, const char* tag) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += fmt::format("<{0}>{1}</{0}>", tag, escaped(cell));
  return out + "</tr>\n";
}

std::string table(const std::vector<std::string>& rows) {
  std::string out = "<table>\n";
  for (const std::string& r : rows) out += r;
  return out + "</table>\n";
}

std::string table(const std::vector<std::string>& names, const std::vector<std::string>& rows) {
  std::vector<std::string> all{row(names, "th")};
  all.insert(all.end(), rows.begin(), rows.end());
  return table(all);
}

std::string listing(const std::string& program) {
  std::string out = "<pre>";
  for (std::size_t begin = 0; begin < program.size();) {
    const std::size_t end = std::min(program.find('\n', begin), program.size());
    out += escaped(program.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out + "</pre>\n";
}

std::string command(const std::string& line) { return fmt::format("<pre>{}</pre>\n", escaped(line)); }

std::string page(const std::string& title, const std::string& body) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n";
  return out + fmt::format("<title>{0}</title>\n{1}<h1>{0}</h1>\n", escaped(title), kStyle) + body + "</html>\n";
}

}  // namespace mlz::tools::html
