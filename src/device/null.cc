#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "base/error.h"
#include "device/device.h"

namespace ingot::device {
namespace {

constexpr int64_t kMemoryBytes = int64_t{1} << 39;  // more than hosts have, less than sanitizers let an allocation be

struct Usage {
  std::mutex mutex;
  NullUsage counts;
  std::function<void(std::span<const Address>)> observer;
  std::function<void(const std::string&)> source_observer, range_observer;
};
Usage& usage() {
  static Usage usage;
  return usage;
}
void count(int64_t NullUsage::*field, int64_t by = 1) {
  const std::lock_guard lock(usage().mutex);
  usage().counts.*field += by;
}

// What a null device is told to do wrong: "memory=BYTES" is all the memory it has, "lost=N" is lost when the host waits
// for it the Nth time, "fault=N" refuses the Nth operation, "unfused" has no convolutions with an epilogue.
struct Faults {
  bool unfused = false;
  int64_t memory_bytes = kMemoryBytes;
  int64_t waits_left = INT64_MAX, operations_left = INT64_MAX;
};

class NullOperation : public Operation {
 public:
  explicit NullOperation(std::shared_ptr<Faults> faults) : faults_(std::move(faults)) {}
  void enqueue(std::span<const Address> operands, Address) override {
    const std::lock_guard lock(usage().mutex);
    if (usage().observer) usage().observer(operands);
    if (--faults_->operations_left == 0) fail(Code::kDevice, "a kernel of the null device faulted");
  }

 private:
  std::shared_ptr<Faults> faults_;
};

class NullModule : public Module {
 public:
  NullModule(std::string source, std::shared_ptr<Faults> faults)
      : source_(std::move(source)), faults_(std::move(faults)) {}
  std::unique_ptr<Operation> operation(const Launch& launch) override {
    if (source_.find(launch.entry) == std::string::npos) {
      fail(Code::kDevice, "the module has no kernel {}", launch.entry);
    }
    return std::make_unique<NullOperation>(faults_);
  }

