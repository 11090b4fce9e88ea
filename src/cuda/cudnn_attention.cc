#include "cuda/cudnn_attention.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "cuda/cudnn.h"

namespace ingot::cuda {
namespace {

using device::Attention;
using device::Operation;
using Sizes = CudnnGraph::Sizes;

constexpr size_t kLeastVersion = 90000, kLeastVersionForOperation = 91301;
constexpr size_t kBrokenVersions[] = {91000, 91001};  // wrong results, says NVIDIA's frontend
constexpr size_t kPlansPerForm = 2;

const char* refuse(const Attention& a, size_t version) {
  if (version < kLeastVersion) return "cuDNN is older than 9.0";
  for (const size_t broken : kBrokenVersions) {
    if (version == broken) return "this version of cuDNN has a known fault in attention";
  }
  if (a.dtype != DType::kF16 && a.dtype != DType::kBF16) return "cuDNN's attention is for f16 and bf16";
  if (a.softcap != 0) return "cuDNN's attention caps no scores";
  if (a.size % 8 != 0 || a.value_size % 8 != 0) return "cuDNN's attention is for head sizes that are multiples of 8";
  for (const auto& strides : {a.q, a.k, a.v, a.y}) {
    for (const int64_t stride : strides) {
      if (stride % 8 != 0) return "rows do not start at multiples of 16 bytes";
    }
  }
  if (!a.mask) return nullptr;
  if (a.mask->dtype == DType::kBool) return "cuDNN's attention adds masks, this one is boolean";
  if (a.unseen_is_zero) return "cuDNN's attention says nothing of queries that see no key";
  return nullptr;
}

Descriptor rows(CudnnGraph& graph, const Attention& a, size_t index, int64_t heads, int64_t count, int64_t size,
                const std::array<int64_t, 3>& strides) {
  return graph.operand(index, {a.batch, heads, count, size}, {strides[0], strides[1], strides[2], 1},
                       cudnn_data_type(a.dtype));
}

// Attention as the one operation that newer versions have; it takes no mask.
class WholeAttention : public CudnnGraph {
 public:
  WholeAttention(const Attention& a, dnn::Handle handle) {
    Descriptor operation(dnn::kSdpaForward);
    operation.set_descriptor(dnn::kSdpaQ, rows(*this, a, 0, a.heads, a.queries, a.size, a.q));
    operation.set_descriptor(dnn::kSdpaK, rows(*this, a, 1, a.kv_heads, a.keys, a.size, a.k));
    operation.set_descriptor(dnn::kSdpaV, rows(*this, a, 2, a.kv_heads, a.keys, a.value_size, a.v));
    operation.set_descriptor(dnn::kSdpaY, rows(*this, a, 3, a.heads, a.queries, a.value_size, a.y));
    operation.set_descriptor(dnn::kSdpaScale, scalar(static_cast<float>(a.scale), 4));
    add(std::move(operation), "attention");
    finish(handle);
  }
};

// Attention as products, a scale, masks and a softmax written out, the logarithm of its sums included: the engines
// look for exactly these operations.
class ComposedAttention : public CudnnGraph {
 public:
  ComposedAttention(const Attention& a, dnn::Handle handle) : a_(a) {
    const int type = cudnn_data_type(a.dtype);
    const Descriptor q = rows(*this, a, 0, a.heads, a.queries, a.size, a.q);
    const Descriptor k = operand(1, {a.batch, a.kv_heads, a.size, a.keys}, {a.k[0], a.k[1], 1, a.k[2]}, type);
    const Descriptor v = rows(*this, a, 2, a.kv_heads, a.keys, a.value_size, a.v);
    const Descriptor y = rows(*this, a, a.mask ? 4 : 3, a.heads, a.queries, a.value_size, a.y);
    Descriptor x = scores(dnn::kF32);
    product(q, k, x);
    x = then({dnn::kMultiply, x}, scalar(static_cast<float>(a.scale), 4));
    if (a.mask) x = then({dnn::kAdd, x}, mask());
    if (a.causal) x = causal(x);
    product(softmax(x, type), v, y);
    finish(handle);
  }

 private:
  Descriptor scores(int type) {
    const int64_t s = a_.queries, t = a_.keys;
    return inner({a_.batch, a_.heads, s, t}, {a_.heads * s * t, s * t, t, 1}, type);
  }
  Descriptor per_query() {
    const int64_t s = a_.queries;
    return inner({a_.batch, a_.heads, s, 1}, {a_.heads * s, s, 1, 1}, dnn::kF32);
  }
  // Scores from scores and `b`.
  Descriptor then(Pointwise operation, const Descriptor& b) {
    operation.b = &b;
    const Descriptor y = scores(dnn::kF32);
    pointwise(operation, y);
    return y;
  }

  Descriptor mask() {
    const std::array<int64_t, 4> whole = {a_.batch, a_.heads, a_.queries, a_.keys};
    const int64_t width = dtype_bits(a_.mask->dtype) / 8;
    Sizes sizes(4), strides(4);
    int64_t dense = 1, alignment = 16;
    for (size_t axis = 4; axis-- > 0;) {
      const bool shared = a_.mask->strides[axis] == 0;
      sizes[axis] = shared ? 1 : whole[axis];
      strides[axis] = shared ? dense : a_.mask->strides[axis];
      dense = std::max(dense, strides[axis] * sizes[axis]);
      if (axis < 3 || strides[axis] != 1) alignment = std::gcd(alignment, strides[axis] * width);
    }
    return operand(3, sizes, strides, cudnn_data_type(a_.mask->dtype), alignment);
  }

