// Writing ONNX's messages in protobuf's wire format (encoding by protozero).
#pragma once
#include <protozero/pbf_writer.hpp>

#include <string>
#include <unordered_map>
#include <vector>

#include "onnx/model.h"

namespace ingot::onnx {

// Tensors whose content is written to another file: their external_data.
using Placement = std::unordered_map<const TensorProto*, std::vector<StringPair>>;

class MessageWriter {
 public:
  MessageWriter(protozero::pbf_writer& writer, std::string& buffer, const Placement& placement)
      : writer_(writer), buffer_(buffer), placement_(placement) {}

  const Placement& placement() const { return placement_; }
  void number(uint32_t field, int64_t value) { writer_.add_int64(field, value); }
  void numbers(uint32_t field, const std::vector<int64_t>& values) {
    for (const int64_t value : values) writer_.add_int64(field, value);
  }
  void real(uint32_t field, float value) { writer_.add_float(field, value); }
  void text(uint32_t field, const std::string& value) { writer_.add_string(field, value); }
  void text_unless_empty(uint32_t field, const std::string& value) {
    if (!value.empty()) text(field, value);
  }
  void texts(uint32_t field, const std::vector<std::string>& values) {
    for (const std::string& value : values) text(field, value);
  }
  void bytes(uint32_t field, Bytes value) {
    writer_.add_bytes(field, reinterpret_cast<const char*>(value.data()), value.size());
  }
  // Fields as keep_unknown read them.
  void unknown(const std::vector<std::byte>& fields) { buffer_.append(as_text(fields)); }
  // A message that `write` fills; an empty one is written too, for its presence may mean something.
  template <class Write> void message(uint32_t field, Write&& write) {
    const size_t start = buffer_.size();
    {
      protozero::pbf_writer inner(writer_, field);
      write(MessageWriter(inner, buffer_, placement_));
    }
    if (buffer_.size() == start) writer_.add_message(field, "", 0);
  }
  template <class T> void messages(uint32_t field, const std::vector<T>& list, void (*write)(MessageWriter, const T&)) {
    for (const T& each : list) {
      message(field, [&](MessageWriter inner) { write(inner, each); });
    }
  }

 private:
  protozero::pbf_writer& writer_;
  std::string& buffer_;
  const Placement& placement_;
};

void write_string_pair(MessageWriter out, const StringPair& pair);
void write_tensor(MessageWriter out, const TensorProto& tensor);
void write_sparse_tensor(MessageWriter out, const SparseTensorProto& tensor);
void write_type(MessageWriter out, const TypeProto& type);
void write_value_info(MessageWriter out, const ValueInfo& info);
void write_attribute(MessageWriter out, const Attribute& attribute);
void write_node(MessageWriter out, const Node& node);
void write_graph(MessageWriter out, const Graph& graph);
void write_function(MessageWriter out, const Function& function);
void write_operator_set(MessageWriter out, const OperatorSet& set);

}  // namespace ingot::onnx