 private:
  std::string source_;
  std::shared_ptr<Faults> faults_;
};

class NullDevice : public Device {
 public:
  explicit NullDevice(const Faults& faults) : faults_(std::make_shared<Faults>(faults)) {}
  Properties properties() override {
    Properties properties;
    properties.name = "null";
    properties.processors = 1;
    properties.memory_bytes = faults_->memory_bytes;
    properties.free_bytes = faults_->memory_bytes - live_bytes_;
    return properties;
  }
  Address allocate(int64_t bytes) override {
    const size_t size = (static_cast<size_t>(bytes) + 255) / 256 * 256;
    const bool fits = bytes >= 0 && bytes <= faults_->memory_bytes - live_bytes_;
    void* memory = fits ? std::aligned_alloc(256, std::max<size_t>(size, 256)) : nullptr;
    if (memory == nullptr) fail(Code::kOutOfMemory, "the null device has no {} bytes", bytes);
    const auto address = reinterpret_cast<Address>(memory);
    sizes_[address] = bytes;
    live_bytes_ += bytes;
    count(&NullUsage::live_bytes, bytes);
    return address;
  }
  void release(Address address) override {
    const auto found = sizes_.find(address);
    live_bytes_ -= found->second;
    count(&NullUsage::live_bytes, -found->second);
    sizes_.erase(found);
    std::free(reinterpret_cast<void*>(address));
  }
  void copy_in(Address to, const void* from, int64_t bytes) override {
    count(&NullUsage::copies_in);
    if (bytes > 0) std::memcpy(reinterpret_cast<void*>(to), from, static_cast<size_t>(bytes));
  }
  void copy_out(void* to, Address from, int64_t bytes) override {
    count(&NullUsage::copies_out);
    wait();
    if (bytes > 0) std::memcpy(to, reinterpret_cast<const void*>(from), static_cast<size_t>(bytes));
  }
  void copy(Address to, Address from, int64_t bytes) override {
    count(&NullUsage::copies);
    if (bytes > 0) {
      std::memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), static_cast<size_t>(bytes));
    }
  }
  void synchronize() override { wait(); }
  void follow(Stream) override { count(&NullUsage::followed); }
  void precede(Stream) override { count(&NullUsage::preceded); }
  void synchronize_all() override { wait(); }
  void begin_range(const std::string& name) override { range(name); }
  void end_range() override { range(""); }
  std::unique_ptr<Module> load(const std::string& source) override {
    {
      const std::lock_guard lock(usage().mutex);
      if (usage().source_observer) usage().source_observer(source);
    }
    return std::make_unique<NullModule>(source, faults_);
  }
  std::unique_ptr<Operation> convolution(const Convolution& c, const OwnOperation* own) override {
    const bool plain = !c.bias && !c.residual && c.activation == Activation::kNone;
    if (faults_->unfused && own == nullptr && !plain) {
      fail(Code::kUnsupported, "this null device's library has no convolutions with an epilogue");
    }
    return own != nullptr ? chosen(*own) : std::make_unique<NullOperation>(faults_);
  }
  std::unique_ptr<Operation> matrix_product(const MatrixProduct&, const OwnOperation* own) override {
    return own != nullptr ? chosen(*own) : std::make_unique<NullOperation>(faults_);
  }
  std::unique_ptr<Operation> attention(const Attention&, const OwnOperation& own) override { return chosen(own); }
  std::unique_ptr<Operation> capture(const std::function<void()>& enqueue_all) override {
    count(&NullUsage::captures);
    enqueue_all();
    return std::make_unique<NullOperation>(faults_);
  }
  double time(const std::function<void()>& enqueue_all) override {
    const auto begin = std::chrono::steady_clock::now();
    enqueue_all();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  static std::unique_ptr<Operation> chosen(const OwnOperation& own) {
    auto operation = own.make();
    operation->choice = "own kernel: the null device has no library";
    return operation;
  }
  static void range(const std::string& name) {
    const std::lock_guard lock(usage().mutex);
    if (usage().range_observer) usage().range_observer(name);
  }
  void wait() {
    count(&NullUsage::waits);
    if (faults_->waits_left <= 0 || --faults_->waits_left == 0) fail(Code::kDevice, "the null device is lost");
  }
  std::shared_ptr<Faults> faults_;
  int64_t live_bytes_ = 0;
  std::map<Address, int64_t> sizes_;
};

Faults parse_faults(const std::string& text) {
  Faults faults;
  if (text == "absent") fail(Code::kDevice, "device null: told to be absent");
  if (text == "unfused") {
    faults.unfused = true;
    return faults;
  }
  const size_t equals = text.find('=');
  const std::string what = text.substr(0, equals);
  int64_t* field = what == "memory"  ? &faults.memory_bytes
                   : what == "lost"  ? &faults.waits_left
                   : what == "fault" ? &faults.operations_left
                                     : nullptr;
  int64_t number = 0;
  const char* end = text.data() + text.size();
  if (field == nullptr || equals == std::string::npos ||
      std::from_chars(text.data() + equals + 1, end, number).ptr != end || number <= 0) {
    fail(Code::kInvalidArgument,
         "unknown fault '{}' of the null device; valid: absent, unfused, memory=BYTES, lost=N, fault=N", text);
  }
  *field = number;
  return faults;
}

}  // namespace

NullUsage null_usage() {
  const std::lock_guard lock(usage().mutex);
  return usage().counts;
}

void observe_null_operations(std::function<void(std::span<const Address>)> observer) {
  const std::lock_guard lock(usage().mutex);
  usage().observer = std::move(observer);
}

void observe_null_sources(std::function<void(const std::string&)> observer) {
  const std::lock_guard lock(usage().mutex);
  usage().source_observer = std::move(observer);
}

void observe_null_ranges(std::function<void(const std::string&)> observer) {
  const std::lock_guard lock(usage().mutex);
  usage().range_observer = std::move(observer);
}

std::unique_ptr<Device> open_null_device(const std::string& faults) {
  return std::make_unique<NullDevice>(faults.empty() ? Faults() : parse_faults(faults));
}

}  // namespace ingot::device
