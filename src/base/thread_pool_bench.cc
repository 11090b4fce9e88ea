// What a parallel region costs beside its work.
#include <benchmark/benchmark.h>

#include "base/cpu.h"
#include "base/thread_pool.h"

namespace ingot {
namespace {

// Regions back to back: workers have not gone to sleep. At most 0.5 us on as many threads as there are cores.
void empty_region(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  ThreadPool pool(threads);
  for (auto _ : state) pool.run(threads, [](int64_t i) { benchmark::DoNotOptimize(i); });
}
BENCHMARK(empty_region)->DenseRange(1, cpu_features().cores)->UseRealTime()->Repetitions(5);

// Workers sleep on the futex between regions, as with spins 0.
void region_after_sleep(benchmark::State& state) {
  ThreadPool pool(cpu_features().cores, 0);
  for (auto _ : state) pool.run(cpu_features().cores, [](int64_t i) { benchmark::DoNotOptimize(i); });
}
BENCHMARK(region_after_sleep)->UseRealTime()->Repetitions(5);

}  // namespace
}  // namespace ingot
