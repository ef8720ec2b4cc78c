#include "tasks/csv.hpp"

#include <zlib.h>

#include "support.hpp"

using namespace mlz;
using namespace mlz::tasks;
using namespace mlz::tasks::test;

namespace {

CsvTable read(const std::string& text, const CsvRequest& request = {},
              const CsvTable* train = nullptr) {
  const TempFolder folder;
  write_file(folder / "t.csv", text);
  return read_csv(folder / "t.csv", request, train);
}

std::string read_error(const std::string& text, const CsvRequest& request = {},
                       const CsvTable* train = nullptr) {
  const std::string error = error_of([&] { read(text, request, train); });
  CHECK(contains(error, "t.csv"));
  return error;
}

std::vector<double> features(const CsvTable& table) {
  return std::get<std::vector<double>>(table.features.values);
}

using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("columns of numbers with the class last") {
  const CsvTable table = read("a,b,label\n1,2,0\n-3.5e1,+4,2\n.5,6.,0\n");
  CHECK(table.columns == Names{"a", "b", "label"});
  CHECK(table.features.dims == std::vector<std::size_t>{3, 2});
  CHECK(features(table) == Numbers{1, 2, -35, 4, 0.5, 6});
  CHECK(table.classes == Names{"0", "2"});
  CHECK(table.labels == Numbers{0, 1, 0});
}

TEST_CASE(
    "spaces, quotes, blank lines, byte order mark, line ends of Windows and none at the end") {
  const CsvTable table =
      read("\xEF\xBB\xBF\"a, \"\"x\"\"\", b ,label\r\n\r\n \"1\" , 2 ,\"yes, sir\"\r\n3,4,no");
  CHECK(table.columns == Names{"a, \"x\"", "b", "label"});
  CHECK(features(table) == Numbers{1, 2, 3, 4});
  CHECK(table.classes == Names{"no", "yes, sir"});
  CHECK(table.labels == Numbers{1, 0});
}

TEST_CASE("classes in order: numbers by value, names by alphabet") {
  CHECK(read("a,c\n1,10\n1,9\n1,-1\n1,9.0\n").classes == Names{"-1", "9", "10"});
  CHECK(read("a,c\n1,10\n1,9\n1,x\n").classes == Names{"10", "9", "x"});
  CHECK(read("a,c\n1,nan\n1,2\n").classes == Names{"2", "nan"});
}

TEST_CASE("label columns by name, for classes and for numbers") {
  CHECK(read("c,a,b\nx,1,2\ny,3,4\n", {{"c"}, false}).labels == Numbers{0, 1});
  const CsvTable several = read("c,a,b,d\n1,2,3,4\n5,6,7,8\n", {{"d", "c"}, true});
  CHECK(several.label_width == 2);
  CHECK(several.labels == Numbers{4, 1, 8, 5});
  CHECK(features(several) == Numbers{2, 3, 6, 7});
  CHECK(read("a,y\n1,2.5\n", {{}, true}).labels == Numbers{2.5});
}

TEST_CASE("a test table takes the classes of its training table") {
  const CsvTable train = read("a,c\n1,x\n1,y\n1,z\n");
  CHECK(read("a,c\n1,z\n1,x\n", {}, &train).labels == Numbers{2, 0});
  CHECK(contains(read_error("a,c\n1,z\n1,w\n", {}, &train), "class 'w', which the training file"));
  CHECK(contains(read_error("b,c\n1,z\n", {}, &train), "not those of the training file"));
}

TEST_CASE("values that are missing or no numbers are named by line and column") {
  const auto error = [](const std::string& value) {
    return read_error("alpha,beta,label\n1,2,0\n\n3," + value + ",1\n");
  };
  for (const char* value : {"", " ", "?", "NA", "nan", "inf", "-inf", "\"\""}) {
    CAPTURE(value);
    CHECK(contains(error(value), "line 4: column 2 ('beta') has no number"));
  }
  for (const char* value : {"x", "1e999", "0x10", "1 2", "1;2", "--1", "1.2.3"}) {
    CAPTURE(value);
    CHECK(contains(error(value), "line 4: column 2 ('beta') has '"));
  }
  CHECK(contains(read_error("a,c\n1,\n"), "column 2 ('c') has no class"));
  CHECK(contains(read_error("a,c\n1,x\n", {{}, true}), "'x', which is not a number"));
}

TEST_CASE("lines and headers that do not fit") {
  CHECK(contains(read_error(""), "is empty"));
  CHECK(contains(read_error("\n\n \n"), "is empty"));
  CHECK(contains(read_error("a,b\n"), "no rows"));
  CHECK(contains(read_error("1,2,3\n4,5,6\n"), "must name the columns"));
  CHECK(contains(read_error("a\n1\n"), "one column"));
  CHECK(contains(read_error("a,b\n1\n"), "line 2: it has 1 value, but there are 2 columns"));
  CHECK(contains(read_error("a,b\n1,2,3\n"), "it has 3 values"));
  CHECK(contains(read_error("a,b\n1,\"2\n"), "a quote does not end"));
  CHECK(contains(read_error("a,b\n1,\"2\"3\n"), "text follows a closing quote"));
  CHECK(
      contains(read_error("a,b\n1,2\n", {{"c"}, false}), "no column 'c'. Its columns are: a, b."));
  CHECK(contains(read_error("a,a,b\n1,2,3\n", {{"a"}, false}), "2 columns named 'a'"));
  CHECK(contains(read_error("a,b,c\n1,2,3\n", {{"a", "a"}, true}), "twice"));
  CHECK(contains(read_error("a,b\n1,2\n", {{"a", "b"}, true}), "no feature columns"));
}

TEST_CASE("files that are no tables cost little and are refused") {
  CHECK(contains(read_error(std::string(40 << 20, 'x')), "longer than 16777216 bytes"));
  CHECK(contains(read_error(std::string(1 << 20, ',')), "more than the 100000 columns"));
  CHECK(contains(read_error("a,b\n" + std::string((1 << 20) + 1, '"')), "a quote does not end"));
  CHECK(!read_error(std::string(1000, '\0')).empty());
  CHECK(!read_error("\x89PNG\r\n\x1a\n\0\0\0\rIHDR,,,,").empty());
  std::string classes = "a,c\n";
  for (int i = 0; i < 65537; ++i) classes += fmt::format("1,{}\n", i);
  CHECK(contains(read_error(classes), "more than 65536 classes"));
  CHECK(contains(read_error("a,c\n1," + std::string(2000, 'x') + "\n"), "longer than 1000"));
  const TempFolder folder;
  CHECK(contains(error_of([&] { read_csv(folder.path(), {}, nullptr); }), "is a folder"));
  CHECK(contains(error_of([&] { read_csv(folder / "none", {}, nullptr); }), "does not exist"));
}

TEST_CASE("compressed tables, and those cut short") {
  const TempFolder folder;
  std::string text = "a,label\n";
  for (int i = 0; i < 5000; ++i) text += fmt::format("{},{}\n", i * i, i % 3);
  gzFile file = gzopen((folder / "t.csv.gz").c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  CHECK(read_csv(folder / "t.csv.gz", {}, nullptr).labels.size() == 5000);
  std::filesystem::resize_file(folder / "t.csv.gz",
                               std::filesystem::file_size(folder / "t.csv.gz") / 2);
  CHECK(contains(error_of([&] { read_csv(folder / "t.csv.gz", {}, nullptr); }), "cut short"));
}

TEST_CASE("tables cut short at every byte") {
  const std::string whole = "a,\"b\",label\n1,2,x\n\"3\",4,y\r\n5,-6e2,x\n";
  std::size_t rows = 0;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    try {
      const CsvTable table = read(whole.substr(0, length));
      CHECK(table.labels.size() == table.features.dims[0]);
      CHECK(table.labels.size() >= rows);  // what was complete before stays
      rows = table.labels.size();
    } catch (const InputError& error) {
      CHECK(contains(error.what(), "t.csv"));
    }
  }
  CHECK(rows == 3);
}

TEST_CASE("damaged tables never crash") {
  std::uint32_t state = 3;
  const auto next = [&] { return state = state * 1664525u + 1013904223u; };
  const std::string good = "a,\"b\",label\n1,2,x\n\"3\",4,y\r\n5,-6e2,x\n";
  for (int round = 0; round < 500; ++round) {
    std::string text = good;
    for (int change = 0; change < 3; ++change)
      text[(next() >> 8) % text.size()] = "\",\n\r x\0-1"[(next() >> 8) % 9];
    try {
      const CsvTable table = read(text);
      CHECK(table.labels.size() == table.features.dims[0]);
    } catch (const InputError& error) {
      CHECK(contains(error.what(), "t.csv"));
    }
  }
}
