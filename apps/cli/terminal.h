// What people see: a progress bar, tables, and plain lines where there is no terminal.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace ingot::cli {

// Whether standard error is a terminal that may be drawn on (NO_COLOR and TERM=dumb mean plain).
bool is_terminal();

// A bar on standard error for work over about a second; a line per stage elsewhere. Not for several threads.
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ~ProgressBar();
  void update(const std::string& stage, size_t done, size_t total);
  void finish();

 private:
  bool enabled_, terminal_, drawn_ = false;
  std::string stage_;
  std::chrono::steady_clock::time_point begin_, last_;
};

// Columns as wide as their widest cell; numbers (cells that start with a digit or sign) to the right.
std::string table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
// "12.3 ms", "4.5 MB", "6.7 TFLOP/s" of 6700 and "FLOP/s"
std::string time_text(double seconds);
std::string bytes_text(double bytes);
std::string rate_text(double giga, const char* unit);

}  // namespace ingot::cli
