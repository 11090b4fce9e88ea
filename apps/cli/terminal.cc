#include "apps/cli/terminal.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace ingot::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kQuiet = std::chrono::milliseconds(700);  // shorter work draws nothing
constexpr auto kRedraw = std::chrono::milliseconds(80);
constexpr size_t kWidth = 30;

// Characters, not bytes, of UTF-8 text.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool numeric(const std::string& cell) {
  return !cell.empty() && (std::isdigit(static_cast<unsigned char>(cell[0])) || cell[0] == '-' || cell[0] == '+');
}

}  // namespace

bool is_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && term != nullptr &&
         std::string_view(term) != "dumb";
}

ProgressBar::ProgressBar(bool enabled) : enabled_(enabled), terminal_(is_terminal()), begin_(Clock::now()) {}

ProgressBar::~ProgressBar() { finish(); }

void ProgressBar::update(const std::string& stage, size_t done, size_t total) {
  if (!enabled_) return;
  const auto now = Clock::now();
  if (now - begin_ < kQuiet) return;
  if (!terminal_) {
    if (stage != stage_) fmt::print(stderr, "{} ...\n", stage);
    stage_ = stage;
    return;
  }
  if (drawn_ && now - last_ < kRedraw && stage == stage_) return;
  stage_ = stage;
  last_ = now;
  drawn_ = true;
  const double share = total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0;
  const auto filled = static_cast<size_t>(share * kWidth);
  std::string bar;
  for (size_t i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  fmt::print(stderr, "\r\033[K{} {:3.0f} %  {}  {:.0f} s", bar, share * 100, stage, seconds);
  std::fflush(stderr);
}

void ProgressBar::finish() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& cell : header) widths.push_back(width(cell));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  const auto line = [&](const std::vector<std::string>& row, bool head) {
    std::string built;
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      const bool right = head ? !rows.empty() && i < rows[0].size() && numeric(rows[0][i]) : numeric(row[i]);
      built += (i > 0 ? "  " : "") + (right ? padding + row[i] : row[i] + padding);
    }
    while (!built.empty() && built.back() == ' ') built.pop_back();
    text += built + "\n";
  };
  line(header, true);
  std::string rule;
  for (size_t i = 0; i < widths.size(); ++i) rule += (i > 0 ? "  " : "") + std::string(widths[i], '-');
  text += rule + "\n";
  for (const auto& row : rows) line(row, false);
  return text;
}

std::string time_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.1f} us", seconds * 1e6);
}

std::string bytes_text(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.2f} GB", bytes / 1e9);
  if (bytes >= 1e6) return fmt::format("{:.2f} MB", bytes / 1e6);
  if (bytes >= 1e3) return fmt::format("{:.1f} kB", bytes / 1e3);
  return fmt::format("{:.0f} B", bytes);
}

std::string rate_text(double giga, const char* unit) {
  return giga >= 1e3 ? fmt::format("{:.2f} T{}", giga / 1e3, unit) : fmt::format("{:.1f} G{}", giga, unit);
}

}  // namespace ingot::cli
