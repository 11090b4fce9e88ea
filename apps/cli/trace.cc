#include "apps/cli/trace.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

namespace ingot::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr int kProcess = 1, kRunTrack = 0, kCallerTrack = 1;

json event(const std::string& name, const char* category, int track, double start_us, double duration_us) {
  return {{"name", name}, {"cat", category}, {"ph", "X"},          {"pid", kProcess},
          {"tid", track}, {"ts", start_us},  {"dur", duration_us}, {"args", json::object()}};
}

json track_name(int track, const std::string& name) {
  return {{"name", "thread_name"}, {"ph", "M"}, {"pid", kProcess}, {"tid", track}, {"args", {{"name", name}}}};
}

double microseconds(const json& nanoseconds) { return nanoseconds.get<double>() / 1e3; }

}  // namespace

json trace_runs(Session& session, const std::vector<Value>& inputs, std::vector<Value>& outputs, int runs) {
  json events = json::array();
  std::set<int> tracks = {kCallerTrack};
  ingot_run_options options = default_run_options();
  options.profile = 2;
  const auto begin = Clock::now();
  for (int run = 0; run < runs; ++run) {
    const double start = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    session.run(inputs, outputs, options);
    const double end = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    events.push_back(event("run " + std::to_string(run), "Run", kRunTrack, start, end - start));
    for (const auto& step : json::parse(session.profile_json())) {
      json shown = event(step["name"], "Node", kCallerTrack, start + microseconds(step["start_ns"]),
                         microseconds(step["duration_ns"]));
      shown["args"] = {{"kernel", step["kernel"]}, {"nodes", step["nodes"]}, {"step", step["step"]}, {"run", run}};
      events.push_back(std::move(shown));
      for (const auto& task : step.value("tasks", json::array())) {
        const int track = kCallerTrack + task["thread"].get<int>();
        tracks.insert(track);
        events.push_back(event(step["kernel"], "Task", track, start + microseconds(task["start_ns"]),
                               microseconds(task["duration_ns"])));
        events.back()["args"] = {{"step", step["step"]}, {"run", run}};
      }
    }
  }
  events.push_back(track_name(kRunTrack, "runs"));
  for (const int track : tracks) {
    events.push_back(track_name(track, track == kCallerTrack ? "caller" : "worker " + std::to_string(track - 1)));
  }
  return {{"traceEvents", events}, {"displayTimeUnit", "ms"}};
}

}  // namespace ingot::cli
