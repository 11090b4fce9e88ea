// Times kernels on this machine, against each other.
#pragma once
#include <functional>
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
  std::function<void()> each_round;       // if given, called before every round; may throw to stop
};

struct Measurement {
  std::string best;
  std::map<std::string, double> ns;  // median of each row tried; of one run for rows that were far off at once
};

// The rows that measure() would try; fewer than two: there is nothing to find out.
std::vector<kernels::Candidate> rivals(const kernels::Problem& problem, const kernels::Target& target,
                                       const MeasureOptions& options);

// Runs the rivals in turn, round after round, on operands that change from run to run so that they come from the outer
// cache as in a model. Empty when a size is not known, the operands are too large, fewer than two rows remain, or a few
// rounds would take far longer than `seconds`. `pool` has target.threads threads.
std::optional<Measurement> measure(const kernels::Problem& problem, const kernels::Target& target, ThreadPool& pool,
                                   const MeasureOptions& options);

// Which of the rows is to be used; samples[row][round], the cost model's choice first. It stays unless another is
// faster by more than the noise: runs of one round are compared with each other, since a busy machine slows both, and
// in three rounds of four the other has to be faster by 2 %, and by half a microsecond. Of several, the one with the
// least median. Samples are seconds.
size_t winner(const std::vector<std::vector<double>>& samples);

}  // namespace ingot::tune
