#include "base/log.h"

#include <atomic>
#include <cstdio>
#include <mutex>

namespace ingot {
namespace {

struct State {
  std::mutex mutex;
  LogSink sink;
  std::atomic<LogLevel> level{LogLevel::kWarning};
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
  static constexpr const char* kNames[] = {"verbose", "info", "warning", "error", "off"};
  const std::lock_guard lock(state().mutex);
  if (state().sink) {
    state().sink(level, line);
  } else {
    fmt::print(stderr, "ingot {}: {}\n", kNames[static_cast<int>(level)], line);
  }
}

}  // namespace ingot
