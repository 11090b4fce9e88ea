// Names of one ONNX graph or function body, bound to values of the IR graph that it is converted into.
#pragma once
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "ir/graph.h"
#include "onnx/model.h"

namespace ingot::onnx {

// What the text of nodes refers to: the main graph's opsets, or those, the attributes and the name of one call of a
// model-local function.
struct CallFrame {
  const Function* function = nullptr;  // null: the main graph and its bodies
  const CallFrame* caller = nullptr;
  const std::vector<OperatorSet>* opset_imports = nullptr;
  std::unordered_map<std::string, const Attribute*> attributes;
  std::string prefix;  // "call/" before names of nodes and values within
};

// An IR graph under construction; several scopes (calls of functions) may share one.
struct Target {
  ir::Graph& graph;
  std::unordered_set<ir::ValueId> named;  // values that carry a name of the model

  void name_value(ir::ValueId id, const std::string& name);
  // Renames what is not unique; names of the model are kept where possible.
  void make_names_unique();
};

class Scope {
 public:
  // `outer`: the scope that a body may capture from; null for the main graph and functions. `captures`: the values of
  // outer's graph that are inputs of this body, grown here; the body's inputs for those already in it exist at the
  // ids `capture_inputs`.
  Scope(Target& target, const CallFrame& frame, const std::filesystem::path& folder, Scope* outer = nullptr,
        std::vector<ir::ValueId>* captures = nullptr, std::vector<ir::ValueId> capture_inputs = {})
      : target_(target),
        frame_(frame),
        folder_(folder),
        outer_(outer),
        captures_(captures),
        capture_inputs_(std::move(capture_inputs)) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  Target& target() { return target_; }
  ir::Graph& graph() { return target_.graph; }
  const CallFrame& frame() const { return frame_; }

  // Initializers and declarations of the ONNX graph; it must outlive the scope.
  void declare(const Graph& graph);
  void declare(const std::vector<ValueInfo>& values);
  bool has_initializer(const std::string& name) const { return initializers_.contains(name); }
  const ValueInfo* declaration(const std::string& name) const;

  // Throws kInvalidModel when the name is bound already. kNoValue: a formal input of a function without argument.
  void bind(const std::string& name, ir::ValueId id);
  // The value of a name: bound here, an initializer, or one of an enclosing graph, made an input of this body.
  // Throws kInvalidModel when there is none.
  ir::ValueId resolve(const std::string& name);

  std::string body_prefix;  // before the labels of unnamed nodes of a body

 private:
  std::optional<ir::ValueId> find(const std::string& name);
  std::optional<ir::ValueId> capture(const std::string& name);
  struct Initializer {
    const TensorProto* dense = nullptr;
    const SparseTensorProto* sparse = nullptr;
  };
  Target& target_;
  const CallFrame& frame_;
  const std::filesystem::path& folder_;
  Scope* outer_;
  std::vector<ir::ValueId>* captures_;
  std::vector<ir::ValueId> capture_inputs_;
  std::unordered_map<std::string, ir::ValueId> values_;
  std::unordered_map<std::string, Initializer> initializers_;  // made constants when first read
  std::unordered_map<std::string, const ValueInfo*> declarations_;
};

}  // namespace ingot::onnx
