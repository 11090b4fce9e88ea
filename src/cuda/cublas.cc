#include "cuda/cublas.h"

#include <map>
#include <mutex>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "cuda/cublas_declarations.h"

namespace ingot::cuda {
namespace {

using device::Activation;
using device::Address;
using device::MatrixProduct;
using device::Operation;

constexpr size_t kMaxWorkspace = 32 << 20;
constexpr int kMaxCandidates = 8;

struct Cublas {
  Cublas() : library({"libcublasLt.so.13", "libcublasLt.so.12"}) {
    library.get("cublasLtGetVersion", version);
    library.get("cublasLtCreate", create);
    library.get("cublasLtMatmul", matmul);
    library.get("cublasLtMatmulAlgoGetHeuristic", heuristic);
    library.get("cublasLtMatmulAlgoCheck", check_algo);
    library.get("cublasLtMatmulDescCreate", desc_create);
    library.get("cublasLtMatmulDescDestroy", desc_destroy);
    library.get("cublasLtMatmulDescSetAttribute", desc_set);
    library.get("cublasLtMatrixLayoutCreate", layout_create);
    library.get("cublasLtMatrixLayoutDestroy", layout_destroy);
    library.get("cublasLtMatrixLayoutSetAttribute", layout_set);
    library.get("cublasLtMatmulPreferenceCreate", preference_create);
    library.get("cublasLtMatmulPreferenceDestroy", preference_destroy);
    library.get("cublasLtMatmulPreferenceSetAttribute", preference_set);
  }
  SharedLibrary library;
  size_t (*version)() = nullptr;
  int (*create)(lt::Handle*) = nullptr;
  int (*matmul)(lt::Handle, lt::Desc, const void*, const void*, lt::Layout, const void*, lt::Layout, const void*,
                const void*, lt::Layout, void*, lt::Layout, const lt::Algo*, void*, size_t, Stream) = nullptr;
  int (*heuristic)(lt::Handle, lt::Desc, lt::Layout, lt::Layout, lt::Layout, lt::Layout, lt::Preference, int,
                   lt::Heuristic*, int*) = nullptr;
  int (*check_algo)(lt::Handle, lt::Desc, lt::Layout, lt::Layout, lt::Layout, lt::Layout, const lt::Algo*,
                    lt::Heuristic*) = nullptr;
  int (*desc_create)(lt::Desc*, int, int) = nullptr;
  int (*desc_destroy)(lt::Desc) = nullptr;
  int (*desc_set)(lt::Desc, int, const void*, size_t) = nullptr;
  int (*layout_create)(lt::Layout*, int, uint64_t, uint64_t, int64_t) = nullptr;
  int (*layout_destroy)(lt::Layout) = nullptr;
  int (*layout_set)(lt::Layout, int, const void*, size_t) = nullptr;
  int (*preference_create)(lt::Preference*) = nullptr;
  int (*preference_destroy)(lt::Preference) = nullptr;
  int (*preference_set)(lt::Preference, int, const void*, size_t) = nullptr;
};

Cublas& cublas() {
  static Cublas cublas;
  return cublas;
}

void check(int status, const char* what) {
  if (status != 0) fail(Code::kDevice, "cuBLASLt: {}: status {}", what, status);
}

// One handle for each GPU that a thread is on; cuBLASLt's handles may be used from many threads.
lt::Handle handle() {
  static std::mutex mutex;
  static std::map<Context, lt::Handle> handles;
  const std::lock_guard lock(mutex);
  lt::Handle& handle = handles[current_context()];
  if (handle == nullptr) {
    const LoadingTime timed;
    check(cublas().create(&handle), "starting");
  }
  return handle;
}

int data_type(DType dtype) {
  return dtype == DType::kF16 ? lt::kTypeF16 : dtype == DType::kBF16 ? lt::kTypeBF16 : lt::kTypeF32;
}

int epilogue(const MatrixProduct& product) {
  int epilogue = product.bias ? lt::kEpilogueBias : 0;
  if (product.activation == Activation::kRelu) epilogue |= lt::kEpilogueRelu;
  if (product.activation == Activation::kGeluTanh) epilogue |= lt::kEpilogueGelu;
  return epilogue == 0 ? lt::kEpilogueNone : epilogue;
}

// cuBLASLt is column-major: it computes y^T [n, m] = op(b)^T op(a)^T on the same bytes.
class Problem {
 public:
  explicit Problem(const MatrixProduct& p) : product(p) {
    const int type = data_type(p.dtype);
    check(cublas().desc_create(&desc, p.tf32 ? lt::kComputeTf32 : lt::kComputeF32, lt::kTypeF32), "a product");
    set(lt::kDescTransA, static_cast<int32_t>(p.trans_b ? 1 : 0));
    set(lt::kDescTransB, static_cast<int32_t>(p.trans_a ? 1 : 0));
    set(lt::kDescEpilogue, static_cast<int32_t>(epilogue(p)));
    if (p.bias) set(lt::kDescBiasType, static_cast<int32_t>(type));
    b = layout(type, p.trans_b ? p.k : p.n, p.trans_b ? p.n : p.k, p.stride_b);
    a = layout(type, p.trans_a ? p.m : p.k, p.trans_a ? p.k : p.m, p.stride_a);
    y = layout(type, p.n, p.m, p.m * p.n);
  }
  ~Problem() {
    cublas().desc_destroy(desc);
    for (lt::Layout each : {a, b, y}) {
      if (each != nullptr) cublas().layout_destroy(each);
    }
  }
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;

