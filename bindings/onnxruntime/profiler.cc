#include "profiler.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "status.h"

namespace ingot_ort {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

struct StepEvent {
  std::string name, op, kernel, step;
  int32_t thread = 0;
  Recorder::Clock::time_point begin;
  nanoseconds duration{0};
};

}  // namespace

struct Profiler : OrtEpProfilerImpl {
  explicit Profiler(std::shared_ptr<Recorder> steps);
  ~Profiler() { recorder->close(this); }

  std::shared_ptr<Recorder> recorder;
  Recorder::Clock::time_point origin;  // of ONNX Runtime's profile
  std::vector<StepEvent> events;       // guarded by the recorder's mutex while the profile is open
};

namespace {

OrtStatus* start(OrtEpProfilerImpl* self, int64_t offset_ns) {
  return guarded([&] {
    auto* profiler = static_cast<Profiler*>(self);
    profiler->origin = Recorder::Clock::now() - nanoseconds(offset_ns);
    profiler->recorder->open(profiler);
  });
}

void add(OrtEpProfilerImpl* self, OrtProfilingEventsContainer* container, const StepEvent& event) {
  const char* keys[] = {"op_name", "provider", "kernel", "node_index"};
  const char* values[] = {event.op.c_str(), "IngotExecutionProvider", event.kernel.c_str(), event.step.c_str()};
  const auto since = event.begin - static_cast<Profiler*>(self)->origin;
  OrtProfilingEvent* made = nullptr;
  check(ort::CreateProfilingEvent(
      kKernelEvent, getpid(), event.thread, event.name.c_str(), duration_cast<microseconds>(since).count(),
      duration_cast<microseconds>(event.duration).count(), keys, values, std::size(keys), &made));
  const std::unique_ptr<OrtProfilingEvent, void (*)(OrtProfilingEvent*)> owner(
      made, [](OrtProfilingEvent* e) { ort::ReleaseProfilingEvent(e); });
  check(ort::AddEvents(container, &made, 1));
}

OrtStatus* end(OrtEpProfilerImpl* self, OrtProfilingEventsContainer* container) {
  return guarded([&] {
    auto* profiler = static_cast<Profiler*>(self);
    profiler->recorder->close(profiler);
    for (const StepEvent& event : profiler->events) {
      add(self, container, event);
    }
    profiler->events.clear();
  });
}

}  // namespace

Profiler::Profiler(std::shared_ptr<Recorder> steps)
    : OrtEpProfilerImpl{}, recorder(std::move(steps)), origin(Recorder::Clock::now()) {
  ort_version_supported = declared_api;
  Release = [](OrtEpProfilerImpl* self) { delete static_cast<Profiler*>(self); };
  StartProfiling = start;
  StartEvent = [](OrtEpProfilerImpl*, uint64_t) { return static_cast<OrtStatus*>(nullptr); };
  StopEvent = [](OrtEpProfilerImpl*, uint64_t, const OrtProfilingEvent*) { return static_cast<OrtStatus*>(nullptr); };
  EndProfiling = end;
}

void Recorder::open(Profiler* profiler) {
  const std::lock_guard lock(mutex_);
  if (std::find(profilers_.begin(), profilers_.end(), profiler) == profilers_.end()) {
    profilers_.push_back(profiler);
    open_ = static_cast<int>(profilers_.size());
  }
}

void Recorder::close(Profiler* profiler) {
  const std::lock_guard lock(mutex_);
  profilers_.erase(std::remove(profilers_.begin(), profilers_.end(), profiler), profilers_.end());
  open_ = static_cast<int>(profilers_.size());
}

void Recorder::record(const char* profile_json, Clock::time_point begin) {
  std::vector<StepEvent> events;
  for (const auto& step : nlohmann::json::parse(profile_json)) {
    StepEvent event;
    for (const auto& node : step.at("nodes")) {
      event.name += (event.name.empty() ? "" : "+") + node.get<std::string>();
    }
    event.op = step.at("name").get<std::string>();
    event.name = (event.name.empty() ? event.op : event.name) + "_kernel_time";
    event.kernel = step.at("kernel").get<std::string>();
    event.step = std::to_string(step.at("step").get<size_t>());
    event.thread = static_cast<int32_t>(syscall(SYS_gettid));
    event.begin = begin + nanoseconds(step.at("start_ns").get<int64_t>());
    event.duration = nanoseconds(step.at("duration_ns").get<int64_t>());
    events.push_back(std::move(event));
  }
  const std::lock_guard lock(mutex_);
  for (Profiler* profiler : profilers_) {
    profiler->events.insert(profiler->events.end(), events.begin(), events.end());
  }
}

OrtEpProfilerImpl* make_profiler(std::shared_ptr<Recorder> recorder) { return new Profiler(std::move(recorder)); }

}  // namespace ingot_ort
