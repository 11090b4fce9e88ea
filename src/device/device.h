// A device that runs operations on memory of its own: what the runtime asks of an accelerator.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/device_code.h"
#include "tensor/dtype.h"

namespace ingot::device {

class Store;

using Address = uint64_t;  // in the device's memory; 0: none
// A stream of the caller's: a CUstream or cudaStream_t as a number, 0 and 1 the legacy default stream, 2 the thread's.
using Stream = uint64_t;

// A library that the device may use, and where it came from or why it is missing.
struct Part {
  std::string name;
  bool found = false;
  std::string detail;  // path and version, or the reason
};

struct Properties {
  std::string name;
  int major = 0, minor = 0;  // compute capability
  int processors = 0;
  int64_t memory_bytes = 0, free_bytes = 0, l2_bytes = 0;
  std::vector<Part> parts;
};

// Of choices that were remembered: making what was chosen, and its first run; on several threads, added up.
struct Recalled {
  int64_t count = 0;
  double make_ms = 0, run_ms = 0;
};

// What a device did so far to be ready to run.
struct Effort {
  double context_ms = 0;                 // opening it, and NVIDIA's libraries meanwhile
  double libraries_ms = 0;               // of the process: making handles of NVIDIA's libraries, and opening them else
  int64_t compiled = 0, code_found = 0;  // sources compiled, and found compiled in the store
  int64_t brought = 0, translated = 0;   // sources that a plan brought as machine code, as PTX for the driver
  int64_t measured = 0, remembered = 0;  // choices of an operation among a library's candidates
  std::map<std::string, Recalled> recalled;  // of the latter, by library: "cuDNN", "cublaslt", "own"
};

// Work that a device does in the order of enqueueing. Made once, enqueued many times, by one thread at a time.
class Operation {
 public:
  virtual ~Operation() = default;
  // `workspace`: workspace_bytes of device memory, 256-byte aligned, which nothing else touches meanwhile. Returns
  // before the work is done; throws kDevice when the device refuses it.
  virtual void enqueue(std::span<const Address> operands, Address workspace) = 0;
  int64_t workspace_bytes = 0;
  std::string choice;  // where there was one: what this is, and why not the other
};

// One that the caller has, made when it is wanted.
struct OwnOperation {
  std::string made_from;  // equal where the operations are
  std::function<std::unique_ptr<Operation>()> make;
  // Of one that does more than the problem says: what is left to do behind a library's, on all operands; and the bytes
  // of its operands behind the problem's. Null: nothing is left.
  std::function<std::unique_ptr<Operation>()> make_rest;
  std::vector<int64_t> more_bytes;
};

// How many threads run a kernel, and which.
struct Launch {
  std::string entry;
  std::array<uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1};
};

enum class Activation : uint8_t { kNone, kRelu, kGeluTanh, kSilu };

// y = activation(convolution(x, w) + bias + residual). Operands: x [n, h, w, c], w [m, kernel_h, kernel_w, c / groups],
// y [n, out_h, out_w, m], bias [m] if `bias`, residual as y if `residual`. All of `dtype` (f32, f16, bf16), sums in
// f32.
struct Convolution {
  DType dtype = DType::kF32;
  int64_t n = 0, h = 0, w = 0, c = 0, out_h = 0, out_w = 0, m = 0, groups = 1;
  std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1}, pad_begin{0, 0}, pad_end{0, 0};
  bool bias = false, residual = false;
  bool tf32 = false;  // f32 operands may be rounded to TF32
  Activation activation = Activation::kNone;
};

// y = activation(alpha op(a) op(b) + bias + residual), `batch` times. Operands: a [m, k] ([k, m] if trans_a),
// b [k, n] ([n, k] if trans_b), y [m, n], bias [n] if `bias`, residual as y if `residual`. Row-major; one batch entry
// of a, b lies stride_a, stride_b elements after the last (0: shared), of y and residual m * n.
struct MatrixProduct {
  DType dtype = DType::kF32;
  int64_t m = 0, n = 0, k = 0, batch = 1, stride_a = 0, stride_b = 0;
  bool trans_a = false, trans_b = false, bias = false, residual = false;
  bool tf32 = false;  // f32 operands may be rounded to TF32
  double alpha = 1;
  Activation activation = Activation::kNone;
};

