#include "runtime/streams.h"

#include <algorithm>

namespace ingot::runtime {

namespace {

int thread_count(const ThreadOptions& options) { return options.threads > 0 ? options.threads : cpu_features().cores; }

}  // namespace

int stream_count(const ThreadOptions& options) { return options.streams < 1 ? thread_count(options) : options.streams; }

int threads_per_stream(const ThreadOptions& options) {
  return std::max(1, thread_count(options) / stream_count(options));
}

Streams::Streams(const ThreadOptions& options) {
  const int count = stream_count(options), each = threads_per_stream(options);
  const int spins = each * count > cpu_features().cores ? 0 : options.spins;
  const std::vector<int> all = options.pin ? process_cpus() : std::vector<int>();
  for (int stream = 0; stream < count; ++stream) {
    std::vector<int> cpus;
    for (int i = 0; i < each && !all.empty(); ++i) {
      cpus.push_back(all[static_cast<size_t>(stream * each + i) % all.size()]);
    }
    streams_.push_back(std::make_unique<Stream>(each, spins, cpus));
  }
}

Streams::Share::Share(Streams& streams) : streams_(streams) {
  const std::lock_guard lock(streams.mutex_);
  const auto least = std::min_element(streams.streams_.begin(), streams.streams_.end(),
                                      [](const auto& a, const auto& b) { return a->runs < b->runs; });
  ++(*least)->runs;
  index_ = static_cast<size_t>(least - streams.streams_.begin());
}

Streams::Share::~Share() {
  const std::lock_guard lock(streams_.mutex_);
  --streams_.streams_[index_]->runs;
}

const kernels::Parallel& Streams::Share::parallel() const { return streams_.streams_[index_]->parallel; }

}  // namespace ingot::runtime
