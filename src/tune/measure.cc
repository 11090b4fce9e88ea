#include "tune/measure.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "kernels/work.h"

namespace ingot::tune {
namespace {

using Clock = std::chrono::steady_clock;
using kernels::BoundKernel;
using kernels::Candidate;
using kernels::Operand;
using kernels::Problem;

constexpr int kLeastRounds = 7;
constexpr double kLeastGain = 1.02;     // below, it is not worth another choice
constexpr double kLeastSaved = 5e-7;    // seconds: alone, a tiny kernel has the caches to itself; in a model not
constexpr double kFarOff = 3;           // times the fastest: one run tells
constexpr double kPatience = 4;         // times the seconds asked for
constexpr double kLeastSample = 40e-6;  // shorter runs are repeated to this many seconds
constexpr int64_t kMostSets = 8;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Quartiles {
  double low, median, high;
};
Quartiles quartiles(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const size_t n = samples.size();
  return {samples[n / 4], samples[n / 2], samples[std::min(n - 1, n * 3 / 4)]};
}

// Numbers that no kernel takes a short cut for: floats of both signs around 1/4, integers 0 (a valid index anywhere).
Tensor operand_tensor(const Operand& operand) {
  Tensor tensor(operand.dtype, operand.shape);
  uint32_t state = 12345;
  const auto next = [&] {
    return static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-24f - 0.25f;
  };
  const auto count = static_cast<size_t>(element_count(operand.shape));
  auto* bytes = static_cast<std::byte*>(tensor.mutable_raw());
  if (operand.dtype == DType::kF32) {
    for (size_t i = 0; i < count; ++i) {
      const float value = next();
      std::memcpy(bytes + 4 * i, &value, 4);
    }
  } else if (operand.dtype == DType::kBF16) {
    for (size_t i = 0; i < count; ++i) {
      const float value = next();
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      const auto half = static_cast<uint16_t>(bits >> 16);
      std::memcpy(bytes + 2 * i, &half, 2);
    }
  }
  return tensor;
}

bool made(const Problem& problem) {
  for (const auto* operands : {&problem.inputs, &problem.outputs}) {
    for (const Operand& operand : *operands) {
      if (operand.present() && operand.dtype == DType::kString) return false;
    }
  }
  return true;
}

// The operands of a problem several times over, so that runs in turn do not find theirs in the nearest cache.
class OperandSets {
 public:
  OperandSets(const Problem& problem, int64_t l2_bytes) {
    int64_t bytes = 0;
    for (const auto* operands : {&problem.inputs, &problem.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.present() && !operand.constant) bytes += storage_bytes(operand.dtype, element_count(operand.shape));
      }
    }
    const int64_t sets = std::clamp<int64_t>(2 * l2_bytes / std::max<int64_t>(1, bytes), 2, kMostSets);
    for (int64_t set = 0; set < sets; ++set) {
      inputs_.emplace_back();
      outputs_.emplace_back();
      for (const Operand& input : problem.inputs) {
        inputs_.back().push_back(input.present() && !input.constant ? operand_tensor(input) : Tensor());
      }
      for (const Operand& output : problem.outputs) {
        outputs_.back().push_back(output.present() ? Tensor(output.dtype, output.shape) : Tensor());
      }
    }
    for (const Operand& input : problem.inputs) {
      constants_.push_back(input.present() && input.constant ? operand_tensor(input) : Tensor());
    }
  }
  size_t count() const { return inputs_.size(); }
  const Tensor& input(size_t set, size_t i) const { return inputs_[set][i]; }
  Tensor& output(size_t set, size_t i) { return outputs_[set][i]; }
  const std::vector<Tensor>& constants() const { return constants_; }

 private:
  std::vector<std::vector<Tensor>> inputs_, outputs_;
  std::vector<Tensor> constants_;
};

// A row bound to the problem, with its weights packed.
class Contender {
 public:
  Contender(const kernels::Row& row, const Problem& problem, const kernels::Target& target, const OperandSets& sets)
      : problem_(problem), kernel_(row.bind(problem, target)), scratch_(kernel_->scratch_bytes + 64) {
    for (size_t i = 0; i < problem.inputs.size(); ++i) {
      Tensor weights = sets.constants()[i];
      const bool packs = problem.inputs[i].constant && problem.inputs[i].present() && row.packing != nullptr &&
                         row.packing(problem, i) != nullptr;
      weights_.push_back(packs ? row.pack(problem, i, weights) : std::move(weights));
    }
    inputs_.resize(problem.inputs.size());
    outputs_.resize(problem.outputs.size());
  }

