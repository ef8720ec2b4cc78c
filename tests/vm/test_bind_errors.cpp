#include <doctest/doctest.h>


#include "build_core.hpp"

using namespace mlz;
using namespace mlz::test;

namespace {

bool says(const std::string& text, const char* part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK_MESSAGE(found, "expected: " << part);
  return found;
}

/// A program of one line on the state v[4] and m[2, 3] and the scalar s.
std::string errors_of(CoreLine bad, const vm::BindOptions& options = sizes({{"outputs", 2}})) {
  Build b;
  b.memory(Declaration::Kind::state, "v", Shape::vector(Dim(4)));
  b.memory(Declaration::Kind::state, "m", Shape::matrix(Dim(2), Dim(3)));
  b.add("s", Shape::scalar());
  bad.where = {b.file, 2, 3};
  b.predict() = {std::move(bad)};
  return b.errors(options);
}

}  // namespace

TEST_CASE("a size the task lacks is named, with those it has") {
  Build b;
  b.memory(Declaration::Kind::state, "W", Shape::matrix(dim("features"), dim("outputs")));
  b.memory(Declaration::Kind::state, "V", Shape::vector(dim("features")));
  const std::string text = b.errors(sizes({{"outputs", 2}}));
  says(text,
       "test.mlz:1:1: error: the program needs the size `features`, which is not given");
  says(text, "given, by the task or by the host: outputs = 2");
  CHECK(text.find("error", text.find("error") + 5) == std::string::npos);
}

TEST_CASE("without any size nothing is said of a task") {
  Build b;
  b.memory(Declaration::Kind::state, "W", Shape::vector(dim("features")));
  const std::string text = b.errors(sizes({}));
  says(text, "the program needs the size `features`, which is not given");
  says(text, "bind({{\"features\", N}}), or --sizes features=N of mlzc");
  CHECK(text.find("task") == std::string::npos);
}

TEST_CASE("what follows from a wrong size is not reported again") {
  Build b;
  b.size("n", call("-", {name("features"), num(4)}));
  b.size("m", call("*", {name("n"), num(2)}));
  b.memory(Declaration::Kind::state, "W", Shape::vector(dim("m")));
  const std::string text = b.errors(sizes({{"features", 4}}));
  says(text, "the size `n` must be positive");
  CHECK(text.find("error", text.find("error") + 1) == std::string::npos);
}

TEST_CASE("sizes must be positive whole numbers") {
  Build b;
  b.size("n", num(2.5));
  says(b.errors(sizes({})), "the size `n` must be a whole number; `2.5` is 2.5");
  Build c;
  c.size("n", call("-", {name("features"), num(4)}));
  says(c.errors(sizes({{"features", 4}})), "the size `n` must be positive; `features - 4` is 0");
  Build d;
  d.memory(Declaration::Kind::state, "W",
           Shape::vector(dim(call("-", {name("features"), num(9)}))));
  says(d.errors(sizes({{"features", 4}})),
       "a dimension of `W` (vector[features - 9]) must be positive");
  says(Build{}.errors(sizes({{"features", 0}})), "must be positive");
  Build e;
  e.size("features", num(4));
  e.size("batch", num(32));
  CHECK(e.errors(sizes({{"features", 4}, {"batch", 1}})).empty());
  says(e.errors(sizes({{"features", 5}})),
       "the program declares `features` as 4, but the task has 5");
}

TEST_CASE("memory is limited before anything is allocated, without overflow") {
  Build b;
  b.size("n", num(4e9));
  b.memory(Declaration::Kind::state, "W", Shape::matrix(dim("n"), dim("n")));
  says(b.errors(sizes({})), "`W` is matrix[4000000000, 4000000000]");
  Build c;
  c.memory(Declaration::Kind::state, "a", Shape::vector(Dim(10)));
  c.memory(Declaration::Kind::state, "b", Shape::vector(Dim(10)));
  vm::BindOptions options = sizes({});
  options.max_bytes = 160;
  CHECK(c.errors(options).empty());
  options.max_bytes = 159;
  says(c.errors(options), "more than the allowed 159 bytes: `b` is vector[10] and takes 80 bytes");
  Build large;
  large.size("n", num(1 << 16));
  large.memory(Declaration::Kind::state, "W", Shape::matrix(dim("n"), dim("n")));
  const std::string text = large.errors(sizes({}));
  says(text, "more than the allowed 4 GiB");
  says(text, "takes 32 GiB");
  says(text, "--max-memory");
}

