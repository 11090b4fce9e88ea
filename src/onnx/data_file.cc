// TensorProto, SequenceProto and OptionalProto as files of their own.
#include "onnx/fields.h"
#include "onnx/wire.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

// Content must outlive the caller's bytes.
Tensor owned_tensor(MessageReader message) {
  TensorProto proto;
  read_tensor(message, proto);
  return to_tensor(proto, {}).clone();
}
Tensor owned_sparse_tensor(MessageReader message) {
  SparseTensorProto proto;
  read_sparse_tensor(message, proto);
  return to_tensor(proto, {}).clone();
}

Value read_sequence(MessageReader message);
Value read_optional(MessageReader message);

// A MapProto stores its values as a sequence of single elements, or as one tensor of them.
Tensor join_scalars(const std::vector<Value>& sequences) {
  if (sequences.size() != 1 || sequences[0].items().empty()) fail(Code::kUnsupported, "a map without values");
  const std::vector<Value>& items = sequences[0].items();
  if (items.size() == 1 && items[0].is_tensor() && items[0].tensor().rank() == 1) return items[0].tensor();
  Tensor joined(items[0].tensor().dtype(), {static_cast<int64_t>(items.size())});
  for (size_t i = 0; i < items.size(); ++i) {
    const Tensor& item = items[i].tensor();
    if (item.count() != 1 || item.dtype() != joined.dtype()) {
      fail(Code::kUnsupported, "a map whose values are not single elements of one type");
    }
    copy_element(item, 0, joined, static_cast<int64_t>(i));
  }
  return joined;
}

Value read_map(MessageReader message) {
  std::vector<int64_t> keys;
  std::vector<std::string> string_keys;
  std::vector<Value> values;
  while (message.next()) {
    switch (message.field()) {
      case wire::map_file::kKeys: message.get_ints(keys); break;
      case wire::map_file::kStringKeys: message.append(string_keys) = message.get_string(); break;
      case wire::map_file::kValues: values.push_back(read_sequence(message.get_message("SequenceProto"))); break;
      default: message.skip();
    }
  }
  const auto shape_of = [](const auto& list) { return Shape{static_cast<int64_t>(list.size())}; };
  Tensor key_tensor =
      string_keys.empty() ? Tensor::of(shape_of(keys), keys) : Tensor::of(shape_of(string_keys), string_keys);
  return Value::map(std::move(key_tensor), join_scalars(values));
}

Value read_sequence(MessageReader message) {
  std::vector<Value> items;
  while (message.next()) {
    switch (message.field()) {
      case wire::sequence_file::kTensors:
        message.append(items) = owned_tensor(message.get_message("TensorProto"));
        break;
      case wire::sequence_file::kSparseTensors:
        message.append(items) = owned_sparse_tensor(message.get_message("SparseTensorProto"));
        break;
      case wire::sequence_file::kSequences:
        message.append(items) = read_sequence(message.get_message("SequenceProto"));
        break;
      case wire::sequence_file::kMaps: message.append(items) = read_map(message.get_message("MapProto")); break;
      case wire::sequence_file::kOptionals:
        message.append(items) = read_optional(message.get_message("OptionalProto"));
        break;
      default: message.skip();
    }
  }
  return Value::sequence(std::move(items));
}

Value read_optional(MessageReader message) {
  Value value;
  while (message.next()) {
    switch (message.field()) {
      case wire::optional_file::kTensor: value = owned_tensor(message.get_message("TensorProto")); break;
      case wire::optional_file::kSparseTensor:
        value = owned_sparse_tensor(message.get_message("SparseTensorProto"));
        break;
      case wire::optional_file::kSequence: value = read_sequence(message.get_message("SequenceProto")); break;
      case wire::optional_file::kMap: value = read_map(message.get_message("MapProto")); break;
      case wire::optional_file::kOptional: value = read_optional(message.get_message("OptionalProto")); break;
      default: message.skip();
    }
  }
  return value;
}

template <class Read> auto read_file(Bytes bytes, const char* name, Read&& read) {
  const ReadLimits limits;
  ReadBudget budget(limits, bytes, nullptr);
  return read(MessageReader(bytes, name, budget, 0));
}

}  // namespace

Tensor parse_tensor_file(Bytes bytes) { return read_file(bytes, "TensorProto", owned_tensor); }
Value parse_sequence_file(Bytes bytes) { return read_file(bytes, "SequenceProto", read_sequence); }
Value parse_optional_file(Bytes bytes) { return read_file(bytes, "OptionalProto", read_optional); }

}  // namespace ingot::onnx
