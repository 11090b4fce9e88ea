#include "onnx/convert/convert.h"

#include "onnx/convert/converters.h"
#include "tensor/elements.h"

namespace ingot::onnx {

ir::ValueId Conversion::input(size_t index) const {
  if (!has(index)) fail(Code::kInvalidModel, "{} needs its input {}", node_.op_type, index);
  return inputs_[index];
}

int64_t Conversion::rank(size_t index, const char* why) const {
  const Fact& fact = input_fact(index);
  if (!fact.has_rank()) {
    fail(Code::kUnsupported, "{}: the rank of input {} is not known from the model ({})", node_.op_type, index, why);
  }
  return fact.rank();
}

const Attribute* Conversion::attribute(std::string_view name, Attribute::Type type) const {
  const Attribute* found = node_.attribute(name);
  if (found != nullptr && found->type != type) {
    fail(Code::kInvalidModel, "attribute {} of {} has type {} where {} is expected", name, node_.op_type,
         static_cast<int>(found->type), static_cast<int>(type));
  }
  return found;
}

int64_t Conversion::get_int(std::string_view name, int64_t fallback) const {
  const Attribute* found = attribute(name, Attribute::Type::kInt);
  return found != nullptr ? found->i : fallback;
}
double Conversion::get_float(std::string_view name, double fallback) const {
  const Attribute* found = attribute(name, Attribute::Type::kFloat);
  return found != nullptr ? static_cast<double>(found->f) : fallback;
}
std::string Conversion::get_string(std::string_view name, std::string fallback) const {
  const Attribute* found = attribute(name, Attribute::Type::kString);
  return found != nullptr ? found->s : fallback;
}
std::vector<int64_t> Conversion::get_ints(std::string_view name) const {
  const Attribute* found = attribute(name, Attribute::Type::kInts);
  return found != nullptr ? found->ints : std::vector<int64_t>();
}
std::vector<double> Conversion::get_floats(std::string_view name) const {
  const Attribute* found = attribute(name, Attribute::Type::kFloats);
  return found != nullptr ? std::vector<double>(found->floats.begin(), found->floats.end()) : std::vector<double>();
}
std::vector<std::string> Conversion::get_strings(std::string_view name) const {
  const Attribute* found = attribute(name, Attribute::Type::kStrings);
  return found != nullptr ? found->strings : std::vector<std::string>();
}
Tensor Conversion::get_tensor(std::string_view name) const {
  const Attribute* found = attribute(name, Attribute::Type::kTensor);
  return found != nullptr ? to_tensor(found->tensors.at(0), folder_) : Tensor();
}
const Graph& Conversion::get_graph(std::string_view name) const {
  const Attribute* found = attribute(name, Attribute::Type::kGraph);
  if (found == nullptr) fail(Code::kInvalidModel, "{} needs its attribute {}", node_.op_type, name);
  return *found->graphs.at(0);
}
DType Conversion::get_dtype(std::string_view name, DType fallback) const {
  if (!has_attribute(name)) return fallback;
  const int64_t number = get_int(name, 0);
  if (!is_valid_dtype(number)) fail(Code::kInvalidModel, "attribute {}: {} is no element type", name, number);
  return static_cast<DType>(number);
}

ir::ValueId Conversion::add(Op op, std::vector<ir::ValueId> inputs) {
  return add_node(std::move(op), std::move(inputs)).at(0);
}
std::vector<ir::ValueId> Conversion::add_node(Op op, std::vector<ir::ValueId> inputs) {
  return graph_.add_node(std::move(op), std::move(inputs), {origin.empty() ? node_.name : origin});
}

std::vector<ir::ValueId> Conversion::convert_as(const Node& node, int64_t opset, std::vector<ir::ValueId> inputs) {
  const Converter* converter = find_converter("", node.op_type, opset);
  if (converter == nullptr) fail(Code::kUnsupported, "no operator {} at opset {}", node.op_type, opset);
  Conversion inner(node, opset, std::move(inputs), graph_, folder_);
  inner.origin = origin;
  inner.convert_body = convert_body;
  converter->convert(inner);
  return inner.outputs();
}

ir::ValueId Conversion::scalar(double value, DType dtype) {
  Tensor tensor(dtype, {});
  write_double(tensor, 0, value);
  return graph_.add_constant(std::move(tensor));
}
ir::ValueId Conversion::ints(const std::vector<int64_t>& values) {
  return graph_.add_constant(Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values));
}

void Conversion::set_output(size_t index, ir::ValueId value) {
  if (index < outputs_.size()) outputs_[index] = value;
}
void Conversion::set_outputs(const std::vector<ir::ValueId>& values) {
  for (size_t i = 0; i < values.size(); ++i) set_output(i, values[i]);
}

size_t Conversion::body(std::string_view name, const std::vector<Fact>& inputs, std::vector<ir::ValueId>& captures) {
  return convert_body(get_graph(name), inputs, captures);
}

}  // namespace ingot::onnx
