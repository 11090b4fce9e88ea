#include "cuda/recall.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/error.h"
#include "base/failing_tasks.h"
#include "base/thread_pool.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

constexpr size_t kThreads = 4;  // more wait for the driver, and each takes a handle of cuDNN

int64_t largest_operand(const Choice& choice) {
  return *std::max_element(choice.operand_bytes.begin(), choice.operand_bytes.end());
}

Chosen make_named(const Choice& choice, const tuning::Entry& entry) {
  Chosen chosen;
  chosen.name = entry.best;
  chosen.ns = entry.ns;
  chosen.remembered = true;
  chosen.operation = choice.kept ? choice.kept(chosen.name) : nullptr;
  chosen.kept = chosen.operation != nullptr;
  if (chosen.kept) return chosen;
  for (const Candidate& each : choice.candidates()) {
    if (each.name != chosen.name) continue;
    chosen.operation = each.make();
    return chosen;
  }
  fail(Code::kUnsupported, "the library does not propose it");
}

}  // namespace

Address TrialMemory::at_least(int64_t bytes, std::vector<device::Buffer>& buffers) {
  if (bytes == 0) return 0;
  const std::lock_guard lock(mutex_);
  if (buffers.empty() || buffers.back().bytes() < bytes) buffers.emplace_back(device_, bytes);
  return buffers.back().address();
}

Chosen recalled(const Choice& choice, const tuning::Entry& entry, TrialMemory& memory) {
  using Clock = std::chrono::steady_clock;
  const auto ms_since = [](Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  };
  const Clock::time_point begin = Clock::now();
  Chosen chosen = make_named(choice, entry);
  chosen.make_ms = ms_since(begin);
  const std::vector<Address> operands(choice.operand_bytes.size(), memory.operands(largest_operand(choice)));
  chosen.operation->enqueue(operands, memory.workspace(chosen.operation->workspace_bytes));
  chosen.run_ms = ms_since(begin) - chosen.make_ms;
  return chosen;
}

std::vector<std::optional<Chosen>> recall_all(device::Device& device, device::Store& store,
                                              std::span<const Choice> choices, const std::function<void()>& on_thread) {
  std::vector<std::optional<Chosen>> all(choices.size());
  std::vector<std::pair<size_t, tuning::Entry>> known;
  int64_t operand_bytes = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto entry = store.find_choice(choices[i].key);
    if (!entry || entry->best == kNoChoice) continue;
    known.emplace_back(i, *entry);
    operand_bytes = std::max(operand_bytes, largest_operand(choices[i]));
  }
  if (known.empty()) return all;
  TrialMemory memory(device);
  memory.operands(operand_bytes);
  std::atomic<size_t> next{0};
  const auto work = [&](size_t) {
    for (size_t i = next++; i < known.size(); i = next++) {
      const auto& [index, entry] = known[i];
      try {
        on_thread();
        all[index] = recalled(choices[index], entry, memory);
      } catch (const Error&) {
        // Who chooses it will see why.
      }
    }
  };
  const auto threads = static_cast<int>(std::min(kThreads, known.size()));
  run_failing(
      threads, [](int64_t count, auto& task) { ThreadPool(static_cast<int>(count), 0).run(count, task); }, work);
  return all;
}

}  // namespace ingot::cuda
