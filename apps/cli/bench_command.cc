#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "apps/cli/first_result.h"
#include "apps/cli/layers.h"
#include "apps/cli/model_input.h"
#include "apps/cli/terminal.h"
#include "apps/cli/trace.h"

namespace ingot::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr int kTracedRuns = 5;

struct BenchCommand {
  std::string model, profile, suite;
  InputFlags inputs;
  double duration = 3, warm_up = 0.5;
  int64_t iterations = 10;
  int spins = -1;
  bool layers = false, pin = false;
  BuildFlags flags;
};

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

void write_trace(const std::string& path, const json& trace) {
  std::ofstream file(path);
  file << trace.dump();
  if (!file.flush()) throw Exception(INGOT_IO, "cannot write " + path);
}

// Latencies in seconds, and how many runs end in a second.
struct Measured {
  std::vector<double> times;
  double runs_per_second = 0;
};

Measured measure(Session& session, const std::vector<Value>& inputs, std::vector<Value>& outputs,
                 const BenchCommand& command, bool show) {
  // A data-dependent shape may differ between runs only when the inputs do: outputs stay bound.
  for (const auto begin = Clock::now(); seconds_since(begin) < command.warm_up;) session.run(inputs, outputs);
  ProgressBar bar(show);
  Measured result;
  const auto begin = Clock::now();
  while (seconds_since(begin) < command.duration || static_cast<int64_t>(result.times.size()) < command.iterations) {
    const auto start = Clock::now();
    session.run(inputs, outputs);
    result.times.push_back(seconds_since(start));
    bar.update("measuring", static_cast<size_t>(seconds_since(begin) * 1000),
               static_cast<size_t>(command.duration * 1000));
  }
  bar.finish();
  result.runs_per_second =
      static_cast<double>(result.times.size()) / std::accumulate(result.times.begin(), result.times.end(), 0.0);
  return result;
}

