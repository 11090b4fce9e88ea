// For tests of kernel families: runs a row as a plan does, between guard bytes and at every thread count, and compares
// it with the operator's evaluation.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "kernels/kernel.h"
#include "ops/op_testing.h"
#include "tensor/compare.h"
#include "tensor/elements.h"

namespace ingot::kernels {

struct Case {
  Op op;
  std::vector<Tensor> inputs;       // undefined: absent
  std::vector<bool> constant = {};  // per input; missing: false
};

inline Tensor random_tensor(std::mt19937& random, const Shape& shape, float low = -1, float high = 1) {
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (float& value : values) value = uniform(random);
  return Tensor::of<float>(shape, values);
}

// Every number of u8 or i8.
inline Tensor random_bytes(std::mt19937& random, DType dtype, const Shape& shape) {
  std::uniform_int_distribution<int> uniform(dtype == DType::kU8 ? 0 : -128, dtype == DType::kU8 ? 255 : 127);
  Tensor tensor = Tensor::uninitialized(dtype, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) write_int(tensor, i, uniform(random));
  return tensor;
}

inline Problem problem_of(const Case& test, const std::vector<Value>& expected) {
  Problem problem{test.op, {}, {}};
  for (size_t i = 0; i < test.inputs.size(); ++i) {
    const Tensor& input = test.inputs[i];
    const bool constant = i < test.constant.size() && test.constant[i];
    problem.inputs.push_back(input.defined() ? Operand{input.dtype(), input.shape(), constant} : Operand{});
  }
  for (const Value& value : expected) {
    problem.outputs.push_back({value.tensor().dtype(), value.tensor().shape(), false});
  }
  return problem;
}

// What a caller of the library guarantees at least.
inline size_t element_alignment(DType dtype) { return static_cast<size_t>(std::max(32, dtype_bits(dtype))) / 8; }

// Memory of a given size between guard bytes, aligned to `alignment` and to no more.
class Guarded {
 public:
  Guarded(size_t bytes, size_t alignment) : bytes_(bytes), memory_(bytes + 4 * kGuard, std::byte{0xa5}) {
    auto at = reinterpret_cast<uintptr_t>(memory_.data()) + kGuard;
    at = (at + 2 * alignment - 1) / (2 * alignment) * (2 * alignment) + alignment;
    data_ = reinterpret_cast<std::byte*>(at);
  }
  std::byte* data() { return data_; }
  bool intact() const {
    for (const std::byte* at = memory_.data(); at != memory_.data() + memory_.size(); ++at) {
      if ((at < data_ || at >= data_ + bytes_) && *at != std::byte{0xa5}) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kGuard = 256;
  size_t bytes_;
  std::vector<std::byte> memory_;
  std::byte* data_;
};

// The outputs of one row, bound for `target` and run with `threads` threads, twice.
inline std::vector<Tensor> run_row(const Row& row, const Problem& problem, const std::vector<Tensor>& inputs,
                                   int threads, const Target& target) {
  std::vector<Guarded> memory;
  std::vector<const void*> pointers;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Tensor tensor = inputs[i];
    if (tensor.defined() && row.packing != nullptr && row.packing(problem, i) != nullptr) {
      tensor = row.pack(problem, i, tensor);
    }
    if (!tensor.defined()) {
      pointers.push_back(nullptr);
      continue;
    }
    memory.emplace_back(static_cast<size_t>(tensor.byte_size()), element_alignment(tensor.dtype()));
    std::memcpy(memory.back().data(), tensor.raw(), static_cast<size_t>(tensor.byte_size()));
    pointers.push_back(memory.back().data());
  }
  const auto bound = row.bind(problem, target);
  std::vector<Tensor> first;
  ThreadPool pool(threads, 100);  // few spins: tests share the machine
  for (int run = 0; run < 2; ++run) {
    std::vector<Guarded> results;
    std::vector<void*> outputs;
    for (const Operand& output : problem.outputs) {
      results.emplace_back(static_cast<size_t>(storage_bytes(output.dtype, element_count(output.shape))),
                           element_alignment(output.dtype));
      outputs.push_back(results.back().data());
    }
    Guarded scratch(bound->scratch_bytes, 64);
    const Parallel parallel = parallel_on(pool);
    bound->run({pointers.data(), outputs.data(), scratch.data(), parallel});
    EXPECT_TRUE(scratch.intact()) << row.name << " writes outside its scratch";
    for (size_t i = 0; i < results.size(); ++i) {
      EXPECT_TRUE(results[i].intact()) << row.name << " writes outside output " << i;
      Tensor tensor = Tensor::uninitialized(problem.outputs[i].dtype, problem.outputs[i].shape);
      std::memcpy(tensor.mutable_raw(), results[i].data(), static_cast<size_t>(tensor.byte_size()));
      if (run == 0) {
        first.push_back(tensor);
      } else {
        EXPECT_TRUE(identical(first[i], tensor)) << row.name << " differs from run to run";
      }
    }
  }
  for (const Guarded& each : memory) EXPECT_TRUE(each.intact()) << row.name << " writes outside its inputs";
  return first;
}

inline std::vector<Tensor> run_row(const Row& row, const Problem& problem, const std::vector<Tensor>& inputs,
                                   int threads) {
  return run_row(row, problem, inputs, threads, this_machine(threads));
}

// Every row of the family that takes the case and that this CPU can run gives the evaluation's result within
// `tolerance`, and equal bits at 1, 2 and 13 threads. At least one row must take it.
inline void expect_rows_match(const Family& family, const Case& test, const Tolerance& tolerance) {
  const std::vector<Value> expected = eval_values(test.op, test.inputs);
  const Problem problem = problem_of(test, expected);
  int taken = 0;
  for (const Row& row : family.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    ++taken;
    const std::vector<Tensor> one = run_row(row, problem, test.inputs, 1);
    for (size_t i = 0; i < one.size(); ++i) {
      const Comparison comparison = compare(one[i], expected[i].tensor(), tolerance);
      EXPECT_TRUE(comparison.equal) << row.name << ", " << family.text(problem) << ": " << comparison.reason;
    }
    for (const int threads : {2, 13}) {
      const std::vector<Tensor> several = run_row(row, problem, test.inputs, threads);
      for (size_t i = 0; i < one.size(); ++i) {
        EXPECT_TRUE(identical(one[i], several[i]))
            << row.name << ", " << family.text(problem) << ": other bits with " << threads << " threads";
      }
    }
  }
  EXPECT_GT(taken, 0) << "no row takes " << family.text(problem);
}

// What `accuracy` allows a sum whose addends' magnitudes add up to at most `magnitudes`.
inline Tolerance tolerance_of(const Accuracy& accuracy, double magnitudes) {
  return {accuracy.ulp * std::ldexp(1, -23), accuracy.relative_sum * std::ldexp(magnitudes, -23) + 1e-30, 0};
}

}  // namespace ingot::kernels
