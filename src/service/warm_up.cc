#include "service/warm_up.h"

#include <algorithm>

#include "base/log.h"

namespace ingot::service {
namespace {

void forget(Options& options, const std::string& name) {
  std::erase_if(options.given, [&](const auto& each) { return each.first == name; });
}

}  // namespace

Options options_to_serve_at_once(const Options& asked) {
  Options options = asked;
  options.build.tune.level = tune::Level::kOff;
  options.build.tune.budget_seconds = 0;
  forget(options, "tune");
  forget(options, "tune-budget");
  options.build.device_code.clear();
  forget(options, "embed-device-code");
  return options;
}

Options options_to_warm_up(const Options& asked) {
  Options options = asked;
  if (options.build.tune.level == tune::Level::kOff) {
    forget(options, "tune");
    set_option(options, "tune", "quick");
  }
  return options;
}

WarmUp::WarmUp(std::string name, Work work) : name_(std::move(name)), start_(std::chrono::steady_clock::now()) {
  thread_ = std::thread([this, work = std::move(work)] { run(work); });
}

WarmUp::WarmUp(std::string build_json) : start_(std::chrono::steady_clock::now()) {
  report_.state = State::kCached;
  report_.build_json = std::move(build_json);
}

WarmUp::~WarmUp() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void WarmUp::run(const Work& work) {
  Report report;
  try {
    report.build_json = work(Progress([this](std::string_view, size_t, size_t) { return !stopping_; }));
    report.state = State::kTaken;
  } catch (const Error& error) {
    report.state = stopping_ && error.code() == Code::kCancelled ? State::kStopped : State::kFailed;
    report.reason = report.state == State::kStopped ? "stopped by the caller" : error.message();
  } catch (const std::exception& error) {
    report.state = State::kFailed;
    report.reason = error.what();
  } catch (...) {
    report.state = State::kFailed;
    report.reason = "an exception that is no std::exception";
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (report.state == State::kTaken) {
    log(LogLevel::kInfo, "warm-up of {}: the plan built in the background serves after {:.1f} s", name_,
        report.seconds);
  } else if (report.state == State::kFailed) {
    log(LogLevel::kWarning, "warm-up of {}: the first plan goes on serving: {}", name_, report.reason);
  }
  const std::lock_guard lock(mutex_);
  report_ = std::move(report);
  over_.notify_all();
}

WarmUp::Report WarmUp::wait(double seconds) const {
  std::unique_lock lock(mutex_);
  const auto done = [&] { return report_.state != State::kBuilding; };
  if (seconds < 0) {
    over_.wait(lock, done);
  } else {
    over_.wait_for(lock, std::chrono::duration<double>(std::min(seconds, 1e7)), done);
  }
  Report report = report_;
  if (!done()) report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return report;
}

const char* name_of(WarmUp::State state) {
  static constexpr const char* kNames[] = {"building", "taken", "failed", "stopped", "cached"};
  return kNames[static_cast<int>(state)];
}

}  // namespace ingot::service
