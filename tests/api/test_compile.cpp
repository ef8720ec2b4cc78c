#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "programs.hpp"

using namespace programs;

TEST_CASE("errors of a text are values with places") {
  mlz::CompileOptions options;
  options.name = "mine.mlz";
  const auto program = mlz::compile("state w : vector[features]\ndef Predict(x):\n  y = dott(w, x)\n  y = = 1\n", options);
  REQUIRE_FALSE(program.ok());
  REQUIRE(program.errors().size() == 2);
  const mlz::ProgramError& first = program.errors()[0];
  CHECK(first.file == "mine.mlz");
  CHECK(first.line == 3);
  CHECK(first.column == 7);
  CHECK(first.message.find("dott") != std::string::npos);
  CHECK(first.hint == "did you mean `dot`?");
  CHECK(first.text.find("mine.mlz:3:7: error: ") == 0);
  CHECK(first.text.find("^") != std::string::npos);
  CHECK(program.errors()[1].line == 4);
  CHECK(program.error_text() == first.text + program.errors()[1].text);
  CHECK_THROWS_AS(program.value(), mlz::NoValue);
}

TEST_CASE("notes say where shapes came from") {
  const auto program = mlz::compile(
      "state a : vector[features]\nstate b : vector[outputs]\ndef Predict(x):\n  c = a + b\n  y = dot(c, x)\n");
  REQUIRE_FALSE(program.ok());
  CHECK(program.errors()[0].line == 4);
  CHECK(program.errors()[0].text.find("outputs") != std::string::npos);
}

TEST_CASE("bind gives errors as values") {
  const auto program = mlz::compile(kNet).value();
  CHECK(program.doc() == "Two layers, with params, draws and a family.");
  const auto missing = program.bind({{"features", 4}});
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error_text().find("outputs") != std::string::npos);
  CHECK_FALSE(program.bind({{"features", 4}, {"outputs", 0}}).ok());
  const auto misspelt = program.bind({{"features", 4}, {"output", 2}});
  REQUIRE_FALSE(misspelt.ok());
  CHECK(misspelt.error_text().find("there is no size `output`; did you mean `outputs`?") != std::string::npos);
  mlz::BindOptions options;
  options.observe = {"WW"};
  const auto unknown = program.bind({{"features", 4}, {"outputs", 2}}, options);
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error_text().find("WW") != std::string::npos);
}

TEST_CASE("core text is a program again") {
  const auto program = mlz::compile(kNet).value();
  const auto again = mlz::compile(program.core_text());
  REQUIRE(again.ok());
  CHECK(again->core_text() == program.core_text());
}

TEST_CASE("sizes, consts and scalar params can be set") {
  mlz::CompileOptions options;
  options.set = {{"hidden", "7"}};
  const auto bound = mlz::compile(kNet, options)->bind({{"features", 4}, {"outputs", 2}}).value();
  REQUIRE(bound.find("W0").has_value());
  CHECK(bound.find("W0")->rows == 7);
  options.set = {{"hiden", "7"}};
  CHECK_FALSE(mlz::compile(kNet, options).ok());
}

TEST_CASE("shapes of registers") {
  const auto bound = net();
  REQUIRE(bound.x().has_value());
  CHECK(bound.x()->rank == 1);
  CHECK(bound.x()->size() == 4);
  CHECK(bound.y()->size() == 2);
  CHECK(bound.target()->size() == 2);
  CHECK(bound.batch() == 0);
  const auto w0 = bound.find("W0");
  REQUIRE(w0.has_value());
  CHECK(w0->rank == 2);
  CHECK(w0->rows == 3);
  CHECK(w0->columns == 4);
  CHECK(w0->param);
  CHECK(w0->readable);
  CHECK(bound.find("V[1]").has_value());
  CHECK_FALSE(bound.find("V[1]")->readable);
  CHECK_FALSE(bound.find("V[2]").has_value());
  CHECK(bound.operations_per_step() > 0);
  CHECK(bound.instructions() > 0);
  CHECK(bound.bytes() >= 8 * (12 + 12 + 12));
  bool listed = false;
  for (const mlz::Register& r : bound.registers()) listed = listed || r.name == "V[0]";
  CHECK(listed);
}

TEST_CASE("imports: the standard library, given texts, and folders only when named") {
  const std::string main = "import mine\ndef Predict(x):\n  y = mine.twice(sum(x))\n";
  const std::string module = "def twice(a):\n  return a + a\n";
  CHECK(mlz::compile("import nn\ndef Predict(x):\n  y = sum(x)\n").ok());

  mlz::CompileOptions texts;
  texts.modules = {{"mine", module}};
  REQUIRE(mlz::compile(main, texts).ok());
  auto lives = mlz::compile(main, texts)->bind({{"features", 2}})->start().value();
  lives.setup();
  CHECK(lives.predict(std::vector{1.0, 2.0})[0] == 6.0);

  const auto folder = std::filesystem::temp_directory_path() / "mlz_api_imports";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "mine.mlz") << module;
  mlz::CompileOptions folders;
  folders.name = (folder / "main.mlz").string();
  CHECK_FALSE(mlz::compile(main, folders).ok());  // a text is not a file, wherever it says it is from
  folders.import_folders = {folder.string()};
  CHECK(mlz::compile(main, folders).ok());
  std::filesystem::remove_all(folder);
}