  void run(OperandSets& sets, size_t set, const kernels::Parallel& parallel) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Operand& operand = problem_.inputs[i];
      inputs_[i] = !operand.present() ? nullptr : operand.constant ? weights_[i].raw() : sets.input(set, i).raw();
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      outputs_[i] = problem_.outputs[i].present() ? sets.output(set, i).mutable_raw() : nullptr;
    }
    auto* aligned = reinterpret_cast<std::byte*>((reinterpret_cast<uintptr_t>(scratch_.data()) + 63) / 64 * 64);
    kernel_->run({inputs_.data(), outputs_.data(), aligned, parallel, &fault_});
  }
  // A kernel that met wrong values did not do its work: its time means nothing.
  bool failed() const { return fault_.load() != nullptr; }
  int repeats = 1;

 private:
  const Problem& problem_;
  std::unique_ptr<BoundKernel> kernel_;
  std::vector<Tensor> weights_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
  std::vector<std::byte> scratch_;
  std::atomic<const char*> fault_{nullptr};
};

// Seconds of one run: the mean of the contender's repeats.
double sample(Contender& contender, OperandSets& sets, size_t& set, const kernels::Parallel& parallel) {
  const auto start = Clock::now();
  for (int i = 0; i < contender.repeats; ++i) contender.run(sets, set++ % sets.count(), parallel);
  return seconds_since(start) / contender.repeats;
}

bool clearly_slower(const std::vector<double>& samples, const std::vector<double>& best) {
  return quartiles(samples).low > 1.1 * quartiles(best).high;
}

}  // namespace

size_t winner(const std::vector<std::vector<double>>& samples) {
  size_t best = 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    std::vector<double> gains;
    for (size_t round = 0; round < std::min(samples[i].size(), samples[0].size()); ++round) {
      gains.push_back(samples[0][round] / samples[i][round]);
    }
    if (static_cast<int>(gains.size()) < kLeastRounds || quartiles(gains).low < kLeastGain) continue;
    const double median = quartiles(samples[i]).median;
    if (quartiles(samples[0]).median - median < kLeastSaved) continue;
    if (best == 0 || median < quartiles(samples[best]).median) best = i;
  }
  return best;
}

std::vector<Candidate> rivals(const Problem& problem, const kernels::Target& target, const MeasureOptions& options) {
  std::vector<Candidate> tried;
  for (const Candidate& candidate : kernels::candidates(problem, target)) {
    if (candidate.refused != nullptr) break;
    if (!tried.empty() && candidate.cost > options.slowest * tried.front().cost) break;
    tried.push_back(candidate);
  }
  return tried;
}

std::optional<Measurement> measure(const Problem& problem, const kernels::Target& target, ThreadPool& pool,
                                   const MeasureOptions& options) {
  const auto work = made(problem) ? kernels::work_of(problem) : std::nullopt;
  if (!work || work->bytes > static_cast<double>(options.most_bytes)) return std::nullopt;
  const std::vector<Candidate> tried = rivals(problem, target, options);
  if (tried.size() < 2) return std::nullopt;
  const auto begin = Clock::now();
  const kernels::Parallel parallel = kernels::parallel_on(pool);
  OperandSets sets(problem, target.l2_bytes * target.threads);
  std::vector<std::unique_ptr<Contender>> contenders;
  std::vector<double> once;
  size_t set = 0;
  for (const Candidate& candidate : tried) {
    contenders.push_back(std::make_unique<Contender>(*candidate.row, problem, target, sets));
    Contender& contender = *contenders.back();
    contender.run(sets, set++ % sets.count(), parallel);  // the first touch
    if (contender.failed()) return std::nullopt;
    once.push_back(sample(contender, sets, set, parallel));
    contender.repeats = static_cast<int>(std::clamp(kLeastSample / std::max(once.back(), 1e-9), 1.0, 100.0));
  }
  const double fastest = *std::min_element(once.begin(), once.end());
  std::vector<bool> out(tried.size(), false);  // never the cost model's choice, to which others are compared
  for (size_t i = 1; i < tried.size(); ++i) out[i] = once[i] > kFarOff * fastest;
  std::vector<std::vector<double>> samples(tried.size());
  for (int round = 0; round < options.rounds; ++round) {
    if (options.each_round) options.each_round();
    if (round < kLeastRounds && seconds_since(begin) > kPatience * options.seconds) return std::nullopt;
    for (size_t i = 0; i < tried.size(); ++i) {
      if (!out[i]) samples[i].push_back(sample(*contenders[i], sets, set, parallel));
    }
    if (round + 1 < kLeastRounds) continue;
    const size_t best = winner(samples);
    for (size_t i = 0; i < tried.size(); ++i) {
      out[i] = out[i] || (i != best && clearly_slower(samples[i], samples[best]));
    }
    if (std::count(out.begin(), out.end(), false) == 1 || seconds_since(begin) > options.seconds) break;
  }
  for (size_t i = 0; i < tried.size(); ++i) {
    if (samples[i].empty()) samples[i].push_back(once[i]);
  }
  Measurement result;
  for (size_t i = 0; i < tried.size(); ++i) result.ns[tried[i].row->name] = quartiles(samples[i]).median * 1e9;
  result.best = tried[winner(samples)].row->name;
  return result;
}

}  // namespace ingot::tune
