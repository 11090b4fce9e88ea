#include "apps/cli/trace.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

namespace ingot::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr int kProcess = 1, kRunTrack = 0, kCallerTrack = 1, kDeviceTrack = 1000;

json event(const std::string& name, const char* category, int track, double start_us, double duration_us) {
  return {{"name", name}, {"cat", category}, {"ph", "X"},          {"pid", kProcess},
          {"tid", track}, {"ts", start_us},  {"dur", duration_us}, {"args", json::object()}};
}

json track_name(int track, const std::string& name) {
  return {{"name", "thread_name"}, {"ph", "M"}, {"pid", kProcess}, {"tid", track}, {"args", {{"name", name}}}};
}

double microseconds(const json& nanoseconds) { return nanoseconds.get<double>() / 1e3; }

json step_event(const json& step, int run, int track, double start_us) {
  json shown =
      event(step["name"], "Node", track, start_us + microseconds(step["start_ns"]), microseconds(step["duration_ns"]));
  shown["args"] = {{"kernel", step["kernel"]}, {"nodes", step["nodes"]}, {"step", step["step"]}, {"run", run}};
  return shown;
}

class Trace {
 public:
  Trace(Session& session, const std::vector<Value>& inputs, std::vector<Value>& outputs)
      : session_(session), inputs_(inputs), outputs_(outputs) {
    options_.profile = 2;
  }

  // The steps within the run that gave their times.
  void add_run(int run) {
    const double start = timed_run(run, options_);
    for (const auto& step : json::parse(session_.profile_json())) {
      events_.push_back(step_event(step, run, kCallerTrack, start));
      for (const auto& task : step.value("tasks", json::array())) {
        const int track = kCallerTrack + task["thread"].get<int>();
        tracks_.emplace(track, "worker " + std::to_string(task["thread"].get<int>() - 1));
        events_.push_back(event(step["kernel"], "Task", track, start + microseconds(task["start_ns"]),
                                microseconds(task["duration_ns"])));
        events_.back()["args"] = {{"step", step["step"]}, {"run", run}};
      }
    }
  }

  // A device times its steps one by one after a run: they stand beside a run that is not profiled, from its start on.
  void add_device_run(int run, const std::string& device) {
    tracks_.emplace(kDeviceTrack, device);
    const double start = timed_run(run, default_run_options());
    session_.run(inputs_, outputs_, options_);
    for (const auto& step : json::parse(session_.profile_json())) {
      if (step["duration_ns"] > 0) events_.push_back(step_event(step, run, kDeviceTrack, start));
    }
  }

  json take() {
    for (const auto& [track, name] : tracks_) events_.push_back(track_name(track, name));
    return {{"traceEvents", std::move(events_)}, {"displayTimeUnit", "ms"}};
  }

 private:
  double now() const { return std::chrono::duration<double, std::micro>(Clock::now() - begin_).count(); }
  // Its start.
  double timed_run(int run, const ingot_run_options& options) {
    const double start = now();
    session_.run(inputs_, outputs_, options);
    events_.push_back(event("run " + std::to_string(run), "Run", kRunTrack, start, now() - start));
    return start;
  }

  Session& session_;
  const std::vector<Value>& inputs_;
  std::vector<Value>& outputs_;
  ingot_run_options options_ = default_run_options();
  const Clock::time_point begin_ = Clock::now();
  json events_ = json::array();
  std::map<int, std::string> tracks_ = {{kRunTrack, "runs"}, {kCallerTrack, "caller"}};
};

}  // namespace

json trace_runs(Session& session, const std::vector<Value>& inputs, std::vector<Value>& outputs, int runs) {
  const json info = json::parse(session.json());
  Trace trace(session, inputs, outputs);
  for (int run = 0; run < runs; ++run) {
    if (info.contains("device")) {
      trace.add_device_run(run, info["device"]["name"]);
    } else {
      trace.add_run(run);
    }
  }
  return trace.take();
}

}  // namespace ingot::cli
