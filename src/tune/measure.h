// Times kernels on this machine, against each other.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "kernels/kernel.h"

namespace ingot::tune {

struct MeasureOptions {
  int rounds = 15;                        // at most; fewer when the winner is clear
  double slowest = 2.5;                   // rows estimated to take longer than this times the cheapest are not tried
  double seconds = 1;                     // for one problem, about
  int64_t most_bytes = int64_t{1} << 30;  // operands larger than this are not made
};

struct Measurement {
  std::string best;
  std::map<std::string, double> ns;  // median of each row tried
};

// The rows that measure() would try; fewer than two: there is nothing to find out.
std::vector<kernels::Candidate> rivals(const kernels::Problem& problem, const kernels::Target& target,
                                       const MeasureOptions& options);

// Runs the rivals in turn, round after round, on operands that change from run to run so that they come from the outer
// cache as in a model. The cheapest by the cost model stays the winner unless another is faster by more than the noise:
// the distance of their medians exceeds both quartile ranges. Empty when a size is not known, the operands are too
// large, or fewer than two rows remain. `pool` has target.threads threads.
std::optional<Measurement> measure(const kernels::Problem& problem, const kernels::Target& target, ThreadPool& pool,
                                   const MeasureOptions& options);

// The winner of samples in the order of `rows` (the cost model's first), by the test above.
size_t winner(const std::vector<std::vector<double>>& samples);

}  // namespace ingot::tune
