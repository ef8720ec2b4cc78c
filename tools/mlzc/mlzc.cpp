#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "options.hpp"

namespace mlzc {
namespace {

constexpr std::size_t kLargestText = 16u << 20;

bool is_special(const std::string& path) {
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  return std::filesystem::exists(status) && !is_regular_file(status) && !is_directory(status);
}

std::string read_program(const std::string& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) throw BadUsage(path + ": is a folder; expected a program file");
  if (is_special(path)) throw BadUsage(path + ": is a device or pipe; expected a program file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw BadUsage(path + ": cannot be read; check the path and its permissions");
  std::string text(kLargestText + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string as_header(const Options& o, const std::vector<unsigned char>& bytes) {
  std::string out = "#pragma once\n// " + std::filesystem::path(o.program).filename().string();
  if (!o.sizes_text.empty()) out += " with " + o.sizes_text;
  out += ", bound by mlzc " + std::string(mlz::version()) + "; read with mlz::BoundProgram::load(" + o.name + ")\n";
  out += "inline constexpr unsigned char " + o.name + "[] = {";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out += i % 24 == 0 ? "\n  " : "";
    out += std::to_string(static_cast<unsigned>(bytes[i])) + ",";
  }
  return out + "\n};\n";
}

/// Written beside its place and renamed, so that a file by that name is always whole.
int write_output(const Options& o, const std::string& content) {
  if (o.output.empty()) return (std::cout << content).flush() ? 0 : 1;
  if (is_special(o.output)) throw BadUsage(o.output + ": is a device or pipe; give the name of a file");
  const std::string beside = o.output + "." + std::to_string(getpid()) + ".part";
  std::ofstream out(beside, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  std::error_code ec;
  if (out) std::filesystem::rename(beside, o.output, ec);
  if (out && !ec) return 0;
  std::filesystem::remove(beside, ec);
  std::cerr << "error: " << o.output << ": cannot be written\n";
  return 1;
}

int run(const Options& o) {
  mlz::CompileOptions compile = o.compile;
  compile.name = o.program;
  compile.max_text_bytes = kLargestText;
  const auto folder = std::filesystem::path(o.program).parent_path();
  compile.import_folders.insert(compile.import_folders.begin(), folder.empty() ? "." : folder.string());
  const auto program = mlz::compile(read_program(o.program), compile);
  if (!program) return std::cerr << program.error_text(), 2;
  const auto bound = program->bind(o.sizes, o.bind);
  if (!bound) return std::cerr << bound.error_text(), 2;
  const std::vector<unsigned char> bytes = bound->to_bytes();
  return write_output(o, o.binary ? std::string(bytes.begin(), bytes.end()) : as_header(o, bytes));
}

}  // namespace
}  // namespace mlzc

int main(int argc, char** argv) {
  try {
    const mlzc::Options options = mlzc::parse_options({argv + 1, argv + argc});
    if (options.help) return std::cout << mlzc::help_text(), 0;
    if (options.version) return std::cout << "mlzc " << mlz::version() << "\n", 0;
    return mlzc::run(options);
  } catch (const mlzc::BadUsage& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 1;
  }
}
