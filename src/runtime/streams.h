// The threads of a session, shared out among the runs that are under way at once.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "kernels/kernel.h"

namespace ingot::runtime {

struct ThreadOptions {
  int threads = 0;     // of all streams together; 0: every core of the process
  int streams = 1;     // 1: each run has all threads ("latency"); < 1: one for each thread ("throughput")
  int spins = 200000;  // pauses before an idle worker sleeps
  bool pin = false;    // each worker stays on one core of the process
};

int stream_count(const ThreadOptions& options);
int threads_per_stream(const ThreadOptions& options);

// `streams` thread pools of threads / streams threads each, at least one; the caller of a run counts as one of its
// stream's. With pin the threads of a stream are neighbours in the order of core numbers; callers stay where they are,
// since they are the application's threads.
class Streams {
 public:
  explicit Streams(const ThreadOptions& options);

  // One run's share: the stream with the fewest runs. More runs than streams share pools, region by region.
  class Share {
   public:
    explicit Share(Streams& streams);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    const kernels::Parallel& parallel() const;

   private:
    Streams& streams_;
    size_t index_;
  };

  int count() const { return static_cast<int>(streams_.size()); }
  int threads() const { return streams_.front()->parallel.threads; }  // of one stream

 private:
  struct Stream {
    Stream(int threads, int spins, const std::vector<int>& cpus)
        : pool(threads, spins, cpus), parallel(kernels::parallel_on(pool)) {}
    ThreadPool pool;
    kernels::Parallel parallel;
    int runs = 0;
  };
  std::mutex mutex_;  // of the counts
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace ingot::runtime
