// For benches of kernel families: times every row that takes a problem, beside the core's measured peak.
#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "kernels/machine_peak.h"

namespace ingot::kernels {

// Registers "<row>/<name>" for each row that takes `problem`, running on `threads` threads. `flops` and `bytes` per
// run; GFLOP/s, the share of the measured peak, and GB/s of the fastest repetition are reported.
inline void bench_rows(const Family& family, const std::string& name, const Problem& problem, double flops,
                       double bytes, int threads = 1) {
  for (const Row& row : family.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    benchmark::RegisterBenchmark((std::string(row.name) + "/" + name).c_str(), [=, &row](benchmark::State& state) {
      const auto bound = row.bind(problem, this_machine(threads));
      std::vector<Tensor> memory;
      std::vector<const void*> inputs;
      for (size_t i = 0; i < problem.inputs.size(); ++i) {
        if (!problem.inputs[i].present()) {
          inputs.push_back(nullptr);
          continue;
        }
        Tensor tensor(problem.inputs[i].dtype, problem.inputs[i].shape);
        std::memset(tensor.mutable_raw(), 1, static_cast<size_t>(tensor.byte_size()));
        if (row.packing != nullptr && row.packing(problem, i) != nullptr) tensor = row.pack(problem, i, tensor);
        memory.push_back(tensor);
        inputs.push_back(tensor.raw());
      }
      Tensor output(problem.outputs[0].dtype, problem.outputs[0].shape);
      void* outputs[] = {output.mutable_raw()};
      std::vector<std::byte> scratch(bound->scratch_bytes + 64);
      auto* aligned = reinterpret_cast<std::byte*>((reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64);
      ThreadPool pool(threads);
      const Parallel parallel = parallel_on(pool);
      using Clock = std::chrono::steady_clock;
      double best = 1e30;
      for (auto _ : state) {
        const auto start = Clock::now();
        bound->run({inputs.data(), outputs, aligned, parallel});
        best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
      }
      state.counters["best_us"] = best * 1e6;
      state.counters["GFLOPS"] = flops / best * 1e-9;
      state.counters["peak%"] = flops / best * 1e-9 / peak_gflops() * 100 / threads;
      state.counters["GB/s"] = bytes / best * 1e-9;
    });
  }
}

}  // namespace ingot::kernels
