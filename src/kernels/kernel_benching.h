// For benches of kernel families: times every row that takes a problem, beside the core's measured peak.
#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <string>

#include "kernels/machine_peak.h"
#include "tensor/float_types.h"

namespace ingot::kernels {

// Registers "<row>/<name>" for each row that takes `problem`, running on `threads` threads. `flops` and `bytes` per
// run; GFLOP/s and its share of the measured peak, GB/s and its share of the measured copy bandwidth at that many bytes
// are those of the fastest repetition.
inline const MachinePeak& bench_peak(int threads) {
  static std::map<int, MachinePeak> peaks;
  if (!peaks.contains(threads)) {
    ThreadPool pool(threads);
    peaks[threads] = measure_peak(pool);
  }
  return peaks[threads];
}

// Floats between -2 and 2: products of small ones would be subnormal, which cores compute slowly. Else bytes of 1.
inline void fill_ordinary(Tensor& tensor) {
  std::memset(tensor.mutable_raw(), 1, static_cast<size_t>(tensor.byte_size()));
  const auto number = [](int64_t i) { return static_cast<float>(i * 37 % 129 - 64) / 32; };
  for (int64_t i = 0; i < element_count(tensor.shape()); ++i) {
    if (tensor.dtype() == DType::kF32) tensor.mutable_data<float>()[i] = number(i);
    if (tensor.dtype() == DType::kBF16) tensor.mutable_data<BF16>()[i] = BF16(number(i));
  }
}

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
        fill_ordinary(tensor);
        if (row.packing != nullptr && row.packing(problem, i) != nullptr) tensor = row.pack(problem, i, tensor);
        memory.push_back(tensor);
        inputs.push_back(tensor.raw());
      }
      std::vector<void*> outputs;
      for (const Operand& output : problem.outputs) {
        memory.emplace_back(output.dtype, output.shape);
        outputs.push_back(memory.back().mutable_raw());
      }
      std::vector<std::byte> scratch(bound->scratch_bytes + 64);
      auto* aligned = reinterpret_cast<std::byte*>((reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64);
      ThreadPool pool(threads);
      const Parallel parallel = parallel_on(pool);
      using Clock = std::chrono::steady_clock;
      double best = 1e30;
      for (auto _ : state) {
        const auto start = Clock::now();
        bound->run({inputs.data(), outputs.data(), aligned, parallel});
        best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
      }
      state.counters["best_us"] = best * 1e6;
      state.counters["GFLOPS"] = flops / best * 1e-9;
      state.counters["peak%"] = flops / best * 1e-9 / peak_gflops() * 100 / threads;
      state.counters["GB/s"] = bytes / best * 1e-9;
      state.counters["bandwidth%"] = bytes / best * 1e-9 / bandwidth_gbps(bench_peak(threads), bytes) * 100;
    });
  }
}

}  // namespace ingot::kernels
