#include "base/log.h"

#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/knobs.h"

namespace ingot {
namespace {

constexpr const char* kNames[] = {"verbose", "info", "warning", "error", "off"};

LogLevel level_of_knob() {
  const std::string wanted = knobs::log_level.get();
  for (int i = 0; i < 5; ++i) {
    if (wanted == kNames[i]) return static_cast<LogLevel>(i);
  }
  return LogLevel::kWarning;
}

struct State {
  std::mutex mutex;
  LogSink sink;
  std::atomic<LogLevel> level{level_of_knob()};
};

State& state() {
  static State* instance = new State;  // outlives every thread
  return *instance;
}

}  // namespace

void set_log_sink(LogSink sink) {
  const std::lock_guard lock(state().mutex);
  state().sink = std::move(sink);
}
void set_log_level(LogLevel level) { state().level = level; }
LogLevel log_level() { return state().level; }

void log_line(LogLevel level, std::string_view line) {
  const std::lock_guard lock(state().mutex);
  if (state().sink) {
    state().sink(level, line);
  } else {
    fmt::print(stderr, "ingot {}: {}\n", kNames[static_cast<int>(level)], line);
  }
}

}  // namespace ingot
