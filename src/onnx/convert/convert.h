// Converting one ONNX node at its opset into IR operators.
#pragma once
#include <functional>
#include <span>
#include <string_view>

#include "ir/graph.h"
#include "onnx/model.h"

namespace ingot::onnx {

// What a converter sees and does. Converters add nodes to the graph and bind the ONNX node's outputs.
class Conversion {
 public:
  Conversion(const Node& node, int64_t opset, std::vector<ir::ValueId> inputs, ir::Graph& graph,
             const std::filesystem::path& folder)
      : node_(node), opset_(opset), inputs_(std::move(inputs)), graph_(graph), folder_(folder) {
    outputs_.assign(node.outputs.size(), ir::kNoValue);
  }

  const Node& node() const { return node_; }
  int64_t opset() const { return opset_; }  // of the node's domain
  ir::Graph& graph() { return graph_; }

  // Operands. input() throws kInvalidModel when absent.
  size_t input_count() const { return inputs_.size(); }
  bool has(size_t index) const { return index < inputs_.size() && inputs_[index] != ir::kNoValue; }
  ir::ValueId input(size_t index) const;
  ir::ValueId optional(size_t index) const { return has(index) ? inputs_[index] : ir::kNoValue; }
  const std::vector<ir::ValueId>& inputs() const { return inputs_; }
  const Fact& fact(ir::ValueId id) const { return graph_.fact(id); }
  const Fact& input_fact(size_t index) const { return graph_.fact(input(index)); }
  // Rank of input `index`; throws kUnsupported when it is unknown (say what for in `why`).
  int64_t rank(size_t index, const char* why) const;
  // Content of an input that must be known when converting; null when it is not.
  const Tensor* constant(size_t index) const { return graph_.constant(optional(index)); }
  bool has_output(size_t index) const { return index < node_.outputs.size() && !node_.outputs[index].empty(); }

  // Attributes, with defaults; a wrong type throws kInvalidModel naming attribute and type.
  bool has_attribute(std::string_view name) const { return node_.attribute(name) != nullptr; }
  int64_t get_int(std::string_view name, int64_t fallback) const;
  double get_float(std::string_view name, double fallback) const;
  std::string get_string(std::string_view name, std::string fallback) const;
  std::vector<int64_t> get_ints(std::string_view name) const;  // empty when absent
  std::vector<double> get_floats(std::string_view name) const;
  std::vector<std::string> get_strings(std::string_view name) const;
  Tensor get_tensor(std::string_view name) const;       // undefined when absent
  const Graph& get_graph(std::string_view name) const;  // throws when absent
  DType get_dtype(std::string_view name, DType fallback) const;

  // Adds a node with this ONNX node as origin.
  ir::ValueId add(Op op, std::vector<ir::ValueId> inputs);
  std::vector<ir::ValueId> add_node(Op op, std::vector<ir::ValueId> inputs);
  ir::ValueId constant_value(Tensor tensor) { return graph_.add_constant(std::move(tensor)); }
  // A scalar constant of `dtype`.
  ir::ValueId scalar(double value, DType dtype);
  ir::ValueId ints(const std::vector<int64_t>& values);

  // Converts `node`, of the domain "" at `opset`, with the operands `inputs` in place of its own; returns the values of
  // its outputs. For operators of other domains that are an ONNX operator and a little more.
  std::vector<ir::ValueId> convert_as(const Node& node, int64_t opset, std::vector<ir::ValueId> inputs);

  // Binds output `index` of the ONNX node.
  void set_output(size_t index, ir::ValueId value);
  void set_outputs(const std::vector<ir::ValueId>& values);
  const std::vector<ir::ValueId>& outputs() const { return outputs_; }

  // Control flow: converts the subgraph attribute `name` into a body of graph() and returns its index. The body's
  // inputs are `inputs` (facts of the subgraph's declared inputs, in order; Fact() takes the declared type and rank)
  // followed by the values it captures from outside, constants excepted; `captures` lists these outer values and may be
  // pre-filled and grown (several bodies of one node share one list: convert all, then pad with
  // graph().bodies()[i]->add_input). A body converted with facts that prove too narrow may be dropped with
  // bodies().pop_back() and converted again.
  size_t body(std::string_view name, const std::vector<Fact>& inputs, std::vector<ir::ValueId>& captures);

  // Set by the loader. `origin` names the node even when the file does not.
  std::string origin;
  std::function<size_t(const Graph&, const std::vector<Fact>&, std::vector<ir::ValueId>&)> convert_body;

 private:
  const Attribute* attribute(std::string_view name, Attribute::Type type) const;
  const Node& node_;
  int64_t opset_;
  std::vector<ir::ValueId> inputs_, outputs_;
  ir::Graph& graph_;
  const std::filesystem::path& folder_;
};

// One row per ONNX operator and range of opsets; a group's file ends in a table of them.
struct Converter {
  const char* domain;  // "", "ai.onnx.ml", "com.microsoft", ...
  const char* op_type;
  void (*convert)(Conversion& conversion);
  int64_t since = 1;  // first and last opset version it is for
  int64_t until = INT64_MAX;
};

// Every group's table, joined in converters.cc.
std::span<const Converter> all_converters();
// Null when there is none for this domain, name and version.
const Converter* find_converter(std::string_view domain, std::string_view op_type, int64_t opset);

}  // namespace ingot::onnx
