#include "cuda/choice.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "cuda/recall.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

constexpr int kWarmups = 2, kRounds = 5, kRunsPerRound = 5;
// An engine that takes so many seconds to make is no longer tried when others were so much faster so often.
constexpr double kLongToMake = 0.25, kByFar = 1.5;
constexpr int kEnoughLost = 2;

// Bytes that are numbers between 0.5 and 2 as f16, and sound numbers as bf16 and f32.
std::vector<uint16_t> operand_content(int64_t bytes) {
  std::vector<uint16_t> words(static_cast<size_t>(bytes / 2));
  uint32_t state = 0x9e3779b9u;
  for (uint16_t& word : words) {
    state = state * 1664525u + 1013904223u;
    word = static_cast<uint16_t>(0x3800u + (state >> 21));
  }
  return words;
}

// Of one run among several, recorded as the runtime records them: the host's part of a launch is no part of it.
double milliseconds(device::Device& device, Operation& operation, std::span<const Address> operands,
                    Address workspace) {
  for (int i = 0; i < kWarmups; ++i) operation.enqueue(operands, workspace);
  const auto graph = device.capture([&] {
    for (int i = 0; i < kRunsPerRound; ++i) operation.enqueue(operands, workspace);
  });
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) times.push_back(device.time([&] { graph->enqueue({}, 0); }));
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  return times[kRounds / 2] / kRunsPerRound;
}

struct Built {
  const Candidate* candidate;
  std::unique_ptr<Operation> operation;
};

// Those that the library does not refuse; `refusal`: why it did the first. Some take the library seconds to make.
std::vector<Built> build(const std::vector<Candidate>& candidates, const Choice& choice, Experiences& engines,
                         std::string& refusal) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  const Clock::time_point begin = Clock::now();
  std::vector<Built> built;
  for (const Candidate& each : candidates) {
    Experience& known = engines[engine_of(each.name)];
    const bool hopeless = known.quickest >= kLongToMake && known.lost >= kEnoughLost;
    if (!built.empty() && (hopeless || seconds_since(begin) + known.longest > choice.patience)) continue;
    const Clock::time_point started = Clock::now();
    try {
      built.push_back({&each, each.make()});
    } catch (const Error& error) {
      if (error.code() == Code::kOutOfMemory) throw;
      if (refusal.empty()) refusal = error.message();
    }
    const double taken = seconds_since(started);
    known.longest = std::max(known.longest, taken);
    known.quickest = std::min(known.quickest, taken);
  }
  return built;
}

Chosen fastest(device::Device& device, std::vector<Built> built, std::span<const int64_t> operand_bytes) {
  if (built.size() == 1) return {built.front().candidate->name, std::move(built.front().operation)};
  std::vector<device::Buffer> buffers;
  std::vector<Address> operands;
  for (const int64_t bytes : operand_bytes) {
    buffers.emplace_back(device, bytes);
    operands.push_back(buffers.back().address());
    const auto content = operand_content(bytes);
    device.copy_in(operands.back(), content.data(), static_cast<int64_t>(content.size() * 2));
  }
  int64_t workspace_bytes = 0;
  for (const Built& each : built) workspace_bytes = std::max(workspace_bytes, each.operation->workspace_bytes);
  const device::Buffer workspace(device, workspace_bytes);
  Chosen best;
  double best_time = 0;
  for (Built& each : built) {
    try {
      const double time = milliseconds(device, *each.operation, operands, workspace.address());
      best.ns[each.candidate->name] = std::max(time * 1e6, 1.0);
      if (best.operation != nullptr && time >= best_time) continue;
      best.operation = std::move(each.operation);
      best.name = each.candidate->name;
      best_time = time;
    } catch (const Error& error) {  // a proposal that this driver refuses
      best.refusal = error.message();
    }
  }
  if (best.operation == nullptr) fail(Code::kUnsupported, "no proposal of the library runs");
  return best;
}

// What the library has, or nothing, which is remembered too: asking again may cost as much as choosing.
std::vector<Candidate> proposals(device::Store& store, const Choice& choice) {
  try {
    return choice.candidates();
  } catch (const Error& error) {
    if (error.code() == Code::kUnsupported) store.keep_choice(choice.key, {kNoChoice, {}, false});
    throw;
  }
}

}  // namespace

Chosen choose(device::Device& device, device::Store& store, const Choice& choice) {
  const auto entry = store.find_choice(choice.key);
  if (entry && entry->best == kNoChoice) fail(Code::kUnsupported, "the libraries had nothing for it before");
  if (entry) {
    try {
      TrialMemory memory(device);
      return recalled(choice, *entry, memory);
    } catch (const Error& error) {
      if (error.code() == Code::kOutOfMemory) throw;
      store.warn(fmt::format("'{}', chosen before for {}, does not work and is chosen again: {}", entry->best,
                             choice.key.problem, error.message()));
    }
  }
  const std::vector<Candidate> candidates = proposals(store, choice);
  std::string refusal;
  Experiences unknown;
  Experiences& engines = choice.engines != nullptr ? *choice.engines : unknown;
  std::vector<Built> built = build(candidates, choice, engines, refusal);
  if (built.empty()) {
    store.keep_choice(choice.key, {kNoChoice, {}, false});
    fail(Code::kUnsupported, "the library can make none of its {} proposals: {}", candidates.size(), refusal);
  }
  Chosen chosen = fastest(device, std::move(built), choice.operand_bytes);
  learn(chosen.ns, engines);
  store.keep_choice(choice.key, {chosen.name, chosen.ns, false});
  if (chosen.refusal.empty()) chosen.refusal = std::move(refusal);
  return chosen;
}

void learn(const std::map<std::string, double>& ns, Experiences& engines) {
  std::map<std::string, double> best;
  for (const auto& [name, time] : ns) {
    double& least = best.try_emplace(engine_of(name), time).first->second;
    least = std::min(least, time);
  }
  const auto faster = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto winner = std::min_element(best.begin(), best.end(), faster);
  for (const auto& [engine, time] : best) {
    int& lost = engines[engine].lost;
    lost = time > kByFar * winner->second ? lost + 1 : 0;
  }
}

std::string engine_of(const std::string& name) {
  size_t end = 0;
  for (int word = 0; word < 3 && end != std::string::npos; ++word) end = name.find(' ', end + (word > 0 ? 1 : 0));
  return name.substr(0, end);
}

std::string choice_text(const Chosen& chosen) {
  const auto timed = [](const std::string& name, double ns) { return fmt::format("{} {:.1f} us", name, ns / 1000); };
  const auto best = chosen.ns.find(chosen.name);
  std::string text = best != chosen.ns.end() ? timed(best->first, best->second) : chosen.name;
  for (const auto& [name, ns] : chosen.ns) {
    if (name != chosen.name) text += ", " + timed(name, ns);
  }
  if (chosen.ns.size() > 1) return text;
  if (chosen.refusal.empty()) return text + (chosen.remembered ? ": nothing else worked when it was chosen" : "");
  return text + ": " + chosen.refusal;
}

}  // namespace ingot::cuda
