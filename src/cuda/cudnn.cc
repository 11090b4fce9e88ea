#include "cuda/cudnn.h"

#include <algorithm>

#include "cuda/cudnn_descriptor.h"
#include "cuda/cudnn_plan.h"

namespace ingot::cuda {
namespace {

using device::Activation;
using device::Address;
using device::Convolution;
using device::Operation;

constexpr int64_t kMaxWorkspace = 256 << 20;
constexpr int64_t kMaxProposals = 16;
constexpr size_t kMaxCandidates = 5;

// The convolution and what follows it as cuDNN's graph. Tensor ids are 1 + the operand's index.
class ConvolutionGraph {
 public:
  ConvolutionGraph(const Convolution& c, Stream stream) : convolution_(c), graph_(dnn::kGraph) {
    const Descriptor x = activation_tensor(c.h, c.w, c.c, 1), w = weight_tensor();
    int steps = (c.bias ? 1 : 0) + (c.residual ? 1 : 0) + (c.activation != Activation::kNone ? 1 : 0);
    Descriptor y = result_tensor(steps == 0);
    add_convolution(x, w, y);
    int64_t operand = 3;
    if (c.bias) {
      const Descriptor bias = tensor({1, c.m, 1, 1}, {c.m, 1, c.m, c.m}, c.dtype, operand + 1, false);
      y = add_pointwise(dnn::kAdd, y, &bias, --steps == 0);
      ++operand;
    }
    if (c.residual) {
      const Descriptor residual = activation_tensor(c.out_h, c.out_w, c.m, operand + 1);
      y = add_pointwise(dnn::kAdd, y, &residual, --steps == 0);
    }
    if (c.activation == Activation::kRelu) y = add_pointwise(dnn::kRelu, y, nullptr, true);
    if (c.activation == Activation::kSilu) y = add_pointwise(dnn::kSwish, y, nullptr, true);
    std::vector<dnn::Descriptor> raw;
    for (const Descriptor& each : operations_) raw.push_back(each.get());
    const dnn::Handle h = cudnn_handle(stream);
    graph_.set(dnn::kGraphOperations, dnn::kTypeDescriptor, static_cast<int64_t>(raw.size()), raw.data());
    graph_.set(dnn::kGraphHandle, dnn::kTypeHandle, 1, &h);
    if (const int status = graph_.finalize(); status != 0) {
      fail(Code::kUnsupported, "cuDNN takes no such graph: status {}", status);
    }
  }
  const Descriptor& graph() const { return graph_; }

 private:
  // Sums stay in f32 between the operations; what is stored has the convolution's type.
  Descriptor tensor(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides, DType dtype, int64_t id,
                    bool inner) {
    Descriptor tensor(dnn::kTensor);
    const int64_t alignment = 16;
    tensor.set_int(dnn::kTensorDataType, dnn::kTypeDataType, cudnn_data_type(dtype));
    tensor.set(dnn::kTensorDims, dnn::kTypeInt64, dims);
    tensor.set(dnn::kTensorStrides, dnn::kTypeInt64, strides);
    tensor.set(dnn::kTensorId, dnn::kTypeInt64, 1, &id);
    tensor.set(dnn::kTensorAlignment, dnn::kTypeInt64, 1, &alignment);
    tensor.set(dnn::kTensorVirtual, dnn::kTypeBool, 1, &inner);
    check_cudnn(tensor.finalize(), "a tensor");
    parts_.push_back(tensor);
    return tensor;
  }
  Descriptor activation_tensor(int64_t h, int64_t w, int64_t c, int64_t id) {
    return tensor({convolution_.n, c, h, w}, {h * w * c, 1, w * c, c}, convolution_.dtype, id, false);
  }
  Descriptor weight_tensor() {
    const Convolution& c = convolution_;
    const auto [kh, kw] = c.kernel;
    const int64_t channels = c.c / c.groups;
    return tensor({c.m, channels, kh, kw}, {kh * kw * channels, 1, kw * channels, channels}, c.dtype, 2, false);
  }
  Descriptor result_tensor(bool last) {
    const Convolution& c = convolution_;
    const std::vector<int64_t> strides = {c.out_h * c.out_w * c.m, 1, c.out_w * c.m, c.m};
    return tensor({c.n, c.m, c.out_h, c.out_w}, strides, last ? c.dtype : DType::kF32, last ? 3 : next_inner_++, !last);
  }