// y = softmax(cap(scale q k^T) + mask) v for every head; query head i sees the keys of head i / (heads / kv_heads).
// Operands: q, k, v, mask if `mask`, y. Their element (batch, head, row, i) lies at i, with the strides of the first
// three axes, in elements. Sums in f32.
struct Attention {
  // Added to the scores or, of bool, false where a key is not seen; strides of batch, head, query and key, 0 along
  // which it is the same.
  struct Mask {
    DType dtype = DType::kF32;
    std::array<int64_t, 4> strides{};
  };
  DType dtype = DType::kF32;
  int64_t batch = 1, heads = 1, kv_heads = 1, queries = 1, keys = 1, size = 1, value_size = 1;
  std::array<int64_t, 3> q{}, k{}, v{}, y{};  // strides
  double scale = 1, softcap = 0;              // cap(x) = softcap tanh(x / softcap), 0: x
  bool causal = false;                        // query i sees the keys 0..i
  bool unseen_is_zero = false;                // of queries that see no key, y is 0, not NaN
  std::optional<Mask> mask;
};

// What libraries may do, and the caller's own beside them, which may be null.
struct LibraryProblem {
  std::variant<Attention, Convolution, MatrixProduct> problem;
  const OwnOperation* own = nullptr;
};

// Every field: problems are equal where their texts are.
std::string text_of(const Convolution& convolution);
std::string text_of(const MatrixProduct& product);
std::string text_of(const Attention& attention);
// Of each operand, from its first element to its last.
std::vector<int64_t> operand_bytes(const Attention& attention);
// The product of pixels and weights that the convolution is, its operands in the same order; nothing where it is none.
std::optional<MatrixProduct> as_product(const Convolution& convolution);

// A source that holds this instruction of Hopper and later GPUs promises that every kernel in it executes it before it
// touches memory that others write: such kernels may be started while what is ahead of them still runs.
inline constexpr const char* kWaitsByItself = "griddepcontrol.wait";

// Compiled kernels; its operations take their operands as kernel parameters and keep the module alive.
class Module {
 public:
  virtual ~Module() = default;
  virtual std::unique_ptr<Operation> operation(const Launch& launch) = 0;
};

inline constexpr int64_t kPieceBytes = 4 << 20;

// One stream of one accelerator. A device is used by one thread at a time; failures of the driver are kDevice, of its
// memory kOutOfMemory (the device stays usable).
class Device {
 public:
  virtual ~Device() = default;
  virtual Properties properties() = 0;
  virtual Effort effort() { return {}; }
  virtual Address allocate(int64_t bytes) = 0;  // 256-byte aligned, content undefined
  virtual void release(Address address) = 0;
  // In stream order; the host's bytes may change once the call returns (in) and are there once it returns (out).
  virtual void copy_in(Address to, const void* from, int64_t bytes) = 0;
  virtual void copy_out(void* to, Address from, int64_t bytes) = 0;
  // Copies what `fill` writes, piece by piece: bytes [begin, begin + bytes) into `piece`; all but the last are of
  // kPieceBytes. In stream order; the device may read pieces after this returns.
  using Fill = std::function<void(std::byte* piece, int64_t begin, int64_t bytes)>;
  virtual void upload(Address to, int64_t bytes, const Fill& fill);
  // Within the device's memory, in stream order.
  virtual void copy(Address to, Address from, int64_t bytes) = 0;
  virtual void synchronize() = 0;
  // What is enqueued from here on waits for what `stream` holds, and what `stream` gets from here on for what has been
  // enqueued. The host waits for nothing.
  virtual void follow(Stream stream) = 0;
  virtual void precede(Stream stream) = 0;
  virtual void synchronize_all() = 0;  // of every stream of the device, also of other owners'
  // Compiles the sources at once, on every core, so that load() finds them; throws as load() does.
  virtual void compile(std::span<const std::string>) {}
  // Compiles CUDA C++ for this device. kUnsupported when no compiler was found; kInternal with its log on an error.
  virtual std::unique_ptr<Module> load(const std::string& source) = 0;
  // Makes ready what was chosen for these before, on several threads, so that the three functions below find it.
  virtual void recall(std::span<const LibraryProblem>) {}
  // The fastest of what the device's libraries offer, measured or remembered from when it was. kUnsupported when they
  // have none or are missing.
  // `own`, which may be null, does the same on the same operands, and maybe more, and is one of those to choose among.
  virtual std::unique_ptr<Operation> convolution(const Convolution& convolution, const OwnOperation* own) = 0;
  virtual std::unique_ptr<Operation> matrix_product(const MatrixProduct& product, const OwnOperation* own) = 0;
  // The fastest of `own` and what the libraries offer, in the same way.
  virtual std::unique_ptr<Operation> attention(const Attention& attention, const OwnOperation& own) = 0;
  // What `enqueue_all` enqueues, recorded as one operation without operands; nothing runs meanwhile.
  virtual std::unique_ptr<Operation> capture(const std::function<void()>& enqueue_all) = 0;
  // A named range of the calling thread, for profilers of the device; ranges nest. Nothing where none listens.
  virtual void begin_range(const std::string&) {}
  virtual void end_range() {}
  // Milliseconds on the device that what `enqueue_all` enqueues takes.
  virtual double time(const std::function<void()>& enqueue_all) = 0;
};

