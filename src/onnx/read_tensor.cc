#include <algorithm>

#include "onnx/fields.h"
#include "onnx/wire.h"

namespace ingot::onnx {
namespace {

constexpr int32_t kExternalLocation = 1;

// The typed fields of one tensor until its data_type is known: the fields may come in any order.
struct TypedContent {
  std::vector<int64_t> ints;      // int32_data, int64_data, uint64_data
  std::vector<std::byte> floats;  // float_data, double_data, unless `view` has it all
  Bytes view;                     // one packed run of them, as the file has it
  uint32_t field = 0;             // which field was seen
  bool empty() const { return ints.empty() && floats.empty() && view.empty(); }
};

void set_field(const MessageReader& message, TypedContent& content) {
  if (content.field != 0 && content.field != message.field()) message.reject("a tensor with content of two types");
  content.field = message.field();
}

void read_floats(MessageReader& message, TypedContent& content) {
  set_field(message, content);
  const bool wide = content.field == wire::tensor::kDoubleData;
  const size_t width = wide ? sizeof(double) : sizeof(float);
  if (message.is_length_delimited()) {
    const Bytes run = message.get_bytes();
    if (run.size() % width != 0) message.reject("packed numbers of a broken length");
    if (content.empty()) {
      content.view = run;
      return;
    }
    message.budget().take_memory(run.size());
    content.floats.insert(content.floats.end(), content.view.begin(), content.view.end());
    content.view = {};
    content.floats.insert(content.floats.end(), run.begin(), run.end());
    return;
  }
  const double value = wide ? message.get_double() : 0;
  const float narrow = wide ? 0 : message.get_float();
  message.budget().take_memory(width);
  const auto* bytes = wide ? reinterpret_cast<const std::byte*>(&value) : reinterpret_cast<const std::byte*>(&narrow);
  content.floats.insert(content.floats.end(), content.view.begin(), content.view.end());
  content.view = {};
  content.floats.insert(content.floats.end(), bytes, bytes + width);
}

// Bytes that one number of `field` takes as raw content of `type`; 0: the two don't go together. Packed types have
// whole bytes in int32_data.
size_t width_of(uint32_t field, int32_t type) {
  if (!is_valid_dtype(type)) return 0;
  const auto dtype = static_cast<DType>(type);
  const auto width = static_cast<size_t>(std::max(dtype_bits(dtype) / 8, 1));
  switch (field) {
    case wire::tensor::kInt32Data: return width <= 4 && dtype != DType::kF32 && dtype != DType::kU32 ? width : 0;
    case wire::tensor::kInt64Data: return dtype == DType::kI64 ? width : 0;
    case wire::tensor::kUint64Data: return dtype == DType::kU64 || dtype == DType::kU32 ? width : 0;
    case wire::tensor::kFloatData: return dtype == DType::kF32 || dtype == DType::kC64 ? width : 0;
    case wire::tensor::kDoubleData: return dtype == DType::kF64 || dtype == DType::kC128 ? width : 0;
    default: return 0;
  }
}

void adopt(TensorProto& tensor, std::vector<std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  tensor.raw = *owner;
  tensor.owner = std::move(owner);
}

void store_typed(const MessageReader& message, ReadBudget& budget, TypedContent content, TensorProto& tensor) {
  if (content.empty()) return;
  const size_t width = width_of(content.field, tensor.data_type);
  if (width == 0) {
    message.reject(
        fmt::format("tensor '{}' of type {} with numbers in field {}", tensor.name, tensor.data_type, content.field));
  }
  if (!content.view.empty()) {
    tensor.raw = content.view;
    tensor.owner = budget.owner();
  } else if (!content.floats.empty()) {
    adopt(tensor, std::move(content.floats));
  } else {
    budget.take_memory(content.ints.size() * width);
    std::vector<std::byte> bytes(content.ints.size() * width);
    for (size_t i = 0; i < content.ints.size(); ++i) std::memcpy(&bytes[i * width], &content.ints[i], width);
    adopt(tensor, std::move(bytes));
  }
}

void check_content(const MessageReader& message, bool external, bool typed, TensorProto& tensor) {
  const int kinds = static_cast<int>(typed) + static_cast<int>(!tensor.raw.empty()) +
                    static_cast<int>(!tensor.string_data.empty()) + static_cast<int>(external);
  if (kinds > 1) message.reject(fmt::format("tensor '{}' has content in two places", tensor.name));
  if (external && tensor.external_data.empty()) {
    message.reject(fmt::format("tensor '{}' is external but says not where", tensor.name));
  }
  if (!external) tensor.external_data.clear();
}

}  // namespace

void read_string_pair(MessageReader message, StringPair& pair) {
  while (message.next()) {
    switch (message.field()) {
      case wire::string_pair::kKey: pair.key = message.get_string(); break;
      case wire::string_pair::kValue: pair.value = message.get_string(); break;
      default: message.skip();
    }
  }
}

void read_tensor(MessageReader message, TensorProto& tensor) {
  ReadBudget& budget = message.budget();
  TypedContent content;
  bool external = false;
  while (message.next()) {
    switch (message.field()) {
      case wire::tensor::kDims: message.get_ints(tensor.dims); break;
      case wire::tensor::kDataType: tensor.data_type = message.get_int32(); break;
      case wire::tensor::kFloatData:
      case wire::tensor::kDoubleData: read_floats(message, content); break;
      case wire::tensor::kInt32Data:
      case wire::tensor::kInt64Data:
      case wire::tensor::kUint64Data:
        set_field(message, content);
        message.get_ints(content.ints);
        break;
      case wire::tensor::kStringData: message.append(tensor.string_data) = message.get_string(); break;
      case wire::tensor::kName: tensor.name = message.get_string(); break;
      case wire::tensor::kRawData:
        tensor.raw = message.get_bytes();
        tensor.owner = budget.owner();
        break;
      case wire::tensor::kDocString: tensor.doc_string = message.get_string(); break;
      case wire::tensor::kExternalData:
        read_string_pair(message.get_message("StringStringEntryProto"), message.append(tensor.external_data));
        break;
      case wire::tensor::kDataLocation: external = message.get_int() == kExternalLocation; break;
      default: message.keep_unknown(tensor.unknown_fields);
    }
  }
  check_content(message, external, !content.empty(), tensor);
  store_typed(message, budget, std::move(content), tensor);
}

void read_sparse_tensor(MessageReader message, SparseTensorProto& tensor) {
  while (message.next()) {
    switch (message.field()) {
      case wire::sparse_tensor::kValues: read_tensor(message.get_message("TensorProto"), tensor.values); break;
      case wire::sparse_tensor::kIndices: read_tensor(message.get_message("TensorProto"), tensor.indices); break;
      case wire::sparse_tensor::kDims: message.get_ints(tensor.dims); break;
      default: message.skip();
    }
  }
}

}  // namespace ingot::onnx
