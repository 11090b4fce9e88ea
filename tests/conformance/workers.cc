#include "conformance/workers.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/error.h"
#include "conformance/execute.h"

namespace ingot::conformance {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

bool read_exactly(int fd, void* to, size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

bool write_exactly(int fd, const void* from, size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t put = ::write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

bool lost_device(const Outcome& outcome) {
  return outcome.reason.starts_with(fmt::format("{}:", code_name(Code::kDevice)));
}

bool send(int fd, const Outcome& outcome) {
  const uint64_t length = outcome.reason.size();
  return write_exactly(fd, &length, sizeof(length)) && write_exactly(fd, outcome.reason.data(), length) &&
         write_exactly(fd, &outcome.place, sizeof(outcome.place));
}

bool receive(int fd, Outcome& outcome) {
  uint64_t length = 0;
  if (!read_exactly(fd, &length, sizeof(length))) return false;
  outcome.reason.resize(length);
  return read_exactly(fd, outcome.reason.data(), length) && read_exactly(fd, &outcome.place, sizeof(outcome.place));
}

// The child: reads indices of cases, writes their outcomes.
[[noreturn]] void serve(const std::vector<Case>& cases, const Engine& engine, int commands, int results) {
  uint64_t index = 0;
  while (read_exactly(commands, &index, sizeof(index))) {
    if (!send(results, run_case(cases[index], engine))) break;
  }
  ::_exit(0);
}

class Worker {
 public:
  Worker(const std::vector<Case>& cases, const Engine& engine) : cases_(cases), engine_(engine) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool busy() const { return busy_; }
  size_t current() const { return current_; }
  int results() const { return results_; }
  double elapsed() const { return seconds_since(started_); }

  void give(size_t index) {
    if (pid_ == 0) start();
    current_ = index;
    busy_ = true;
    started_ = Clock::now();
    const uint64_t command = index;
    write_exactly(commands_, &command, sizeof(command));
  }

  // Called when results() is readable: what the child says, or how it ended.
  Outcome take() {
    busy_ = false;
    Outcome outcome;
    const double seconds = elapsed();
    if (receive(results_, outcome)) {
      if (lost_device(outcome)) stop();
    } else {
      const int status = stop();
      outcome.reason = WIFSIGNALED(status) ? fmt::format("crashed: {}", ::strsignal(WTERMSIG(status)))
                                           : fmt::format("ended the process with status {}", WEXITSTATUS(status));
    }
    outcome.seconds = seconds;
    return outcome;
  }

  int stop() {
    if (pid_ == 0) return 0;
    busy_ = false;
    ::close(commands_);
    ::kill(pid_, SIGKILL);  // after a crash there is nothing left to kill
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ::close(results_);
    pid_ = 0;
    return status;
  }

 private:
  void start() {
    int down[2], up[2];
    if (::pipe(down) != 0 || ::pipe(up) != 0) fail(Code::kIo, "cannot make pipes: {}", std::strerror(errno));
    pid_ = ::fork();
    if (pid_ < 0) fail(Code::kIo, "cannot fork: {}", std::strerror(errno));
    if (pid_ == 0) {
      ::close(down[1]);
      ::close(up[0]);
      serve(cases_, engine_, down[0], up[1]);
    }
    ::close(down[0]);
    ::close(up[1]);
    commands_ = down[1];
    results_ = up[0];
  }

  const std::vector<Case>& cases_;
  const Engine& engine_;
  pid_t pid_ = 0;
  int commands_ = -1, results_ = -1;
  bool busy_ = false;
  size_t current_ = 0;
  Clock::time_point started_;
};

void collect(Worker& worker, bool readable, double timeout_seconds, std::vector<Outcome>& outcomes) {
  const size_t index = worker.current();
  const double seconds = worker.elapsed();
  if (readable) {
    outcomes[index] = worker.take();
  } else if (seconds > timeout_seconds) {
    worker.stop();
    outcomes[index] = {fmt::format("took more than {} s", timeout_seconds), Place::kNone, seconds};
  }
}

}  // namespace

std::vector<Outcome> run_cases(const std::vector<Case>& cases, const Engine& engine, size_t processes,
                               double timeout_seconds, const std::function<void(size_t)>& report) {
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<Outcome> outcomes(cases.size());
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < std::max<size_t>(processes, 1); ++i)
    workers.push_back(std::make_unique<Worker>(cases, engine));
  size_t next = 0, done = 0;
  while (done < cases.size()) {
    std::vector<pollfd> waiting;
    std::vector<Worker*> busy;
    for (auto& worker : workers) {
      if (!worker->busy() && next < cases.size()) worker->give(next++);
      if (!worker->busy()) continue;
      waiting.push_back({worker->results(), POLLIN, 0});
      busy.push_back(worker.get());
    }
    ::poll(waiting.data(), waiting.size(), 100);
    for (size_t i = 0; i < busy.size(); ++i) {
      collect(*busy[i], (waiting[i].revents & (POLLIN | POLLHUP)) != 0, timeout_seconds, outcomes);
      if (!busy[i]->busy()) report(++done);
    }
  }
  return outcomes;
}

}  // namespace ingot::conformance