TEST_CASE("families and registers are limited") {
  Build b;
  b.memory(Declaration::Kind::state, "W", Shape::scalar(),
           {{"i", num(100000)}, {"j", num(100000)}});
  says(b.errors(sizes({})), "a program may have 250000 registers");
  Build c;
  c.memory(Declaration::Kind::state, "W", Shape::scalar(), {{"i", num(1e12)}});
  says(c.errors(sizes({})), "would have 1000000000000 members");
}

TEST_CASE("a loop beyond the limit is refused at once") {
  const CoreLine body = line("s", OpId::add, {reg("s"), lit(1)});
  says(errors_of(loop("i", num(0), num(1e6), {loop("j", num(0), num(1e6), {body})})),
       "at least 1000000000000 instructions; with all before it a program may have 2000000");
  says(errors_of(loop("i", num(0), num(1e6), {loop("j", num(0), num(1e6), {})})),
       "at least 1000000000000");
  says(errors_of(loop("i", num(0), num(9e15), {})), "a program may have 2000000");
}

TEST_CASE("loops whose counts depend on outer ones are limited while they are unrolled") {
  const CoreLine body = line("s", OpId::add, {reg("s"), lit(1)});
  vm::BindOptions options = sizes({});
  options.max_instructions = 100;
  const auto triangle = [&](double n) {
    return loop("i", num(0), num(n), {loop("j", num(0), name("i"), {body})});
  };
  CHECK(errors_of(triangle(14), options).empty());  // 91
  says(errors_of(triangle(30), options), "a program may have 100");
  CHECK(errors_of(loop("i", num(0), num(100), {body}), options).empty());
  says(errors_of(loop("i", num(0), num(101), {body}), options), "at least 101 instructions");
}

TEST_CASE("loops need whole bounds and a step") {
  says(errors_of(loop("i", num(0), num(2.5), {})), "the end of the loop must be a whole number");
  says(errors_of(loop("i", num(0), num(2), {}, num(0))), "the step of a loop must not be 0");
  says(errors_of(loop("i", num(0), name("z"), {})),
       "the end of the loop cannot be computed: `z` has no value here");
  says(errors_of(branch(name("z"), {})), "the condition cannot be computed");
}

TEST_CASE("an error in a loop is reported once") {
  const std::string text =
      errors_of(loop("i", num(0), num(10),
                     {line("v", OpId::set, {lit(1)}, {}, {at(call("+", {name("i"), num(4)}))})}));
  says(text, "index 4 (`i + 4`) is outside a dimension of 4");
  CHECK(text.find("error", text.find("error") + 5) == std::string::npos);
}

TEST_CASE("indices outside a dimension are errors, not clamped") {
  const auto set = [](std::vector<Index> index) {
    return errors_of(line("v", OpId::set, {lit(1)}, {}, std::move(index)));
  };
  says(set({at(num(4))}), "test.mlz:2:3: error: index 4 (`4`) is outside a dimension of 4");
  says(set({at(num(-5))}), "index -5 (`-5`) is outside a dimension of 4");
  says(set({at(num(1.5))}), "must be a whole number");
  says(set({range(num(1), num(5))}), "index 5 (`5`) is outside a dimension of 4");
  says(set({range(num(2), num(2))}), "is empty");
  says(set({range(num(3), num(1))}), "is empty");
  says(set({range(num(4), {})}), "is empty");
  says(set({fraction(1.01)}), "a fraction must lie in 0 to 1");
  says(set({fraction(-0.1)}), "a fraction must lie in 0 to 1");
  says(set({at(num(0)), at(num(0))}), "`v` is vector[4], so it cannot take 2 indices");
  says(errors_of(line("s", OpId::get, {reg("s")}, {}, {at(num(0))})), "`s` is scalar");
  says(errors_of(line("s", OpId::get, {reg("m")}, {}, {at(num(0))})), "the window is vector[3]");
}

