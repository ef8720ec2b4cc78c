#pragma once
#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace mlz::bench {

/// A line of the table on stdout; the first row of a bench has a heading.
void print(const Row& row);

/// All rows with what they depend on: date, processor, kernels, BLAS, command. Fields are in docs/benchmarks.md.
std::string to_json(const std::vector<Row>& rows, const std::string& command);

}  // namespace mlz::bench
