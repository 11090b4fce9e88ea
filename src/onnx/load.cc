#include "onnx/load.h"

#include <new>

#include "base/log.h"
#include "onnx/convert/convert.h"
#include "onnx/load_types.h"
#include "onnx/node_order.h"
#include "onnx/scope.h"
#include "onnx/settle.h"

namespace ingot::onnx {
namespace {

constexpr int64_t kFirstIrVersion = 3, kLastIrVersion = 13;
constexpr int64_t kFirstOpset = 7, kLastOpset = 27;
constexpr size_t kReportEvery = 64;

std::string canonical(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

class Loader {
 public:
  Loader(const Model& model, const LoadOptions& options, const Progress& progress);
  ir::Graph run();

 private:
  void convert_nodes(const std::vector<Node>& nodes, Scope& scope, bool report = false);
  void convert_node(const Node& node, const std::string& label, Scope& scope);
  void convert_operator(const Node& node, const std::string& label, Scope& scope, std::vector<ir::ValueId> inputs);
  void call_function(const Function& function, const Node& call, const std::string& label, Scope& scope,
                     const std::vector<ir::ValueId>& inputs);
  size_t convert_body(const Graph& body, const std::vector<Fact>& facts, std::vector<ir::ValueId>& captures,
                      Scope& outer, const std::string& label);
  void bind_outputs(const Node& node, const std::vector<ir::ValueId>& values, Scope& scope);
  void set_graph_outputs(const Graph& graph, Scope& scope);
  const Function* find_function(const Node& node) const;
  const CustomOperator* find_custom(const Node& node) const;
  int64_t opset_of(const Node& node, const CallFrame& frame) const;

  // One more level of bodies or calls; throws past the limit.
  class Level {
   public:
    explicit Level(Loader& loader) : loader_(loader) {
      if (++loader_.depth_ > loader_.options_.max_depth) {
        --loader_.depth_;
        fail(Code::kInvalidModel, "subgraphs and functions nested more than {} deep", loader_.options_.max_depth);
      }
    }
    ~Level() { --loader_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Loader& loader_;
  };

  const Model& model_;
  const LoadOptions& options_;
  const Progress& progress_;
  std::unordered_map<std::string, const Function*> functions_;
  size_t depth_ = 0, nodes_ = 0;
};

std::string function_key(const std::string& domain, const std::string& name, const std::string& overload) {
  return canonical(domain) + ":" + name + ":" + overload;
}

Loader::Loader(const Model& model, const LoadOptions& options, const Progress& progress)
    : model_(model), options_(options), progress_(progress) {
  for (const Function& function : model.functions) {
    functions_[function_key(function.domain, function.name, function.overload)] = &function;
  }
}

void check_versions(const Model& model) {
  if (model.ir_version < kFirstIrVersion || model.ir_version > kLastIrVersion) {
    fail(Code::kUnsupported, "the model has ONNX IR version {}; versions {} to {} can be read", model.ir_version,
         kFirstIrVersion, kLastIrVersion);
  }
  const int64_t opset = model.opset("");
  if (opset > kLastOpset) {
    fail(Code::kUnsupported, "the model uses opset {} of ai.onnx; opsets {} to {} are supported", opset, kFirstOpset,
         kLastOpset);
  }
  if (opset != 0 && opset < kFirstOpset) {
    log(LogLevel::kWarning, "the model uses opset {} of ai.onnx; only {} to {} are promised to work", opset,
        kFirstOpset, kLastOpset);
  }
}

ir::Graph Loader::run() {
  check_versions(model_);
  const Graph& source = model_.graph;
  ir::Graph graph;
  if (!source.name.empty()) graph.name = source.name;
  Target target{graph, {}};
  CallFrame frame;
  frame.opset_imports = &model_.opset_imports;
  Scope scope(target, frame, model_.folder);
  scope.declare(source);
  InputFacts facts(source, options_);
  for (const ValueInfo& input : source.inputs) {
    if (scope.has_initializer(input.name)) {
      if (model_.ir_version > 3) log(LogLevel::kInfo, "input '{}' has a default and is kept constant", input.name);
      continue;
    }
    scope.bind(input.name, graph.add_input(input.name, facts.fact(input)));
  }
  convert_nodes(source.nodes, scope, true);
  set_graph_outputs(source, scope);
  target.make_names_unique();
  return graph;
}

void Loader::set_graph_outputs(const Graph& graph, Scope& scope) {
  std::vector<ir::ValueId> outputs;
  std::vector<std::string> names;
  for (const ValueInfo& output : graph.outputs) {
    const ir::ValueId id = scope.resolve(output.name);
    if (id == ir::kNoValue) fail(Code::kInvalidModel, "output '{}' is an input that the caller left out", output.name);
    outputs.push_back(id);
    names.push_back(output.name);
  }
  scope.graph().set_outputs(std::move(outputs), std::move(names));
}

void Loader::convert_nodes(const std::vector<Node>& nodes, Scope& scope, bool report) {
  size_t done = 0;
  for (const size_t index : node_order(nodes)) {
    if (report && done % kReportEvery == 0) progress_.report("convert", done, nodes.size());
    ++done;
    if (++nodes_ > options_.max_nodes) {
      fail(Code::kInvalidModel, "more than {} nodes once functions are inlined (limit)", options_.max_nodes);
    }
    const Node& node = nodes[index];
    const std::string label =
        scope.frame().prefix + (node.name.empty() ? scope.body_prefix : "") + node_label(node, index);
    try {
      convert_node(node, label, scope);
    } catch (Error& error) {
      std::string described = fmt::format("node {} ({})", label, node.op_type);
      // The graph has named the node already when inference refused one of its operators.
      const bool named = error.frames().size() == 1 && error.frames()[0].starts_with("node " + label + " (");
      if (!named) error.add_frame(std::move(described));
      throw;
    }
  }
}

// `node` with its references to the attributes of the function called replaced; returns it unchanged when it has none.
const Node& bind_attributes(const Node& node, const CallFrame& frame, std::optional<Node>& storage) {
  bool any = false;
  for (const Attribute& attribute : node.attributes) any = any || !attribute.ref_attr_name.empty();
  if (!any) return node;
  storage = node;
  storage->attributes.clear();
  for (const Attribute& attribute : node.attributes) {
    if (attribute.ref_attr_name.empty()) {
      storage->attributes.push_back(attribute);
      continue;
    }
    const auto found = frame.attributes.find(attribute.ref_attr_name);
    if (found == frame.attributes.end()) continue;  // not given and without default: absent
    storage->attributes.push_back(*found->second);
    storage->attributes.back().name = attribute.name;
  }
  return *storage;
}

void Loader::convert_node(const Node& source, const std::string& label, Scope& scope) {
  std::optional<Node> bound;
  const Node& node = bind_attributes(source, scope.frame(), bound);
  std::vector<ir::ValueId> inputs;
  for (const std::string& name : node.inputs) inputs.push_back(name.empty() ? ir::kNoValue : scope.resolve(name));
  const size_t first_value = scope.graph().value_count();
  if (const CustomOperator* custom = find_custom(node)) {
    bind_outputs(node, scope.graph().add_node(custom->make(node, custom->user), std::move(inputs), {label}), scope);
  } else if (const Function* function = find_function(node)) {
    call_function(*function, node, label, scope, inputs);
  } else {
    convert_operator(node, label, scope, std::move(inputs));
  }
  settle_values(scope.graph(), first_value);
}

int64_t Loader::opset_of(const Node& node, const CallFrame& frame) const {
  for (const OperatorSet& set : *frame.opset_imports) {
    if (canonical(set.domain) == canonical(node.domain)) return set.version;
  }
  fail(Code::kInvalidModel, "domain '{}' is used but not imported",
       canonical(node.domain).empty() ? "ai.onnx" : node.domain);
}

void Loader::convert_operator(const Node& node, const std::string& label, Scope& scope,
                              std::vector<ir::ValueId> inputs) {
  const int64_t opset = opset_of(node, scope.frame());
  const Converter* converter = find_converter(canonical(node.domain), node.op_type, opset);
  if (converter == nullptr) {
    fail(Code::kUnsupported, "no operator {} of domain {} at opset {}", node.op_type,
         canonical(node.domain).empty() ? "ai.onnx" : node.domain, opset);
  }
  Conversion conversion(node, opset, std::move(inputs), scope.graph(), model_.folder);
  conversion.origin = label;
  conversion.convert_body = [&](const Graph& body, const std::vector<Fact>& facts, std::vector<ir::ValueId>& captures) {
    return convert_body(body, facts, captures, scope, label);
  };
  converter->convert(conversion);
  bind_outputs(node, conversion.outputs(), scope);
}

void Loader::bind_outputs(const Node& node, const std::vector<ir::ValueId>& values, Scope& scope) {
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string& name = node.outputs[i];
    if (name.empty()) continue;
    if (i >= values.size() || values[i] == ir::kNoValue) {
      fail(Code::kUnsupported, "output {} ('{}') of {} is not supported", i, name, node.op_type);
    }
    scope.bind(name, values[i]);
    scope.target().name_value(values[i], scope.frame().prefix + name);
    if (const ValueInfo* declared = scope.declaration(name)) {
      ir::Graph& graph = scope.graph();
      const Fact& inferred = graph.fact(values[i]);
      if (!inferred.value) {
        graph.refine_fact(values[i], refine(inferred, *declared, [&] { return graph.fresh_dim(); }));
      }
    }
  }
}

const Function* Loader::find_function(const Node& node) const {
  if (functions_.empty()) return nullptr;
  const auto found = functions_.find(function_key(node.domain, node.op_type, node.overload));
  return found != functions_.end() ? found->second : nullptr;
}

const CustomOperator* Loader::find_custom(const Node& node) const {
  for (const CustomOperator& custom : options_.custom_operators) {
    if (canonical(custom.domain) == canonical(node.domain) && custom.op_type == node.op_type) return &custom;
  }
  return nullptr;
}

void Loader::call_function(const Function& function, const Node& call, const std::string& label, Scope& scope,
                           const std::vector<ir::ValueId>& inputs) {
  for (const CallFrame* at = &scope.frame(); at != nullptr; at = at->caller) {
    if (at->function == &function) fail(Code::kInvalidModel, "function {} calls itself", function.name);
  }
  const Level level(*this);
  if (inputs.size() > function.inputs.size() || call.outputs.size() > function.outputs.size()) {
    fail(Code::kInvalidModel, "function {} has {} inputs and {} outputs, called with {} and {}", function.name,
         function.inputs.size(), function.outputs.size(), inputs.size(), call.outputs.size());
  }
  CallFrame frame;
  frame.function = &function;
  frame.caller = &scope.frame();
  frame.opset_imports = &function.opset_imports;
  frame.prefix = label + "/";
  for (const Attribute& attribute : function.attribute_protos) frame.attributes[attribute.name] = &attribute;
  for (const Attribute& attribute : call.attributes) frame.attributes[attribute.name] = &attribute;
  Scope inner(scope.target(), frame, model_.folder);
  inner.declare(function.value_infos);
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    inner.bind(function.inputs[i], i < inputs.size() ? inputs[i] : ir::kNoValue);
  }
  convert_nodes(function.nodes, inner);
  std::vector<ir::ValueId> outputs;
  for (size_t i = 0; i < call.outputs.size(); ++i) {
    outputs.push_back(call.outputs[i].empty() ? ir::kNoValue : inner.resolve(function.outputs[i]));
  }
  bind_outputs(call, outputs, scope);
}

size_t Loader::convert_body(const Graph& body, const std::vector<Fact>& facts, std::vector<ir::ValueId>& captures,
                            Scope& outer, const std::string& label) {
  const Level level(*this);
  if (facts.size() != body.inputs.size()) {
    fail(Code::kInvalidModel, "subgraph '{}' has {} inputs where {} are given", body.name, body.inputs.size(),
         facts.size());
  }
  ir::Graph graph = outer.graph().new_body();
  graph.name = body.name.empty() ? label : body.name;
  Target target{graph, {}};
  std::vector<ir::ValueId> inputs, capture_inputs;
  for (size_t i = 0; i < facts.size(); ++i) {
    const ValueInfo& declared = body.inputs[i];
    Fact fact = facts[i];
    if (fact.type.is_tensor() && fact.dtype() == DType::kUndefined) {
      fact = refine(Fact(type_of(declared.type, declared.name)), declared, [&] { return graph.fresh_dim(); });
    }
    inputs.push_back(graph.add_input(declared.name, std::move(fact)));
  }
  for (const ir::ValueId id : captures) {
    capture_inputs.push_back(graph.add_input(outer.graph().value(id).name, outer.graph().fact(id)));
  }
  Scope scope(target, outer.frame(), model_.folder, &outer, &captures, std::move(capture_inputs));
  scope.body_prefix = label.substr(outer.frame().prefix.size()) + "/";
  scope.declare(body);
  for (size_t i = 0; i < inputs.size(); ++i) scope.bind(body.inputs[i].name, inputs[i]);
  convert_nodes(body.nodes, scope);
  set_graph_outputs(body, scope);
  target.make_names_unique();
  return outer.graph().add_body(std::move(graph));
}

}  // namespace

ir::Graph load(const Model& model, const LoadOptions& options, const Progress& progress) {
  try {
    return Loader(model, options, progress).run();
  } catch (const std::bad_alloc&) {
    fail(Code::kOutOfMemory, "the machine's memory does not suffice to load the model");
  }
}

}  // namespace ingot::onnx
