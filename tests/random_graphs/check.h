// One random graph: interpreted as it is, and optimised, lowered and run.
#pragma once
#include <cstdint>
#include <string>

namespace ingot::random_graphs {

struct Outcome {
  std::string fault;  // empty: both agree
  std::string graph;  // as made, in the text form
  size_t nodes = 0, steps = 0;
  bool compared = false;  // false: invalid for the sizes drawn, or numbers near overflow, or rounding decides about NaN
};

// Threads and the ISA level follow from the seed too. Rounding is told from faults by how far the interpreted result
// moves when the inputs and all sums on the way move by a few units in the last place.
Outcome check(uint64_t seed);

}  // namespace ingot::random_graphs
