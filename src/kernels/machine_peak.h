// What this machine reaches at best, measured: the roof that kernels are held against (Williams et al. 2009).
#pragma once
#include "kernels/kernel.h"
#include "kernels/work.h"

namespace ingot::kernels {

// GFLOP/s of one core: a tile of the widest instructions on data in L1, best of many. Measured once.
double peak_gflops();

struct MachinePeak {
  double gflops = 0;       // f32, all threads together
  double bf16_gflops = 0;  // the same on bf16; as f32 where no instruction multiplies bf16
  // Bandwidth of copying, reads and writes counted, when both sides together take `bytes`. Ascending.
  struct Level {
    double bytes = 0, gbps = 0;
  };
  std::vector<Level> levels;
};

// Takes about a quarter of a second on all of the pool's threads.
MachinePeak measure_peak(ThreadPool& pool);

// Of a working set: that of the smallest level which holds it, else of the last.
double bandwidth_gbps(const MachinePeak& peak, double bytes);
// Least seconds that `work` takes: the longer of its arithmetic and its bytes. Arithmetic of a rate not known (0)
// bounds nothing.
struct Roof {
  double seconds = 0;
  bool compute = false;  // arithmetic is what bounds it
};
Roof roof_of(const Work& work, bool bf16, const MachinePeak& peak);

}  // namespace ingot::kernels
