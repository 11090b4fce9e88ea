// onnx::Model: what the file says, editable, readable and writable without loss. Field names are ONNX's own.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/progress.h"
#include "tensor/tensor.h"
#include "tensor/value.h"

namespace ingot::onnx {

struct Graph;

struct StringPair {
  std::string key, value;
};

// TensorProto. Content is exactly one of: raw bytes (little-endian, as ONNX's raw_data), strings, or a place in an
// external file. Typed fields (float_data, int32_data ...) become raw bytes when read.
struct TensorProto {
  std::string name;
  int32_t data_type = 0;      // ONNX's number, unchecked: to_tensor checks
  std::vector<int64_t> dims;  // unchecked
  Bytes raw;                  // views into `owner`; with external_data: the whole file, when it was given in memory
  std::vector<std::string> string_data;
  std::shared_ptr<const void> owner;      // of raw: the mapped file or a buffer
  std::vector<StringPair> external_data;  // location, offset, length, checksum; empty when content is inline
  std::string doc_string;
  std::vector<std::byte> unknown_fields;  // of this and the structs below: kept for writing back
};

struct SparseTensorProto {
  TensorProto values, indices;
  std::vector<int64_t> dims;
};

struct Dimension {
  std::optional<int64_t> value;
  std::string param;  // dim_param
  std::string denotation;
};

// TypeProto.
struct TypeProto {
  enum class Kind { kNone, kTensor, kSparseTensor, kSequence, kOptional, kMap } kind = Kind::kNone;
  int32_t elem_type = 0;                        // tensor, sparse tensor
  std::optional<std::vector<Dimension>> shape;  // absent: rank unknown
  int32_t key_type = 0;                         // map
  std::shared_ptr<TypeProto> element;           // sequence, optional: element; map: value
  std::string denotation;
  std::vector<std::byte> unknown_fields;  // e.g. an opaque type
};

struct ValueInfo {
  std::string name;
  TypeProto type;
  std::string doc_string;
  std::vector<std::byte> unknown_fields;
};

struct Attribute {
  enum class Type {
    kUndefined = 0,
    kFloat = 1,
    kInt = 2,
    kString = 3,
    kTensor = 4,
    kGraph = 5,
    kFloats = 6,
    kInts = 7,
    kStrings = 8,
    kTensors = 9,
    kGraphs = 10,
    kSparseTensor = 11,
    kSparseTensors = 12,
    kTypeProto = 13,
    kTypeProtos = 14
  };
  std::string name, ref_attr_name, doc_string;
  Type type = Type::kUndefined;
  float f = 0;
  int64_t i = 0;
  std::string s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::vector<TensorProto> tensors;               // one for kTensor
  std::vector<SparseTensorProto> sparse_tensors;  // one for kSparseTensor
  std::vector<std::shared_ptr<Graph>> graphs;     // one for kGraph
  std::vector<TypeProto> types;                   // one for kTypeProto
  std::vector<std::byte> unknown_fields;
};

struct Node {
  std::string name, op_type, domain, overload;
  std::vector<std::string> inputs, outputs;  // "" is an absent optional
  std::vector<Attribute> attributes;
  std::string doc_string;
  std::vector<StringPair> metadata_props;
  std::vector<std::byte> unknown_fields;
  // Null when absent.
  const Attribute* attribute(std::string_view name) const;
};

struct Graph {
  std::string name, doc_string;
  std::vector<Node> nodes;
  std::vector<TensorProto> initializers;
  std::vector<SparseTensorProto> sparse_initializers;
  std::vector<ValueInfo> inputs, outputs, value_infos;
  std::vector<StringPair> metadata_props;
  std::vector<std::byte> unknown_fields;  // e.g. quantization_annotation, kept for writing back
};

struct OperatorSet {
  std::string domain;  // "" is ai.onnx
  int64_t version = 0;
};

struct Function {
  std::string name, domain, overload, doc_string;
  std::vector<std::string> inputs, outputs, attributes;
  std::vector<Attribute> attribute_protos;  // attributes with defaults
  std::vector<Node> nodes;
  std::vector<OperatorSet> opset_imports;
  std::vector<ValueInfo> value_infos;
  std::vector<StringPair> metadata_props;
  std::vector<std::byte> unknown_fields;
};

struct Model {
  int64_t ir_version = 0, model_version = 0;
  std::string producer_name, producer_version, domain, doc_string;
  std::vector<OperatorSet> opset_imports;
  std::vector<StringPair> metadata_props;
  Graph graph;
  std::vector<Function> functions;
  std::vector<std::byte> unknown_fields;
  std::filesystem::path folder;       // of the file read: the root that external data may not leave
  std::shared_ptr<const void> owner;  // the mapped file

  // Version of `domain` imported ("" and "ai.onnx" are one); 0 when it is not.
  int64_t opset(std::string_view domain) const;
};

struct ReadLimits {
  size_t max_nodes = 4u << 20;          // over all graphs and functions
  size_t max_depth = 64;                // nested graphs, types
  size_t max_bytes = size_t{1} << 41;   // of the file
  size_t max_memory = size_t{4} << 30;  // structures and decoded numbers; content left in the file costs nothing
};

// Maps the file; weights stay in it. Throws kNotFound, kIo, kInvalidModel (naming offset or field).
Model read_model(const std::filesystem::path& path, const ReadLimits& limits = {}, const Progress& progress = {});
// `owner` keeps `bytes` alive (null: the caller does). `folder`: where external data may lie; empty: nowhere.
Model parse_model(Bytes bytes, std::shared_ptr<const void> owner, std::filesystem::path folder = {},
                  const ReadLimits& limits = {}, const Progress& progress = {});
// The protobuf bytes of the model; raw content is copied. Throws kUnsupported past protobuf's 2 GB.
std::vector<std::byte> serialize_model(const Model& model);
// Writes atomically; tensors over `external_threshold` bytes go to `<path>.data` (0: never, unless over 2 GB).
void write_model(const Model& model, const std::filesystem::path& path, size_t external_threshold = 0);

// Content as a tensor. Bytes are shared with the model where their alignment allows, else copied. `folder` bounds
// external data (empty: external data is an error). Checks type, dims, sizes: throws kInvalidModel naming the tensor.
Tensor to_tensor(const TensorProto& proto, const std::filesystem::path& folder);
Tensor to_tensor(const SparseTensorProto& proto, const std::filesystem::path& folder);  // densified
TensorProto from_tensor(const Tensor& tensor, std::string name);
// A TensorProto, SequenceProto or OptionalProto file (ONNX's test data .pb).
Tensor parse_tensor_file(Bytes bytes);
Value parse_sequence_file(Bytes bytes);
Value parse_optional_file(Bytes bytes);

}  // namespace ingot::onnx
