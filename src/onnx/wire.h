// The protobuf wire format, checked: every read past the end, wrong wire type or over-long field ends in an Error
// that names message, field and offset. Decoding itself is protozero's.
#pragma once
#include <protozero/pbf_reader.hpp>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "onnx/model.h"

namespace ingot::onnx {

// What reading one file may still take; shared by all its messages.
class ReadBudget {
 public:
  ReadBudget(const ReadLimits& limits, Bytes file, std::shared_ptr<const void> owner)
      : limits_(limits), file_(file), owner_(std::move(owner)) {}
  void take_node();
  void take_memory(size_t bytes);  // structures and decoded content; mapped bytes are free
  void check_depth(size_t depth) const;
  size_t offset(const void* at) const;
  const std::shared_ptr<const void>& owner() const { return owner_; }
  Bytes file() const { return file_; }

 private:
  const ReadLimits& limits_;
  Bytes file_;
  std::shared_ptr<const void> owner_;
  size_t nodes_ = 0, memory_ = 0;
};

// One message. Fields are visited in order: while (message.next()) switch (message.field()) {...}; a getter or
// skip() must follow every next(). Views live as long as the file's bytes.
class MessageReader {
 public:
  MessageReader(Bytes bytes, const char* name, ReadBudget& budget, size_t depth);

  bool next();
  uint32_t field() const { return reader_.tag(); }
  const char* name() const { return name_; }
  ReadBudget& budget() { return budget_; }
  size_t depth() const { return depth_; }

  int64_t get_int();
  int32_t get_int32();
  float get_float();
  Bytes get_bytes();
  std::string get_string();
  // The message in this field, one level deeper.
  MessageReader get_message(const char* name);
  // Appends the repeated numbers of this field, packed or not.
  void get_ints(std::vector<int64_t>& into);
  void get_floats(std::vector<float>& into);
  // The field as the wire has it, tag included, for writing back.
  void keep_unknown(std::vector<std::byte>& into);
  void skip();
  // Whether this field holds packed numbers (or bytes, or a message).
  bool is_length_delimited() const { return reader_.wire_type() == protozero::pbf_wire_type::length_delimited; }
  double get_double();

  [[noreturn]] void reject(std::string_view reason) const;

  // For one more element of a repeated message or string: charges the budget and returns the new element.
  template <class T> T& append(std::vector<T>& list) {
    budget_.take_memory(sizeof(T));
    return list.emplace_back();
  }

 private:
  void want(protozero::pbf_wire_type type) const;
  template <class Read> auto guarded(Read&& read);
  protozero::pbf_reader reader_;
  const char* name_;
  ReadBudget& budget_;
  size_t depth_;
  const char* field_start_ = nullptr;
};

// The messages of ONNX; each reads until its end.
void read_tensor(MessageReader message, TensorProto& tensor);
void read_sparse_tensor(MessageReader message, SparseTensorProto& tensor);
void read_string_pair(MessageReader message, StringPair& pair);
void read_type(MessageReader message, TypeProto& type);
void read_value_info(MessageReader message, ValueInfo& info);
void read_attribute(MessageReader message, Attribute& attribute);
void read_node(MessageReader message, Node& node);
void read_graph(MessageReader message, Graph& graph, const Progress& progress = {});
void read_function(MessageReader message, Function& function);
void read_operator_set(MessageReader message, OperatorSet& set);

}  // namespace ingot::onnx