TEST_CASE("numeric shapes that clash are errors") {
  says(errors_of(line("v", OpId::add, {reg("v"), reg("m")})),
       "does not fit `v`, which is vector[4]");
  says(errors_of(line("s", OpId::dot, {reg("v"), reg("m")})), "operands of these kinds");
  says(errors_of(line("s", OpId::matvec, {reg("m"), reg("v")})),
       "the product sums over 3 and 4 entries");
  says(errors_of(line("v", OpId::copy, {reg("s")})), "the result is scalar");
  says(errors_of(line("v", OpId::sum_groups, {reg("v")}, {{num(3)}})),
       "4 rows are not a multiple of 3");
  says(errors_of(line("v", OpId::tile_rows, {reg("v")}, {{num(4e15)}})), "does not fit");
  says(errors_of(line("v", OpId::repeat_rows, {reg("v")}, {{num(0)}})), "must be positive");
  says(errors_of(line("s", OpId::argmax, {reg("m")})), "a matrix needs an axis");
  says(errors_of(line("s", OpId::sum, {reg("m")}, {{num(2)}})), "must be 0 or 1, it is 2");
  says(errors_of(line("v", OpId::concat, {reg("v"), reg("v")})),
       "the parts do not add up to the result");
  says(errors_of(line("v", OpId::concat, {reg("m")})), "the parts do not add up to the result");
  says(errors_of(line("v", OpId::constant, {}, {{num(1)}})), "a constant is a scalar");
  says(errors_of(
           line("m", OpId::unfold, {reg("v")}, {{num(4e9)}, {num(4e9)}, {num(4e9)}, {num(3)}})),
       "height * width");
  says(errors_of(line("m", OpId::max_pool, {reg("m")}, {{num(2)}, {num(1)}, {num(2)}})),
       "larger than the image");
  says(errors_of(line("m", OpId::reshape, {reg("v")}, {{num(9e15), num(9e15)}})),
       "numbers of entries differ");
}

TEST_CASE("members outside a family and unknown registers are errors") {
  Build b;
  b.memory(Declaration::Kind::state, "W", Shape::scalar(), {{"l", num(2)}});
  b.add("s", Shape::scalar());
  b.predict() = {line("s", OpId::copy, {reg("W", {num(2)})}), line("s", OpId::copy, {reg("W")}),
                 line("s", OpId::copy, {reg("nobody")})};
  const std::string text = b.errors(sizes({}));
  says(text, "`W` has 2 members; there is no member 2 (`2`)");
  says(text, "`W` takes 1 family index, not 0");
  says(text, "there is no register `nobody`");
}

TEST_CASE("holes cannot be bound") {
  CoreLine hole;
  hole.kind = CoreLine::Kind::hole;
  says(errors_of(hole), "this hole is still to be filled");
  says(errors_of(line("s", OpId::hole, {lit(1)})), "the operation `?`");
  says(errors_of(line("s", OpId::add, {lit(1), Operand{}})), "the argument `?`");
}

TEST_CASE("params cannot be assigned and must be drawn by a distribution") {
  Build b;
  b.memory(Declaration::Kind::param, "W", Shape::vector(Dim(3)));
  b.predict() = {line("W", OpId::set, {lit(1)}, {}, {at(num(0))}),
                 line("W", OpId::concat, {lit(1), lit(2), lit(3)})};
  says(b.errors(sizes({})), "`W` is a param, which a program cannot change");
  Build c;
  Declaration& d = c.memory(Declaration::Kind::param, "W", Shape::vector(Dim(3)));
  d.draw = OpId::normal;
  d.draw_args = {num(1)};
  says(c.errors(sizes({})), "the first value of `W` cannot be drawn this way");
  Build e;
  e.memory(Declaration::Kind::state, "h", Shape::vector(Dim(3))).starts_as = "nobody";
  says(e.errors(sizes({})), "`h` starts as `nobody`, which is not a param declared above it");
  Build f;
  f.memory(Declaration::Kind::param, "W", Shape::vector(Dim(3)));
  f.memory(Declaration::Kind::state, "h", Shape::vector(Dim(2))).starts_as = "W";
  says(f.errors(sizes({})), "`h` is vector[2] but starts as `W`, which is vector[3]");
}
