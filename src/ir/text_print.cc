#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "ir/text.h"
#include "tensor/elements.h"

namespace ingot::ir {
namespace {

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

bool plain_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '/' || c == '-' || c == '$' ||
         c == '~';
}

std::string name_text(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), plain_character);
  return plain ? name : quote(name);
}

std::string origin_text(const Origin& origin) {
  std::string text;
  for (size_t i = 0; i < origin.size(); ++i) text += (i ? ", " : "") + origin[i];
  return text;
}

std::string element_text(const Tensor& tensor, int64_t index) {
  switch (tensor.dtype()) {
    case DType::kString: return quote(tensor.data<std::string>()[index]);
    case DType::kBool: return tensor.data<bool>()[index] ? "true" : "false";
    case DType::kF32: return fmt::format("{}", tensor.data<float>()[index]);
    case DType::kC64: {
      const auto value = tensor.data<std::complex<float>>()[index];
      return fmt::format("({}, {})", value.real(), value.imag());
    }
    case DType::kC128: {
      const auto value = tensor.data<std::complex<double>>()[index];
      return fmt::format("({}, {})", value.real(), value.imag());
    }
    case DType::kU64: return fmt::format("{}", static_cast<uint64_t>(read_int(tensor, index)));
    default:
      return is_float(tensor.dtype()) ? fmt::format("{}", read_double(tensor, index))
                                      : fmt::format("{}", read_int(tensor, index));
  }
}

bool is_splat(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString || is_packed(tensor.dtype()) || tensor.count() == 0) return tensor.count() == 1;
  const auto bytes = tensor.bytes();
  const size_t each = bytes.size() / static_cast<size_t>(tensor.count());
  return std::memcmp(bytes.data(), bytes.data() + each, bytes.size() - each) == 0;
}

uint64_t content_hash(const Tensor& tensor) {
  if (tensor.dtype() != DType::kString) return hash64(tensor.bytes());
  uint64_t hash = 0;
  for (const auto& text : tensor.span<std::string>()) hash = hash_combine(hash, hash64(as_bytes(text)));
  return hash;
}

class Printer {
 public:
  Printer(const PrintOptions& options) : options_(options) {}

  std::string print(const Graph& graph, const std::string& head, const std::string& indent) {
    name_values(graph);
    std::string text = head + " " + name_text(graph.name) + "(";
    for (size_t i = 0; i < graph.inputs().size(); ++i) text += (i ? ", " : "") + typed(graph, graph.inputs()[i]);
    text += ") {\n";
    for (size_t i = 0; i < graph.bodies().size(); ++i) {
      text += indent + "  " + Printer(options_).print(*graph.bodies()[i], "body " + std::to_string(i), indent + "  ");
    }
    std::unordered_set<ValueId> defined(graph.inputs().begin(), graph.inputs().end());
    const auto define_constant = [&](ValueId id) {
      if (id == kNoValue || graph.producer(id) != nullptr || !defined.insert(id).second) return;
      const Tensor* value = graph.constant(id);
      text += indent + "  " + typed(graph, id) + " = const " +
              (value ? constant_text(*value, options_.max_inline_elements) : "?") + "\n";
    };
    for (const NodeId id : graph.order()) {
      for (const ValueId input : graph.node(id).inputs) define_constant(input);
      text += indent + "  " + node_line(graph, graph.node(id)) + "\n";
    }
    for (const ValueId output : graph.outputs()) define_constant(output);
    return text + indent + "  " + return_line(graph) + "\n" + indent + "}\n";
  }

 private:
  void name_values(const Graph& graph) {
    std::unordered_set<std::string> taken;
    const auto claim = [&](ValueId id) {
      if (id == kNoValue || names_.contains(id)) return;
      std::string name = graph.value(id).name;
      if (name.empty() || !taken.insert(name).second) {
        name += "~" + std::to_string(id);
        taken.insert(name);
      }
      names_.emplace(id, name_text(name));
    };
    for (const ValueId id : graph.inputs()) claim(id);
    for (const NodeId id : graph.order()) {
      for (const ValueId input : graph.node(id).inputs) claim(input);
      for (const ValueId output : graph.node(id).outputs) claim(output);
    }
    for (const ValueId id : graph.outputs()) claim(id);
  }

  std::string operand(ValueId id) const { return id == kNoValue ? "_" : "%" + names_.at(id); }
  std::string typed(const Graph& graph, ValueId id) const { return operand(id) + ": " + graph.fact(id).text(); }

  std::string node_line(const Graph& graph, const Node& node) const {
    std::string line;
    for (size_t i = 0; i < node.outputs.size(); ++i) line += (i ? ", " : "") + typed(graph, node.outputs[i]);
    line += " = " + node.op.text() + "(";
    for (size_t i = 0; i < node.inputs.size(); ++i) line += (i ? ", " : "") + operand(node.inputs[i]);
    line += ")";
    if (options_.origins && !node.origin.empty()) line += "  # " + origin_text(node.origin);
    return line;
  }

  std::string return_line(const Graph& graph) const {
    std::string line = "return";
    for (size_t i = 0; i < graph.outputs().size(); ++i) {
      const ValueId id = graph.outputs()[i];
      line += (i ? ", " : " ") + operand(id);
      const std::string& name = graph.output_names()[i];
      if (name_text(name) != names_.at(id)) line += " as " + quote(name);
    }
    return line;
  }

  const PrintOptions& options_;
  std::unordered_map<ValueId, std::string> names_;
};

}  // namespace

std::string constant_text(const Tensor& tensor, int64_t max_inline_elements) {
  if (is_splat(tensor)) return element_text(tensor, 0);
  if (tensor.count() > max_inline_elements) return fmt::format("hash({:016x})", content_hash(tensor));
  std::string text = "{";
  for (int64_t i = 0; i < tensor.count(); ++i) text += (i ? ", " : "") + element_text(tensor, i);
  return text + "}";
}

std::string print_graph(const Graph& graph, const PrintOptions& options) {
  return Printer(options).print(graph, "graph", "");
}

}  // namespace ingot::ir
