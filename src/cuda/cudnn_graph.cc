#include "cuda/cudnn_graph.h"

#include <algorithm>

#include "cuda/cudnn.h"
#include "cuda/cudnn_plan.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

constexpr int64_t kMaxWorkspace = 256 << 20;
constexpr int64_t kMaxProposals = 16;

class PlannedGraph : public Operation {
 public:
  // kUnsupported when the plan wants too much memory.
  PlannedGraph(std::shared_ptr<const CudnnGraph> graph, Descriptor plan, Stream stream)
      : graph_(std::move(graph)), plan_(std::move(plan)), stream_(stream) {
    int64_t count = 0;
    check_cudnn(cudnn().get(plan_.get(), dnn::kPlanWorkspace, dnn::kTypeInt64, 1, &count, &workspace_bytes),
                "a workspace");
    if (workspace_bytes > kMaxWorkspace) fail(Code::kUnsupported, "it wants {} bytes of workspace", workspace_bytes);
  }
  const Descriptor& plan() const { return plan_; }
  void enqueue(std::span<const Address> operands, Address workspace) override {
    std::vector<int64_t> ids;
    std::vector<const void*> places;
    for (size_t i = 0; i < operands.size(); ++i) {
      ids.push_back(CudnnGraph::operand_id(i));
      places.push_back(reinterpret_cast<const void*>(operands[i]));
    }
    for (size_t i = 0; i < graph_->scalars().size(); ++i) {
      ids.push_back(CudnnGraph::scalar_id(i));
      places.push_back(&graph_->scalars()[i]);
    }
    Descriptor pack(dnn::kVariantPack);
    pack.set(dnn::kPackPointers, dnn::kTypePointer, static_cast<int64_t>(places.size()), places.data());
    pack.set(dnn::kPackIds, dnn::kTypeInt64, ids);
    pack.set(dnn::kPackWorkspace, dnn::kTypePointer, 1, &workspace);
    check_cudnn(pack.finalize(), "operands");
    check_cudnn(cudnn().execute(cudnn_handle(stream_), plan_.get(), pack.get()), "running");
  }

 private:
  std::shared_ptr<const CudnnGraph> graph_;  // must outlive the plan
  Descriptor plan_;
  Stream stream_;
};

std::vector<Descriptor> proposals(const CudnnGraph& graph, int mode) {
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

std::unique_ptr<Operation> build_plan(const std::shared_ptr<const CudnnGraph>& graph, const Descriptor& config,
                                      Stream stream) {
  Descriptor plan(dnn::kExecutionPlan);
  const dnn::Handle handle = cudnn_handle(stream);
  plan.set(dnn::kPlanHandle, dnn::kTypeHandle, 1, &handle);
  plan.set_descriptor(dnn::kPlanConfig, config);
  require_cudnn(plan.finalize(), "a plan");
  return std::make_unique<PlannedGraph>(graph, std::move(plan), stream);
}

}  // namespace

Descriptor CudnnGraph::tensor(Kind kind, const Sizes& sizes, const Sizes& strides, int type, int64_t id,
                              int64_t alignment) {
  Descriptor tensor(dnn::kTensor);
  const bool yes = true;
  tensor.set_int(dnn::kTensorDataType, dnn::kTypeDataType, type);
  tensor.set(dnn::kTensorDims, dnn::kTypeInt64, sizes);
  tensor.set(dnn::kTensorStrides, dnn::kTypeInt64, strides);
  tensor.set(dnn::kTensorId, dnn::kTypeInt64, 1, &id);
  tensor.set(dnn::kTensorAlignment, dnn::kTypeInt64, 1, &alignment);
  if (kind == Kind::kInner) tensor.set(dnn::kTensorVirtual, dnn::kTypeBool, 1, &yes);
  if (kind == Kind::kScalar) tensor.set(dnn::kTensorByValue, dnn::kTypeBool, 1, &yes);
  return keep(std::move(tensor), "a tensor");
}

Descriptor CudnnGraph::operand(size_t index, const Sizes& sizes, const Sizes& strides, int type, int64_t alignment) {
  return tensor(Kind::kOperand, sizes, strides, type, operand_id(index), alignment);
}

Descriptor CudnnGraph::inner(const Sizes& sizes, const Sizes& strides, int type) {
  return tensor(Kind::kInner, sizes, strides, type, next_inner_++);
}

Descriptor CudnnGraph::scalar(float value, size_t rank) {
  scalars_.push_back(value);
  return tensor(Kind::kScalar, Sizes(rank, 1), Sizes(rank, 1), dnn::kF32, scalar_id(scalars_.size() - 1));
}