// A range for profilers as long as it lives.
class Range {
 public:
  Range(Device& device, const std::string& name) : device_(device) { device_.begin_range(name); }
  ~Range() { device_.end_range(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

 private:
  Device& device_;
};

// Device memory with an owner.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Device& device, int64_t bytes) : device_(&device), address_(device.allocate(bytes)), bytes_(bytes) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() {
    if (address_ != 0) device_->release(address_);
  }
  Address address() const { return address_; }
  int64_t bytes() const { return bytes_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
  }
  Device* device_ = nullptr;
  Address address_ = 0;
  int64_t bytes_ = 0;
};

// "cuda" or "cuda:1": that GPU, through libingot_cuda.so; "null": host memory, where operations do nothing, and for
// tests "null:absent", "null:memory=BYTES" (no more than that at once), "null:lost=N" (the Nth wait fails),
// "null:fault=N" (the Nth operation is refused as a kernel that faults is), "null:unfused" (convolutions of the library
// have no epilogue). Throws kInvalidArgument for other names,
// kDevice with what is missing and why.
std::unique_ptr<Device> open_device(const std::string& name);
// The same with code that came with a plan, which outlives the device and which the user allows to run: taken where
// the user's own cache lacks it, and PTX where there is no compiler.
std::unique_ptr<Device> open_device(const std::string& name, std::span<const DeviceCode> allowed);
// Throws as open_device would for what is missing, and kUnsupported when the device could not compile kernels; opens
// nothing on the device, so it costs no memory there and little time. That a device is full or lost shows when it is
// opened.
void check_device(const std::string& name);
// The libraries that a CUDA device is made of, and what became of each; never throws.
std::vector<Part> cuda_parts();
std::unique_ptr<Device> open_null_device(const std::string& faults = "");

// What all null devices of the process did so far, for tests.
struct NullUsage {
  int64_t live_bytes = 0;  // allocated and not released
  int64_t copies_in = 0, copies_out = 0, copies = 0, captures = 0;
  int64_t waits = 0;                   // of the host
  int64_t followed = 0, preceded = 0;  // streams of the caller's
};
NullUsage null_usage();
// Called with the operands of every operation that a null device is given from now on; empty: no longer.
void observe_null_operations(std::function<void(std::span<const Address>)> observer);
// Called with the source of every module that a null device is given from now on; empty: no longer.
void observe_null_sources(std::function<void(const std::string&)> observer);
// Called with the name of every range of a null device from now on, and with "" where it ends; empty: no longer.
void observe_null_ranges(std::function<void(const std::string&)> observer);

struct CompiledCode {
  Hash128 source;  // as DeviceCode has it
  std::string machine_code, intermediate;
};
// Of each CUDA source, in order, compiled for a compute capability on every core; needs no GPU. Throws kDevice without
// libingot_cuda.so, kUnsupported without NVRTC or when it knows no such capability, kInternal with its log on an error.
std::vector<CompiledCode> compile_code(std::span<const std::string> sources, int major, int minor);

// What libingot_cuda.so exports, as ingot_cuda_component(). It and the library that loads it are built together:
// `version` is compared before anything else is used.
struct CudaComponent {
  const char* version;
  // Throws as open_device does; the device keeps what it makes in the store.
  Device* (*open)(int ordinal, const std::shared_ptr<Store>& store);
  void (*check)(int ordinal);  // throws as check_device does
  std::vector<Part> (*parts)();
  // As compile_code.
  std::vector<CompiledCode> (*compile)(std::span<const std::string> sources, int major, int minor);
};

}  // namespace ingot::device
