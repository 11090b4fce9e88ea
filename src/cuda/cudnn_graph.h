// cuDNN's graphs of operations, and the plans that its heuristics propose for them.
#pragma once
#include <deque>
#include <functional>
#include <span>

#include "cuda/choice.h"
#include "cuda/cudnn_descriptor.h"

namespace ingot::cuda {

// Operations on tensors. What cuDNN does not take throws kUnsupported with its status and message.
class CudnnGraph {
 public:
  using Sizes = std::vector<int64_t>;
  // An operand of the operation that the graph becomes, counted from 0; `type` is a dnn::k<type>. Its rows start at
  // multiples of `alignment` bytes.
  Descriptor operand(size_t index, const Sizes& sizes, const Sizes& strides, int type, int64_t alignment = 16);
  // A result that the next operation takes and no memory keeps.
  Descriptor inner(const Sizes& sizes, const Sizes& strides, int type);
  // A number for tensors of `rank` axes.
  Descriptor scalar(float value, size_t rank);
  // y = mode(x, b), or where t x else b; `axis` of kIndex.
  struct Pointwise {
    int mode;
    const Descriptor& x;
    const Descriptor* b = nullptr;
    const Descriptor* t = nullptr;
    int64_t axis = -1;
    int math = dnn::kF32;
  };
  void pointwise(const Pointwise& operation, const Descriptor& y);
  // Any descriptor that an operation refers to, and an operation: made ready and kept.
  Descriptor keep(Descriptor part, const char* what);
  void add(Descriptor operation, const char* what);
  // No operation after this. `handle` null: for a GPU that is not there, whose properties the proposals are made for.
  void finish(dnn::Handle handle);

  const Descriptor& graph() const { return graph_; }
  // Ids and values of the scalars; the values stay where they are.
  const std::deque<float>& scalars() const { return scalars_; }
  static int64_t operand_id(size_t index) { return static_cast<int64_t>(index) + 1; }
  static int64_t scalar_id(size_t index) { return kFirstScalar + static_cast<int64_t>(index); }

 private:
  static constexpr int64_t kFirstScalar = 50, kFirstInner = 100;
  enum class Kind { kOperand, kInner, kScalar };
  Descriptor tensor(Kind kind, const Sizes& sizes, const Sizes& strides, int type, int64_t id, int64_t alignment = 16);

  int64_t next_inner_ = kFirstInner;
  std::deque<float> scalars_;
  std::vector<Descriptor> parts_, operations_;  // what the graph refers to
  Descriptor graph_{dnn::kGraph};
};

// Whether an engine's configuration may be used.
using TakesConfig = std::function<bool(const Descriptor& config)>;
// Whether the configuration's engine has one of these numerical notes, or does not tell.
bool has_note(const Descriptor& config, std::span<const int32_t> notes);

// Which proposals of cuDNN's heuristics are wanted: those that `takes` allows, of which no more than `most` are made,
// and where none can be, with `fallback`, one of those that some take seconds to make and are slow.
struct Wanted {
  TakesConfig takes;
  size_t most = 1;
  bool fallback = true;
};
// Best guess first, named `prefix` and the engine with its settings. Those that turn out not to be wanted once others
// are made say so. Throws kUnsupported with cuDNN's reason when there are none.
std::vector<Candidate> cudnn_candidates(const std::shared_ptr<const CudnnGraph>& graph, Stream stream,
                                        const Wanted& wanted, const std::string& prefix);
// The candidate of that name behind its prefix, without asking the heuristics; null where cuDNN makes none from it.
std::unique_ptr<device::Operation> named_plan(const std::shared_ptr<const CudnnGraph>& graph, const std::string& name,
                                              Stream stream);
// The plan of an equal graph that plan_text() was told of in another process.
std::unique_ptr<device::Operation> kept_plan(const std::shared_ptr<const CudnnGraph>& graph, const std::string& text,
                                             Stream stream);

}  // namespace ingot::cuda