void CudnnGraph::pointwise(const Pointwise& p, const Descriptor& y) {
  Descriptor math(dnn::kPointwise);
  math.set_int(dnn::kPointwiseMode, dnn::kTypePointwiseMode, p.mode);
  math.set_int(dnn::kPointwiseMath, dnn::kTypeDataType, p.math);
  if (p.axis >= 0) math.set(dnn::kPointwiseAxis, dnn::kTypeInt64, 1, &p.axis);
  math = keep(std::move(math), "an elementwise operation");
  Descriptor operation(dnn::kPointwiseOperation);
  operation.set_descriptor(dnn::kOperationPointwise, math);
  operation.set_descriptor(dnn::kOperationX, p.x);
  if (p.b != nullptr) operation.set_descriptor(dnn::kOperationB, *p.b);
  if (p.t != nullptr) operation.set_descriptor(dnn::kOperationT, *p.t);
  operation.set_descriptor(dnn::kOperationY, y);
  add(std::move(operation), "an elementwise operation");
}

Descriptor CudnnGraph::keep(Descriptor part, const char* what) {
  require_cudnn(part.finalize(), what);
  parts_.push_back(part);
  return part;
}

void CudnnGraph::add(Descriptor operation, const char* what) {
  require_cudnn(operation.finalize(), what);
  operations_.push_back(std::move(operation));
}

void CudnnGraph::finish(dnn::Handle handle) {
  std::vector<dnn::Descriptor> raw;
  for (const Descriptor& each : operations_) raw.push_back(each.get());
  graph_.set(dnn::kGraphOperations, dnn::kTypeDescriptor, static_cast<int64_t>(raw.size()), raw.data());
  if (handle != nullptr) graph_.set(dnn::kGraphHandle, dnn::kTypeHandle, 1, &handle);
  require_cudnn(graph_.finalize(), "a graph");
}

bool has_note(const Descriptor& config, std::span<const int32_t> notes) {
  Descriptor engine(dnn::kEngine);
  dnn::Descriptor raw = engine.get();
  int64_t count = 0;
  if (cudnn().get(config.get(), dnn::kConfigEngine, dnn::kTypeDescriptor, 1, &count, &raw) != 0) return true;
  int32_t found[32] = {};
  if (cudnn().get(engine.get(), dnn::kEngineNumericalNote, dnn::kTypeNumericalNote, 32, &count, found) != 0) {
    return true;
  }
  return std::find_first_of(found, found + count, notes.begin(), notes.end()) != found + count;
}

std::vector<Candidate> cudnn_candidates(const std::shared_ptr<const CudnnGraph>& graph, Stream stream,
                                        const Wanted& wanted, const std::string& prefix) {
  std::vector<Candidate> candidates;
  std::string reason;
  const auto built = std::make_shared<size_t>(0);
  const auto add = [&](int mode, size_t limit) {
    const auto configs = proposals(*graph, mode);
    if (configs.empty() && reason.empty()) reason = cudnn_message();
    for (const Descriptor& config : configs) {
      if (!wanted.takes(config)) continue;
      candidates.push_back({prefix + config_name(config), [graph, config, stream, built, limit] {
                              if (*built >= limit) fail(Code::kUnsupported, "{} better ones were built", *built);
                              auto plan = build_plan(graph, config, stream);
                              ++*built;
                              return plan;
                            }});
    }
  };
  add(dnn::kHeuristicA, wanted.most);
  if (wanted.fallback) add(dnn::kHeuristicFallback, 1);
  if (candidates.empty()) fail(Code::kUnsupported, "cuDNN has no engine for this{}", reason);
  return candidates;
}

std::unique_ptr<Operation> named_plan(const std::shared_ptr<const CudnnGraph>& graph, const std::string& name,
                                      Stream stream) {
  const auto named = parse_config(name);
  if (!named) return nullptr;
  try {
    return build_plan(graph, config_of(*named, graph->graph()), stream);
  } catch (const Error& error) {
    if (error.code() != Code::kUnsupported) throw;
    return nullptr;
  }
}

std::unique_ptr<Operation> kept_plan(const std::shared_ptr<const CudnnGraph>& graph, const std::string& text,
                                     Stream stream) {
  return std::make_unique<PlannedGraph>(graph, plan_of_text(text, cudnn_handle(stream)), stream);
}

std::string plan_text(const Operation& operation) {
  const auto* planned = dynamic_cast<const PlannedGraph*>(&operation);
  return planned != nullptr ? text_of_plan(planned->plan()) : "";
}

}  // namespace ingot::cuda