  Descriptor causal(const Descriptor& x) {
    const Descriptor key = scores(dnn::kI32), query = scores(dnn::kI32), seen = scores(dnn::kBool);
    pointwise({dnn::kIndex, x, nullptr, nullptr, 3}, key);
    pointwise({dnn::kIndex, x, nullptr, nullptr, 2}, query);
    pointwise({dnn::kGreaterOrEqual, query, &key, nullptr, -1, dnn::kBool}, seen);
    return then({dnn::kSelect, x, nullptr, &seen}, scalar(-std::numeric_limits<float>::infinity(), 4));
  }

  Descriptor softmax(const Descriptor& x, int type) {
    const Descriptor largest = per_query(), sum = per_query(), log = per_query(), statistics = per_query();
    reduce(dnn::kReduceMax, x, largest);
    const Descriptor shifted = then({dnn::kSubtract, x}, largest), weight = scores(dnn::kF32);
    pointwise({dnn::kExp, shifted}, weight);
    reduce(dnn::kReduceSum, weight, sum);
    pointwise({dnn::kLog, sum}, log);
    pointwise({dnn::kAdd, largest, &log}, statistics);
    const Descriptor probabilities = scores(type);
    pointwise({dnn::kDivide, weight, &sum}, probabilities);
    return probabilities;
  }

  void product(const Descriptor& a, const Descriptor& b, const Descriptor& c) {
    Descriptor math(dnn::kMatmul);
    math.set_int(dnn::kMatmulCompute, dnn::kTypeDataType, dnn::kF32);
    math = keep(std::move(math), "a product");
    Descriptor operation(dnn::kMatmulOperation);
    operation.set_descriptor(dnn::kMatmulMath, math);
    operation.set_descriptor(dnn::kMatmulA, a);
    operation.set_descriptor(dnn::kMatmulB, b);
    operation.set_descriptor(dnn::kMatmulC, c);
    add(std::move(operation), "a product");
  }
  void reduce(int function, const Descriptor& x, const Descriptor& y) {
    Descriptor math(dnn::kReduction);
    math.set_int(dnn::kReductionOperator, dnn::kTypeReductionOperator, function);
    math.set_int(dnn::kReductionCompute, dnn::kTypeDataType, dnn::kF32);
    math = keep(std::move(math), "a reduction");
    Descriptor operation(dnn::kReductionOperation);
    operation.set_descriptor(dnn::kReductionMath, math);
    operation.set_descriptor(dnn::kReductionX, x);
    operation.set_descriptor(dnn::kReductionY, y);
    add(std::move(operation), "a reduction");
  }

  const Attention& a_;
};

constexpr const char* kOperation = "operation";
constexpr const char* kGraph = "graph";

std::string prefix_of(const std::string& form) { return fmt::format("cuDNN {} ", form); }

}  // namespace

std::string attention_refusal(const Attention& attention) {
  if (!cudnn().library.found()) return "cuDNN is missing: " + cudnn().library.detail();
  const char* reason = refuse(attention, cudnn().version());
  return reason != nullptr ? reason : "";
}

std::vector<std::string> attention_forms(const Attention& attention) {
  if (cudnn().version() < kLeastVersionForOperation || attention.mask || attention.causal) return {kGraph};
  return {kOperation, kGraph};
}

std::shared_ptr<const CudnnGraph> attention_graph(const Attention& attention, const std::string& form,
                                                  dnn::Handle handle) {
  if (form == kOperation) return std::make_shared<const WholeAttention>(attention, handle);
  return std::make_shared<const ComposedAttention>(attention, handle);
}

std::vector<Candidate> attentions(const Attention& attention, Stream stream) {
  constexpr int32_t kNondeterministic[] = {dnn::kNoteNondeterministic};
  const auto takes = [&](const Descriptor& config) { return !has_note(config, kNondeterministic); };
  std::vector<Candidate> all;
  std::string reasons = attention_refusal(attention);
  if (!reasons.empty()) fail(Code::kUnsupported, "{}", reasons);
  for (const std::string& form : attention_forms(attention)) {
    try {
      const auto graph = attention_graph(attention, form, cudnn_handle(stream));
      for (Candidate& each : cudnn_candidates(graph, stream, {takes, kPlansPerForm}, prefix_of(form))) {
        all.push_back(std::move(each));
      }
    } catch (const Error& error) {
      if (error.code() != Code::kUnsupported) throw;
      reasons += (reasons.empty() ? "" : "; ") + error.message();
    }
  }
  if (all.empty()) fail(Code::kUnsupported, "{}", reasons);
  return all;
}

std::unique_ptr<Operation> kept_attention(const Attention& attention, const std::string& name, const KeptText& text,
                                          Stream stream) {
  for (const std::string& form : attention_forms(attention)) {
    if (name.rfind(prefix_of(form), 0) != 0) continue;
    const auto graph = attention_graph(attention, form, cudnn_handle(stream));
    return text ? kept_plan(graph, *text, stream) : named_plan(graph, name.substr(prefix_of(form).size()), stream);
  }
  fail(Code::kUnsupported, "cuDNN has no such form of attention");
}

}  // namespace ingot::cuda
