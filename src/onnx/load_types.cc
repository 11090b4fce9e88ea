#include "onnx/load_types.h"

#include <algorithm>

#include "base/log.h"

namespace ingot::onnx {
namespace {

constexpr size_t kMaxRank = 64;

DType checked_dtype(int32_t number, const std::string& what) {
  if (!is_valid_dtype(number)) fail(Code::kInvalidModel, "'{}': {} is no element type", what, number);
  return static_cast<DType>(number);
}

Type element_type(const TypeProto& proto, const std::string& what) {
  if (proto.element == nullptr) fail(Code::kInvalidModel, "'{}': a sequence, optional or map of nothing", what);
  return type_of(*proto.element, what);
}

void log_conflict(const ValueInfo& declared, const Fact& inferred, const std::string& text) {
  log(LogLevel::kInfo, "'{}' is declared as {} but is {}: the declaration is ignored", declared.name, text,
      inferred.text());
}

std::string shape_text(const std::vector<Dimension>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? "," : "") + (shape[i].value ? std::to_string(*shape[i].value) : "?" + shape[i].param);
  }
  return text + "]";
}

}  // namespace

Type type_of(const TypeProto& proto, const std::string& what) {
  switch (proto.kind) {
    case TypeProto::Kind::kTensor: return Type::tensor(checked_dtype(proto.elem_type, what));
    case TypeProto::Kind::kSequence: return Type::sequence(element_type(proto, what));
    case TypeProto::Kind::kOptional: return Type::optional(element_type(proto, what));
    case TypeProto::Kind::kMap: {
      const Type value = element_type(proto, what);
      if (!value.is_tensor()) fail(Code::kUnsupported, "'{}': a map of anything but tensors", what);
      return Type::map(checked_dtype(proto.key_type, what), value.dtype);
    }
    case TypeProto::Kind::kSparseTensor:
      fail(Code::kUnsupported, "'{}' is a sparse tensor; only constants may be sparse", what);
    case TypeProto::Kind::kNone: break;
  }
  fail(Code::kInvalidModel, "'{}' has no type", what);
}

InputFacts::InputFacts(const Graph& graph, const LoadOptions& options) : options_(options) {
  for (const ValueInfo& input : graph.inputs) {
    if (!input.type.shape) continue;
    for (const Dimension& dimension : *input.type.shape) used_.insert(dimension.param);
  }
}

std::string InputFacts::unused(std::string name) {
  while (!used_.insert(name).second) name += "_";
  return name;
}

Dim InputFacts::dim(const std::vector<Dimension>& shape, const std::string& input, size_t axis) {
  const Dimension& dimension = shape[axis];
  if (!dimension.param.empty()) {
    const auto fixed = options_.free_dimensions.find(dimension.param);
    if (fixed != options_.free_dimensions.end()) return Dim(fixed->second);
    // Exporters name several axes of one input "dim" or "None" without meaning that they are equal.
    const auto same = [&](const Dimension& other) { return other.param == dimension.param; };
    if (std::count_if(shape.begin(), shape.end(), same) > 1) {
      return Dim::symbol(unused(fmt::format("{}@{}", dimension.param, axis)));
    }
    auto& symbol = of_params_[dimension.param];
    // "?" starts the names of sizes that only a run decides.
    if (symbol.empty())
      symbol = dimension.param[0] == '?' ? unused("dim" + dimension.param.substr(1)) : dimension.param;
    return Dim::symbol(symbol);
  }
  if (dimension.value && *dimension.value >= 0) return Dim(*dimension.value);  // some exporters write -1
  return Dim::symbol(unused(fmt::format("{}.{}", input, axis)));
}

Fact InputFacts::fact(const ValueInfo& input) {
  Fact fact(type_of(input.type, input.name));
  const auto given = options_.input_shapes.find(input.name);
  if (given != options_.input_shapes.end()) {
    if (!fact.type.is_tensor()) fail(Code::kInvalidArgument, "input '{}' is no tensor: it has no shape", input.name);
    if (input.type.shape && input.type.shape->size() != given->second.size()) {
      fail(Code::kInvalidArgument, "input '{}' has {} dims, the shape given has {}", input.name,
           input.type.shape->size(), given->second.size());
    }
    fact.shape = given->second;
    return fact;
  }
  if (!fact.type.is_tensor() || !input.type.shape) return fact;
  if (input.type.shape->size() > kMaxRank)
    fail(Code::kInvalidModel, "input '{}' has over {} dims", input.name, kMaxRank);
  fact.shape.emplace();
  for (size_t axis = 0; axis < input.type.shape->size(); ++axis) {
    fact.shape->push_back(dim(*input.type.shape, input.name, axis));
  }
  return fact;
}

Fact refine(Fact inferred, const ValueInfo& declared, const FreshDim& fresh) {
  const TypeProto& type = declared.type;
  if (type.kind != TypeProto::Kind::kTensor || !inferred.type.is_tensor()) return inferred;
  if (is_valid_dtype(type.elem_type) && static_cast<DType>(type.elem_type) != inferred.dtype()) {
    log_conflict(declared, inferred, std::string(dtype_name(static_cast<DType>(type.elem_type))));
    return inferred;
  }
  if (!type.shape || type.shape->size() > kMaxRank) return inferred;
  if (!inferred.has_rank()) {
    inferred.shape.emplace();
    for (size_t i = 0; i < type.shape->size(); ++i) inferred.shape->push_back(fresh());
    return inferred;
  }
  bool conflict = type.shape->size() != inferred.shape->size();
  for (size_t i = 0; !conflict && i < type.shape->size(); ++i) {
    const auto& value = (*type.shape)[i].value;
    const auto known = (*inferred.shape)[i].constant();
    conflict = value && known && *value >= 0 && *value != *known;
  }
  if (conflict) log_conflict(declared, inferred, shape_text(*type.shape));
  return inferred;
}

}  // namespace ingot::onnx