// Of runs that as many threads as there are streams make at once, each with outputs of its own.
Measured run_streams(Session& session, const std::vector<Value>& inputs, int streams, const BenchCommand& command,
                     double duration) {
  Measured result;
  std::mutex mutex;
  std::exception_ptr error;
  const auto begin = Clock::now();
  const auto one_stream = [&] {
    try {
      std::vector<double> times;
      for (std::vector<Value> outputs;
           seconds_since(begin) < duration || static_cast<int64_t>(times.size()) < command.iterations;) {
        const auto start = Clock::now();
        if (outputs.empty()) {
          outputs = session.run(inputs);
        } else {
          session.run(inputs, outputs);
        }
        times.push_back(seconds_since(start));
      }
      const std::lock_guard lock(mutex);
      result.times.insert(result.times.end(), times.begin(), times.end());
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < streams; ++i) threads.emplace_back(one_stream);
  for (std::thread& each : threads) each.join();
  if (error) std::rethrow_exception(error);
  result.runs_per_second = static_cast<double>(result.times.size()) / seconds_since(begin);
  return result;
}

// Every device of the session has its turn while it warms up.
Measured measure_streams(Session& session, const std::vector<Value>& inputs, int streams, const BenchCommand& command) {
  run_streams(session, inputs, streams, command, command.warm_up);
  return run_streams(session, inputs, streams, command, command.duration);
}

std::string threads_text(const json& info) {
  const int threads = info["threads"], streams = info["streams"];
  return streams > 1 ? fmt::format("{} in each of {} streams", threads, streams) : std::to_string(threads);
}

int bench(BenchCommand& command, const Common& common) {
  const auto begin_load = Clock::now();
  const Plan plan = load_or_build(command.model, command.flags, common);
  ingot_session_options options = session_options_of(command.flags);
  options.spins = command.spins;
  options.pin = command.pin ? 1 : 0;
  Session session(plan, options);
  const int streams = json::parse(session.json())["streams"];
  const double load = seconds_since(begin_load);
  const auto inputs = command.inputs.make(session);
  const auto begin_first = Clock::now();
  auto outputs = session.run(inputs);
  const double first = seconds_since(begin_first), process = process_seconds();
  auto [times, runs_per_second] = streams > 1
                                      ? measure_streams(session, inputs, streams, command)
                                      : measure(session, inputs, outputs, command, !common.quiet && !common.json);
  std::sort(times.begin(), times.end());
  const double mean = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
  const json steps = command.layers ? profile_layers(session, inputs) : json::array();
  if (!command.profile.empty()) write_trace(command.profile, trace_runs(session, inputs, outputs, kTracedRuns));
  const json latency = {{"min", times.front()},           {"median", percentile(times, 0.5)}, {"mean", mean},
                        {"p95", percentile(times, 0.95)}, {"p99", percentile(times, 0.99)},   {"max", times.back()}};
  const json info = json::parse(session.json());
  if (common.json) {
    fmt::print("{}\n", json({{"latency_seconds", latency},
                             {"runs", times.size()},
                             {"runs_per_second", runs_per_second},
                             {"streams", streams},
                             {"load_seconds", load},
                             {"first_run_seconds", first},
                             {"process_to_first_result_seconds", process},
                             {"threads", info["threads"]},
                             {"device", info.value("device", json())},
                             {"slow_steps", info["allocating_steps"]},
                             {"steps", steps}})
                           .dump());
    return kOk;
  }
  fmt::print("threads {}   load or build {}   first run {}   process start to first result {}\n", threads_text(info),
             time_text(load), time_text(first), time_text(process));
  fmt::print("runs {}   throughput {:.1f} per second\n", times.size(), runs_per_second);
  fmt::print("latency  median {}   min {}   mean {}   p95 {}   p99 {}   max {}\n", time_text(latency["median"]),
             time_text(latency["min"]), time_text(mean), time_text(latency["p95"]), time_text(latency["p99"]),
             time_text(latency["max"]));
  if (info.contains("device")) {
    const json& device = info["device"];
    fmt::print("{}   {} operations in {} graphs, {} on the device{}\n", device["name"].get<std::string>(),
               device["operations"].get<int>(), device["graphs"].get<int>(),
               time_text(device["milliseconds"].get<double>() / 1000), device["tf32"] ? "   tf32: on" : "");
    fmt::print("{}\n{}\n", preparation_text(device), device_memory_text(device));
    if (device["runs"].size() > 1) fmt::print("runs by device {}\n", device["runs"].dump());
  }
  if (command.layers) {
    fmt::print("\n{}", layer_table(steps));
    print_choices(info.value("device", json::object()).value("choices", json::array()));
  }
  const size_t slow = info["allocating_steps"].size();
  if (slow > 0)
    fmt::print("hint: {} steps run by evaluation or with shapes known only at run time; `ingot inspect` lists them\n",
               slow);
  if (latency["p95"].get<double>() > 1.5 * latency["median"].get<double>()) {
    fmt::print("hint: the spread is wide (p95 over 1.5 x median): other work on this machine disturbs the figures\n");
  }
  return kOk;
}

}  // namespace

void add_bench(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<BenchCommand>();
  CLI::App* verb = app.add_subcommand("bench", "Measures the latency and throughput of a plan or an ONNX model");
  verb->add_option("model,--loadEngine,--onnx", command->model, "A plan or an .onnx file")->required();
  verb->add_option("--suite", command->suite,
                   "Run a suite of models beside other engines instead: cpu; `ingot bench --suite cpu --help`");
  command->inputs.add_to(*verb);
  verb->add_option("--duration", command->duration, "Seconds to measure for")->capture_default_str();
  verb->add_option("--warmUp", command->warm_up, "Seconds to run before, at most 60")
      ->capture_default_str()
      ->check([](const std::string& text) {
        return std::strtod(text.c_str(), nullptr) <= 60
                   ? std::string()
                   : text + " seconds are too long; trtexec counts in milliseconds";
      });
  verb->add_option("--iterations", command->iterations, "Least number of runs")->capture_default_str();
  verb->add_option("--spins", command->spins, "Pauses before an idle thread sleeps; -1: the default");
  verb->add_flag("--pin", command->pin, "Keep each of the session's threads on one core");
  verb->add_option("--profile,--exportProfile", command->profile,
                   "Write a trace of five runs, by step and thread; opens in Perfetto");
  verb->add_flag("--layers,--dumpProfile", command->layers,
                 "Print time, rates and share of the roofline by operator and kernel");
  command->flags.add_to(*verb);
  verb->callback([command, &common, &result] { result = bench(*command, common); });
}

}  // namespace ingot::cli