  void add_convolution(const Descriptor& x, const Descriptor& w, const Descriptor& y) {
    const Convolution& c = convolution_;
    Descriptor math(dnn::kConvolution);
    const int64_t spatial = 2;
    math.set_int(dnn::kConvolutionCompute, dnn::kTypeDataType, dnn::kF32);
    math.set_int(dnn::kConvolutionMode, dnn::kTypeConvolutionMode, dnn::kCrossCorrelation);
    math.set(dnn::kConvolutionSpatialDims, dnn::kTypeInt64, 1, &spatial);
    math.set(dnn::kConvolutionDilations, dnn::kTypeInt64, 2, c.dilation.data());
    math.set(dnn::kConvolutionStrides, dnn::kTypeInt64, 2, c.stride.data());
    math.set(dnn::kConvolutionPrePads, dnn::kTypeInt64, 2, c.pad_begin.data());
    math.set(dnn::kConvolutionPostPads, dnn::kTypeInt64, 2, c.pad_end.data());
    check_cudnn(math.finalize(), "a convolution");
    parts_.push_back(math);
    Descriptor forward(dnn::kConvolutionForward);
    const float alpha = 1, beta = 0;
    forward.set_descriptor(dnn::kForwardConvolution, math);
    forward.set_descriptor(dnn::kForwardX, x);
    forward.set_descriptor(dnn::kForwardW, w);
    forward.set_descriptor(dnn::kForwardY, y);
    forward.set(dnn::kForwardAlpha, dnn::kTypeFloat, 1, &alpha);
    forward.set(dnn::kForwardBeta, dnn::kTypeFloat, 1, &beta);
    check_cudnn(forward.finalize(), "a convolution");
    operations_.push_back(forward);
  }

  Descriptor add_pointwise(int mode, const Descriptor& x, const Descriptor* b, bool last) {
    Descriptor y = result_tensor(last);
    Descriptor math(dnn::kPointwise);
    math.set_int(dnn::kPointwiseMode, dnn::kTypePointwiseMode, mode);
    math.set_int(dnn::kPointwiseMath, dnn::kTypeDataType, dnn::kF32);
    check_cudnn(math.finalize(), "an elementwise operation");
    parts_.push_back(math);
    Descriptor operation(dnn::kPointwiseOperation);
    operation.set_descriptor(dnn::kOperationPointwise, math);
    operation.set_descriptor(dnn::kOperationX, x);
    if (b != nullptr) operation.set_descriptor(dnn::kOperationB, *b);
    operation.set_descriptor(dnn::kOperationY, y);
    check_cudnn(operation.finalize(), "an elementwise operation");
    operations_.push_back(operation);
    return y;
  }

  Convolution convolution_;
  int64_t next_inner_ = 100;
  std::vector<Descriptor> parts_, operations_;  // what the graph refers to
  Descriptor graph_;
};

class PlannedConvolution : public Operation {
 public:
  // kUnsupported when the plan wants too much memory.
  PlannedConvolution(std::shared_ptr<const ConvolutionGraph> graph, Descriptor plan, Stream stream)
      : graph_(std::move(graph)), plan_(std::move(plan)), stream_(stream) {
    int64_t count = 0;
    check_cudnn(cudnn().get(plan_.get(), dnn::kPlanWorkspace, dnn::kTypeInt64, 1, &count, &workspace_bytes),
                "a workspace");
    if (workspace_bytes > kMaxWorkspace) fail(Code::kUnsupported, "it wants {} bytes of workspace", workspace_bytes);
  }
  const Descriptor& plan() const { return plan_; }
  void enqueue(std::span<const Address> operands, Address workspace) override {
    std::vector<int64_t> ids(operands.size());
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i) + 1;
    Descriptor pack(dnn::kVariantPack);
    pack.set(dnn::kPackPointers, dnn::kTypePointer, static_cast<int64_t>(operands.size()), operands.data());
    pack.set(dnn::kPackIds, dnn::kTypeInt64, ids);
    pack.set(dnn::kPackWorkspace, dnn::kTypePointer, 1, &workspace);
    check_cudnn(pack.finalize(), "operands");
    check_cudnn(cudnn().execute(cudnn_handle(stream_), plan_.get(), pack.get()), "running");
  }

