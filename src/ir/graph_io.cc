#include "ir/graph_io.h"

#include <unordered_map>

#include "ops/op_io.h"

namespace ingot::ir {
namespace {

constexpr size_t kMaxList = size_t{1} << 24;
constexpr int kMaxDepth = 64;

void write_fact(ByteWriter& writer, const Fact& fact) {
  write_type(writer, fact.type);
  writer.write<uint8_t>(fact.shape.has_value());
  if (fact.shape) write_dims(writer, *fact.shape);
}

Fact read_fact(ByteReader& reader) {
  Fact fact(read_type(reader));
  if (reader.read<uint8_t>() != 0) fact.shape = read_dims(reader);
  return fact;
}

class GraphWriter {
 public:
  GraphWriter(ByteWriter& writer, const Graph& graph, const std::function<uint32_t(const Tensor&)>& intern)
      : writer_(writer), graph_(graph), intern_(intern) {}

  void run() {
    writer_.write(kGraphVersion);
    writer_.write_string(graph_.name);
    writer_.write_count(graph_.bodies().size());
    for (const auto& body : graph_.bodies()) GraphWriter(writer_, *body, intern_).run();
    writer_.write_count(graph_.inputs().size());
    for (const ValueId input : graph_.inputs()) {
      writer_.write_string(graph_.value(input).name);
      write_fact(writer_, graph_.fact(input));
      number(input);
    }
    write_constants();
    writer_.write_count(graph_.order().size());
    for (const NodeId id : graph_.order()) write_node(graph_.node(id));
    writer_.write_count(graph_.outputs().size());
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      writer_.write(numbers_.at(graph_.outputs()[i]));
      writer_.write_string(graph_.output_names()[i]);
    }
  }

 private:
  void number(ValueId id) {
    const auto next = static_cast<int32_t>(numbers_.size());
    numbers_.emplace(id, next);
  }

  void write_constants() {
    std::vector<ValueId> constants;
    const auto visit = [&](ValueId id) {
      if (id == kNoValue || graph_.constant(id) == nullptr || numbers_.contains(id)) return;
      number(id);
      constants.push_back(id);
    };
    for (const NodeId id : graph_.order()) {
      for (const ValueId input : graph_.node(id).inputs) visit(input);
    }
    for (const ValueId output : graph_.outputs()) visit(output);
    writer_.write_count(constants.size());
    for (const ValueId id : constants) {
      writer_.write_string(graph_.value(id).name);
      writer_.write(intern_(*graph_.constant(id)));
    }
  }

  void write_node(const Node& node) {
    write_op(writer_, node.op);
    writer_.write_count(node.inputs.size());
    for (const ValueId input : node.inputs) writer_.write(input == kNoValue ? kNoValue : numbers_.at(input));
    writer_.write_count(node.outputs.size());
    for (const ValueId output : node.outputs) {
      if (graph_.constant(output) != nullptr && numbers_.contains(output)) {
        // Folded, but its node is still here: readers use the constant; the node's result takes an unused number.
        numbers_.emplace(-2 - static_cast<ValueId>(numbers_.size()), static_cast<int32_t>(numbers_.size()));
      } else {
        number(output);
      }
      writer_.write_string(graph_.value(output).name);
    }
    writer_.write_count(node.origin.size());
    for (const auto& origin : node.origin) writer_.write_string(origin);
  }

  ByteWriter& writer_;
  const Graph& graph_;
  const std::function<uint32_t(const Tensor&)>& intern_;
  std::unordered_map<ValueId, int32_t> numbers_;
};

class GraphReader {
 public:
  GraphReader(ByteReader& reader, const std::function<Tensor(uint32_t)>& constant, int depth)
      : reader_(reader), constant_(constant), depth_(depth) {}

  Graph run() {
    if (depth_ > kMaxDepth) reader_.reject("graphs nested too deeply");
    const auto version = reader_.read<uint32_t>();
    if (version == 0 || version > kGraphVersion) reader_.reject("a graph of a later release");
    graph_.name = reader_.read_string();
    for (size_t left = reader_.read_count(kMaxList, 16); left > 0; --left) {
      graph_.add_body(GraphReader(reader_, constant_, depth_ + 1).run());
    }
    for (size_t left = reader_.read_count(kMaxList, 8); left > 0; --left) {
      std::string name = reader_.read_string();
      values_.push_back(graph_.add_input(std::move(name), read_fact(reader_)));
    }
    for (size_t left = reader_.read_count(kMaxList, 8); left > 0; --left) {
      std::string name = reader_.read_string();
      values_.push_back(graph_.add_constant(constant_(reader_.read<uint32_t>()), std::move(name)));
    }
    for (size_t left = reader_.read_count(kMaxList, 16); left > 0; --left) read_node();
    read_outputs();
    return std::move(graph_);
  }

 private:
  ValueId known(int32_t number) {
    if (number < 0 || static_cast<size_t>(number) >= values_.size())
      reader_.reject("a value used before it is defined");
    return values_[static_cast<size_t>(number)];
  }

  void read_node() {
    Op op = read_op(reader_);
    std::vector<ValueId> inputs(reader_.read_count(kMaxList, 4));
    for (ValueId& input : inputs) {
      const auto number = reader_.read<int32_t>();
      input = number == kNoValue ? kNoValue : known(number);
    }
    std::vector<std::string> names(reader_.read_count(kMaxList, 8));
    for (auto& name : names) name = reader_.read_string();
    Origin origin(reader_.read_count(kMaxList, 8));
    for (auto& each : origin) each = reader_.read_string();
    const auto outputs = graph_.add_node(std::move(op), std::move(inputs), std::move(origin));
    if (outputs.size() != names.size()) reader_.reject("a node with another number of outputs");
    for (size_t i = 0; i < outputs.size(); ++i) {
      graph_.rename_value(outputs[i], std::move(names[i]));
      values_.push_back(outputs[i]);
    }
  }

  void read_outputs() {
    std::vector<ValueId> outputs;
    std::vector<std::string> names;
    for (size_t left = reader_.read_count(kMaxList, 12); left > 0; --left) {
      outputs.push_back(known(reader_.read<int32_t>()));
      names.push_back(reader_.read_string());
    }
    graph_.set_outputs(std::move(outputs), std::move(names));
  }

  ByteReader& reader_;
  const std::function<Tensor(uint32_t)>& constant_;
  int depth_;
  Graph graph_;
  std::vector<ValueId> values_;
};

}  // namespace

void write_graph(ByteWriter& writer, const Graph& graph, const std::function<uint32_t(const Tensor&)>& intern) {
  GraphWriter(writer, graph, intern).run();
}

Graph read_graph(ByteReader& reader, const std::function<Tensor(uint32_t)>& constant) {
  return GraphReader(reader, constant, 0).run();
}

}  // namespace ingot::ir
