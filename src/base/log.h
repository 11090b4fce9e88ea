// Levelled log lines to one sink that the application chooses (default: standard error, warnings and above).
#pragma once
#include <fmt/core.h>

#include <functional>
#include <string_view>

namespace ingot {

enum class LogLevel { kVerbose = 0, kInfo, kWarning, kError, kOff };
using LogSink = std::function<void(LogLevel, std::string_view)>;

// Both may be called at any time from any thread. The sink is called by one thread at a time and must not log. The
// level starts as the knob INGOT_LOG says.
void set_log_sink(LogSink sink);
void set_log_level(LogLevel level);
LogLevel log_level();
void log_line(LogLevel level, std::string_view line);

template <class... Args> void log(LogLevel level, fmt::format_string<Args...> text, Args&&... args) {
  if (level >= log_level()) log_line(level, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace ingot