 private:
  std::shared_ptr<const ConvolutionGraph> graph_;  // must outlive the plan
  Descriptor plan_;
  Stream stream_;
};

// Whether the engine keeps to f32 where the operands are f32.
bool keeps_precision(const Descriptor& config) {
  Descriptor engine(dnn::kEngine);
  dnn::Descriptor raw = engine.get();
  int64_t count = 0;
  if (cudnn().get(config.get(), dnn::kConfigEngine, dnn::kTypeDescriptor, 1, &count, &raw) != 0) return false;
  int32_t notes[32] = {};
  if (cudnn().get(engine.get(), dnn::kEngineNumericalNote, dnn::kTypeNumericalNote, 32, &count, notes) != 0)
    return false;
  for (int64_t i = 0; i < count; ++i) {
    if (notes[i] == dnn::kNoteTensorCore || notes[i] == dnn::kNoteDownConvert) return false;
  }
  return true;
}

std::vector<Descriptor> proposals(const ConvolutionGraph& graph, int mode) {
  std::vector<Descriptor> configs;
  Descriptor heuristics(dnn::kHeuristics);
  heuristics.set_descriptor(dnn::kHeuristicGraph, graph.graph());
  heuristics.set_int(dnn::kHeuristicMode, dnn::kTypeHeuristicMode, mode);
  if (heuristics.finalize() != 0) return configs;
  std::vector<dnn::Descriptor> raw;
  for (int64_t i = 0; i < kMaxProposals; ++i) {
    configs.emplace_back(dnn::kEngineConfig);
    raw.push_back(configs.back().get());
  }
  int64_t count = 0;
  if (cudnn().get(heuristics.get(), dnn::kHeuristicResults, dnn::kTypeDescriptor, kMaxProposals, &count, raw.data()) !=
      0)
    count = 0;
  configs.resize(static_cast<size_t>(std::clamp<int64_t>(count, 0, kMaxProposals)), configs.front());
  return configs;
}

// The first few that work are built; others say that they are not wanted.
struct Limit {
  size_t built = 0;
  void check(size_t most) const {
    if (built >= most) fail(Code::kUnsupported, "{} better ones were built", built);
  }
};

std::unique_ptr<Operation> build_plan(const std::shared_ptr<const ConvolutionGraph>& graph, const Descriptor& config,
                                      Stream stream) {
  Descriptor plan(dnn::kExecutionPlan);
  const dnn::Handle h = cudnn_handle(stream);
  plan.set(dnn::kPlanHandle, dnn::kTypeHandle, 1, &h);
  plan.set_descriptor(dnn::kPlanConfig, config);
  if (const int status = plan.finalize(); status != 0) fail(Code::kUnsupported, "cuDNN: a plan: status {}", status);
  return std::make_unique<PlannedConvolution>(graph, std::move(plan), stream);
}

void add_candidates(const std::shared_ptr<const ConvolutionGraph>& graph, int mode, size_t most, bool f32,
                    const std::shared_ptr<Limit>& limit, Stream stream, std::vector<Candidate>& candidates) {
  for (const Descriptor& config : proposals(*graph, mode)) {
    if (f32 && !keeps_precision(config)) continue;
    candidates.push_back({config_name(config), [graph, config, most, limit, stream] {
                            limit->check(most);
                            auto built = build_plan(graph, config, stream);
                            ++limit->built;
                            return built;
                          }});
  }
}

std::shared_ptr<const ConvolutionGraph> graph_of(const Convolution& convolution, Stream stream) {
  if (!cudnn().library.found()) fail(Code::kUnsupported, "cuDNN is missing: {}", cudnn().library.detail());
  if (convolution.activation == Activation::kGeluTanh) fail(Code::kUnsupported, "cuDNN's part has no GELU");
  return std::make_shared<const ConvolutionGraph>(convolution, stream);
}

}  // namespace

const SharedLibrary& cudnn_library() { return cudnn().library; }

std::string cudnn_version() {
  if (!cudnn().library.found()) return "";
  const size_t version = cudnn().version();
  return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

std::vector<Candidate> convolutions(const Convolution& convolution, Stream stream) {
  const auto graph = graph_of(convolution, stream);
  const auto limit = std::make_shared<Limit>();
  const bool f32 = convolution.dtype == DType::kF32;
  std::vector<Candidate> candidates;
  add_candidates(graph, dnn::kHeuristicA, kMaxCandidates, f32, limit, stream, candidates);
  add_candidates(graph, dnn::kHeuristicFallback, 1, f32, limit, stream, candidates);
  if (candidates.empty()) fail(Code::kUnsupported, "cuDNN has no engine for this convolution");
  return candidates;
}

std::unique_ptr<Operation> kept_convolution(const Convolution& convolution, const std::string& text, Stream stream) {
  const auto graph = graph_of(convolution, stream);
  return std::make_unique<PlannedConvolution>(graph, plan_of_text(text, cudnn_handle(stream)), stream);
}

std::string plan_text(const Operation& operation) {
  const auto* planned = dynamic_cast<const PlannedConvolution*>(&operation);
  return planned != nullptr ? text_of_plan(planned->plan()) : "";
}

}  // namespace ingot::cuda
