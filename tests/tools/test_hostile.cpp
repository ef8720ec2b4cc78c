#include <sys/stat.h>

#include <vector>

#include "command.hpp"

using namespace mlz::tools::test;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr const char* kMemory = "";  // the sanitizer reserves terabytes of addresses
#else
constexpr const char* kMemory = "ulimit -v 1000000; ";  // KiB
#endif

/// Runs with at most 1 GB of memory and a minute of processor time.
Finished bounded(const std::string& arguments) {
  return shell("( " + std::string(kMemory) + "ulimit -t 60; exec " MLZRUN " " + arguments + " )");
}

/// Runs where no file can grow over 1 KiB, which looks like a full disk.
Finished on_full_disk(const std::string& arguments) {
  return shell("( trap '' XFSZ; ulimit -f 1; exec " MLZRUN " " + arguments + " )");
}

std::string repeated(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

const std::string kPredict = "def Predict(x):\n";

}  // namespace

TEST_CASE("program texts that ask for too much end with 2, in bounded memory and time") {
  const Folder folder;
  const std::string loop = "  for i in range(1000000):\n    for j in range(1000000):\n      y = y + 1\n";
  const struct {
    const char* name;
    std::string text, says;
  } cases[] = {
      {"cut.mlz", "def Predict(x):\n  y = sum(", "is never closed"},
      {"binary.mlz", std::string("\0\x7f\xff\x80\0\1", 6) + repeated("\xfe\xed\0x", 5000), "zero byte"},
      {"nested.mlz", kPredict + "  y = " + repeated("(", 30000) + "1" + repeated(")", 30000) + "\n", "brackets"},
      {"size.mlz", "size n = 1000000000\nstate W : matrix[n, n]\n" + kPredict + "  y = sum(W)\n", "takes 6.939 EiB"},
      {"vector.mlz", "size n = 1000000000\nstate w : vector[n]\n" + kPredict + "  y = sum(w)\n", "takes 7.451 GiB"},
      {"loops.mlz", kPredict + "  y = 0\n" + loop, "instructions"},
      {"errors.mlz", kPredict + repeated("  y = = 1\n", 999'000), "more errors"},
      {"names.mlz", kPredict + repeated("  z = x + nope\n", 60'000), "more errors"},
      {"newlines.mlz", repeated("\n", 1'100'000), "more than 1000000 lines"},
  };
  for (const auto& [name, text, says] : cases) {
    const Finished run = bounded(folder.write(name, text) + " --task linear");
    CAPTURE(name);
    CHECK(run.code == 2);
    CHECK_MESSAGE(run.says(says), run.out.substr(0, 500));
    CHECK(run.out.size() < 100'000);
    CHECK(folder.read(name) == text);
  }
}

TEST_CASE("a program of gigabytes is refused by its size, before it is read") {
  const Folder folder;
  const std::string path = folder.write("big.mlz", "");
  std::filesystem::resize_file(path, std::uintmax_t{3} << 30);
  const Finished run = bounded(path);
  CHECK(run.code == 2);
  CHECK(run.says("3221225472 bytes; a program may have at most 16 MiB"));
  CHECK(bounded(std::string(kLinear) + "--load " + path).code == 2);
}

TEST_CASE("folders, pipes and devices are no programs") {
  const Folder folder;
  REQUIRE(mkfifo((folder / "pipe.mlz").c_str(), 0600) == 0);
  for (const std::string& path : {folder / "", folder / "pipe.mlz", std::string("/dev/zero"), std::string("/dev/null")}) {
    const Finished run = bounded(path);
    CAPTURE(path);
    CHECK(run.code == 2);
    CHECK(run.says("expected a program file"));
  }
}

TEST_CASE("data files that lie end with 2, in bounded memory") {
  const Folder folder;
  const std::string idx = folder.write("idx", std::string("\0\0\x08\x03\0\x0f\xff\xff\0\0\x01\0\0\0\0\x04", 16) + "abc");
  const std::string csv = folder.write("t.csv", "a,b,label\n1,2,0\n3," + std::string(1 << 20, '9') + ",1\n");
  const std::vector<std::string> tasks = {
      "idx:images=" + idx + ",labels=" + idx, "idx:images=" + (folder / "") + ",labels=" + idx, "csv:train=" + csv,
      "csv:train=" + (folder / ""), "csv:train=/dev/zero", "npy:x=" + idx + ",y=" + idx, "npz:file=" + csv};
  for (const std::string& task : tasks) {
    const Finished run = bounded("stdlib/logistic.mlz --task " + task);
    CAPTURE(task);
    CHECK(run.code == 2);
    CHECK_MESSAGE(run.says("the data file"), run.out.substr(0, 500));
  }
}

TEST_CASE("on a full disk the run fails, and what was there before stays") {
  const Folder folder;
  const std::string before = "earlier result";
  for (const char* option : {"--save", "--plot", "--curve"}) {
    CAPTURE(option);
    const std::string path = folder.write("out", before);
    const Finished run =
        on_full_disk("stdlib/mlp.mlz --task digits:size=8,train=300,test=50 --set hidden=8 -q " + std::string(option) +
                     " " + path);
    CHECK(run.code == 1);
    CHECK(run.says("cannot write " + path));
    CHECK(folder.read("out") == before);
    CHECK(folder.files() == 1);
  }
}

TEST_CASE("output that does not arrive is a failed run") {
  REQUIRE(std::filesystem::is_character_file("/dev/full"));
  for (const std::string& arguments : {std::string(kLinear) + "--json", std::string(kLinear) + "--dump=core",
                                       std::string("--list-ops"), std::string("--list-tasks")}) {
    const Finished run = shell("( " MLZRUN " " + arguments + " > /dev/full )");
    CAPTURE(arguments);
    CHECK(run.code == 1);
    CHECK(run.says("No space left on device"));
  }
}

TEST_CASE("outputs never replace devices, pipes or files of others") {
  const Folder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const char* option : {"--save", "--plot", "--curve"}) {
    const Finished run = bounded(std::string(kLinear) + option + " " + pipe);
    CHECK(run.code == 2);
    CHECK(run.says("is a device or pipe"));
    CHECK(std::filesystem::is_fifo(pipe));
  }
  folder.write("curve.csv.part", "mine");
  CHECK(bounded(std::string(kLinear) + "--curve " + (folder / "curve.csv")).code == 0);
  CHECK(folder.read("curve.csv.part") == "mine");
  CHECK(folder.files() == 3);
}

TEST_CASE("a folder that is read-only is refused before the run") {
  const Folder folder;
  const std::string inside = folder / "closed";
  std::filesystem::create_directory(inside);
  REQUIRE(chmod(inside.c_str(), 0555) == 0);
  REQUIRE(chmod((folder / "").c_str(), 0755) == 0);
  // Root may write everywhere, so it runs this as nobody, where nobody may run mlzrun.
  const std::string as = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
  if (geteuid() == 0 && std::system((as + MLZRUN " --version >/dev/null 2>&1").c_str()) != 0) {
    MESSAGE("skipped: no other user may run " MLZRUN);
    return;
  }
  const Finished run = shell(as + MLZRUN " " + kLinear + "--save " + inside + "/model");
  CHECK(run.code == 2);
  CHECK(run.says("cannot write there: Permission denied"));
  CHECK_FALSE(run.says("fitness"));
}

TEST_CASE("errors about sizes use the names that people write") {
  const Folder folder;
  const std::string y = folder.write("y.mlz", "def Predict(x):\n  y = sum(x)\n");
  Finished run = mlzrun(y + " --task linear:outputs=3");
  CHECK(run.code == 2);
  CHECK_MESSAGE(run.says("`y` is a scalar, but task linear:outputs=3 needs 3 entries"), run.out);
  run = mlzrun(folder.write("v.mlz", "def Predict(x):\n  y = x\n") + " --task digits:size=8");
  CHECK(run.code == 2);
  CHECK_MESSAGE(run.says("`y` is a vector of 64, but task digits:size=8 needs 10 entries"), run.out);
}