  template <class T> void set(int attribute, T value) {
    check(cublas().desc_set(desc, attribute, &value, sizeof(value)), "an attribute");
  }

  MatrixProduct product;
  lt::Desc desc = nullptr;
  lt::Layout a = nullptr, b = nullptr, y = nullptr;

 private:
  lt::Layout layout(int type, int64_t rows, int64_t columns, int64_t stride) const {
    lt::Layout layout = nullptr;
    check(cublas().layout_create(&layout, type, static_cast<uint64_t>(rows), static_cast<uint64_t>(columns), rows),
          "a layout");
    const auto batch = static_cast<int32_t>(product.batch);
    check(cublas().layout_set(layout, lt::kLayoutBatch, &batch, sizeof(batch)), "a batch");
    check(cublas().layout_set(layout, lt::kLayoutStride, &stride, sizeof(stride)), "a stride");
    return layout;
  }
};

// cuBLASLt promises that an algorithm's bytes mean the same to every process with the same version of it.
std::string name_of(const lt::Algo& algo) {
  std::string name = "cublaslt";
  for (const uint64_t word : algo.data) name += fmt::format(" {:x}", word);
  return name;
}

std::optional<lt::Algo> algo_of(const std::string& name) {
  std::istringstream words(name);
  std::string library;
  lt::Algo algo = {};
  words >> library >> std::hex;
  for (uint64_t& word : algo.data) words >> word;
  return library == "cublaslt" && !words.fail() ? std::optional(algo) : std::nullopt;
}

class Product : public Operation {
 public:
  Product(std::shared_ptr<Problem> problem, const lt::Heuristic& chosen, Stream stream)
      : problem_(std::move(problem)), algo_(chosen.algo), stream_(stream) {
    workspace_bytes = static_cast<int64_t>(chosen.workspace);
  }
  void enqueue(std::span<const Address> operands, Address workspace) override {
    const MatrixProduct& p = problem_->product;
    if (p.bias) problem_->set(lt::kDescBias, operands[3]);
    const void* residual = p.residual ? pointer(operands[p.bias ? 4 : 3]) : pointer(operands[2]);
    const auto alpha = static_cast<float>(p.alpha);
    const float beta = p.residual ? 1 : 0;
    check(cublas().matmul(handle(), problem_->desc, &alpha, pointer(operands[1]), problem_->b, pointer(operands[0]),
                          problem_->a, &beta, residual, problem_->y, pointer(operands[2]), problem_->y, &algo_,
                          pointer(workspace), static_cast<size_t>(workspace_bytes), stream_),
          "running");
  }

 private:
  static void* pointer(Address address) { return reinterpret_cast<void*>(address); }
  std::shared_ptr<Problem> problem_;
  lt::Algo algo_;
  Stream stream_;
};

}  // namespace

const SharedLibrary& cublas_library() { return cublas().library; }

std::string cublas_version() {
  if (!cublas().library.found()) return "";
  const size_t version = cublas().version();
  return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

std::vector<Candidate> matrix_products(const MatrixProduct& product, Stream stream) {
  Cublas& c = cublas();
  if (!c.library.found()) fail(Code::kUnsupported, "cuBLASLt is missing: {}", c.library.detail());
  if (product.activation == Activation::kSilu) fail(Code::kUnsupported, "cuBLASLt has no SiLU epilogue");
  auto problem = std::make_shared<Problem>(product);
  lt::Preference preference = nullptr;
  check(c.preference_create(&preference), "a preference");
  const size_t limit = kMaxWorkspace;
  c.preference_set(preference, lt::kPreferenceWorkspace, &limit, sizeof(limit));
  lt::Heuristic found[kMaxCandidates] = {};
  int count = 0;
  const int status = c.heuristic(handle(), problem->desc, problem->b, problem->a, problem->y, problem->y, preference,
                                 kMaxCandidates, found, &count);
  c.preference_destroy(preference);
  std::vector<Candidate> candidates;
  for (int i = 0; status == 0 && i < count; ++i) {
    if (found[i].state != 0) continue;
    candidates.push_back({name_of(found[i].algo), [problem, chosen = found[i], stream] {
                            return std::make_unique<Product>(problem, chosen, stream);
                          }});
  }
  if (candidates.empty()) fail(Code::kUnsupported, "cuBLASLt has no algorithm for this product: status {}", status);
  return candidates;
}

std::unique_ptr<Operation> named_product(const MatrixProduct& product, const std::string& name, Stream stream) {
  const auto algo = algo_of(name);
  if (!algo || !cublas().library.found()) return nullptr;
  auto problem = std::make_shared<Problem>(product);
  lt::Heuristic checked = {};
  const int status =
      cublas().check_algo(handle(), problem->desc, problem->b, problem->a, problem->y, problem->y, &*algo, &checked);
  if (status != 0 || checked.state != 0 || checked.workspace > kMaxWorkspace) return nullptr;
  checked.algo = *algo;
  return std::make_unique<Product>(std::move(problem), checked, stream);
}

}  // namespace ingot::cuda
