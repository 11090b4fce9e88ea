#include "onnx/model.h"

#include <gtest/gtest.h>

#include <fstream>
#include <protozero/pbf_writer.hpp>

#include "base/mapped_file.h"
#include "onnx/fields.h"
#include "onnx/test_models.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

using namespace testing;
using protozero::pbf_writer;

Model parse(const std::string& bytes) { return parse_model(as_bytes(bytes), nullptr); }

// A model with one initializer that `fill` writes.
template <class Fill> std::string with_tensor(Fill&& fill) {
  std::string bytes;
  pbf_writer out(bytes);
  out.add_int64(wire::model::kIrVersion, 10);
  pbf_writer graph(out, wire::model::kGraph);
  pbf_writer tensor(graph, wire::graph::kInitializer);
  fill(tensor);
  return bytes;
}

template <class Fill> Tensor tensor_of(DType dtype, int64_t count, Fill&& fill) {
  const std::string bytes = with_tensor([&](pbf_writer& tensor) {
    fill(tensor);  // before the type: fields come in any order
    tensor.add_int64(wire::tensor::kDims, count);
    tensor.add_int32(wire::tensor::kDataType, static_cast<int32_t>(dtype));
  });
  return to_tensor(parse(bytes).graph.initializers.at(0), {}).clone();
}

Tensor from_int32_data(DType dtype, int64_t count, std::vector<int32_t> values) {
  return tensor_of(dtype, count, [&](pbf_writer& tensor) {
    tensor.add_packed_int32(wire::tensor::kInt32Data, values.begin(), values.end());
  });
}

TEST(Model, Int32DataHoldsEverySmallType) {
  EXPECT_EQ(to_ints(from_int32_data(DType::kI32, 2, {-7, 1 << 30})), (std::vector<int64_t>{-7, 1 << 30}));
  EXPECT_EQ(to_ints(from_int32_data(DType::kI8, 2, {-128, 127})), (std::vector<int64_t>{-128, 127}));
  EXPECT_EQ(to_ints(from_int32_data(DType::kU16, 1, {65535})), (std::vector<int64_t>{65535}));
  EXPECT_EQ(to_ints(from_int32_data(DType::kBool, 2, {1, 0})), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(to_doubles(from_int32_data(DType::kF16, 1, {0x3e00})), std::vector<double>{1.5});
  EXPECT_EQ(to_doubles(from_int32_data(DType::kBF16, 1, {0x3fc0})), std::vector<double>{1.5});
  EXPECT_EQ(to_doubles(from_int32_data(DType::kF8E4M3FN, 1, {0x3c})), std::vector<double>{1.5});
  EXPECT_EQ(to_doubles(from_int32_data(DType::kF8E8M0, 1, {128})), std::vector<double>{2});
  EXPECT_EQ(to_ints(from_int32_data(DType::kI4, 3, {0xf1, 0x08})), (std::vector<int64_t>{1, -1, -8}));
  EXPECT_EQ(to_ints(from_int32_data(DType::kU2, 5, {0xe4, 0x02})), (std::vector<int64_t>{0, 1, 2, 3, 2}));
}

TEST(Model, OtherTypedFieldsHoldTheirTypes) {
  const std::vector<float> floats{1, -2, 3, 4};
  const std::vector<double> doubles{1, -2};
  const auto packed = [&](pbf_writer& out) {
    out.add_packed_float(wire::tensor::kFloatData, floats.begin(), floats.end());
  };
  EXPECT_EQ(to_doubles(tensor_of(DType::kF32, 4, packed)), (std::vector<double>{1, -2, 3, 4}));
  EXPECT_EQ(tensor_of(DType::kC64, 2, packed).data<std::complex<float>>()[1], std::complex<float>(3, 4));
  const auto unpacked = [&](pbf_writer& out) {
    out.add_float(wire::tensor::kFloatData, 9);
    packed(out);
    out.add_float(wire::tensor::kFloatData, 10);
  };
  EXPECT_EQ(to_doubles(tensor_of(DType::kF32, 6, unpacked)), (std::vector<double>{9, 1, -2, 3, 4, 10}));
  EXPECT_EQ(tensor_of(DType::kC128, 1,
                      [&](pbf_writer& out) {
                        out.add_packed_double(wire::tensor::kDoubleData, doubles.begin(), doubles.end());
                      })
                .data<std::complex<double>>()[0],
            std::complex<double>(1, -2));
  EXPECT_EQ(tensor_of(DType::kI64, 1, [](pbf_writer& out) { out.add_int64(wire::tensor::kInt64Data, -5); })
                .data<int64_t>()[0],
            -5);
  EXPECT_EQ(tensor_of(DType::kU32, 1, [](pbf_writer& out) { out.add_uint64(wire::tensor::kUint64Data, 4294967295u); })
                .data<uint32_t>()[0],
            4294967295u);
  EXPECT_EQ(tensor_of(DType::kString, 1, [](pbf_writer& out) { out.add_bytes(wire::tensor::kStringData, "hi"); })
                .data<std::string>()[0],
            "hi");
}

TEST(Model, RefusesContentOfAnotherTypeOrInTwoPlaces) {
  const auto code_of = [](auto&& fill) { return error_of([&] { parse(with_tensor(fill)); }).code(); };
  EXPECT_EQ(code_of([](pbf_writer& out) {
              out.add_int32(wire::tensor::kDataType, static_cast<int32_t>(DType::kI64));
              out.add_float(wire::tensor::kFloatData, 1);
            }),
            Code::kInvalidModel);
  EXPECT_EQ(code_of([](pbf_writer& out) {
              out.add_int32(wire::tensor::kDataType, static_cast<int32_t>(DType::kF32));
              out.add_float(wire::tensor::kFloatData, 1);
              out.add_bytes(wire::tensor::kRawData, "abcd");
            }),
            Code::kInvalidModel);
  EXPECT_EQ(code_of([](pbf_writer& out) { out.add_int32(wire::tensor::kDataLocation, 1); }), Code::kInvalidModel);
}

TEST(Model, LeavesRawContentWhereItIs) {
  const std::string bytes = with_tensor([](pbf_writer& out) {
    out.add_int32(wire::tensor::kDataType, static_cast<int32_t>(DType::kU8));
    out.add_int64(wire::tensor::kDims, 4);
    out.add_bytes(wire::tensor::kRawData, "abcd");
  });
  const Model read = parse(bytes);
  EXPECT_EQ(reinterpret_cast<const char*>(read.graph.initializers[0].raw.data()), bytes.data() + bytes.find("abcd"));
  EXPECT_EQ(to_tensor(read.graph.initializers[0], {}).raw(), read.graph.initializers[0].raw.data());
}

TEST(Model, AttributeWithoutTypeHasTheTypeOfItsValue) {
  Model source = model({node("Softmax", {"x"}, {"y"})});
  source.graph.nodes[0].attributes = {int_attribute("axis", 1)};
  const auto written = serialize_model(source);
  std::string bytes(as_text(written));
  const std::string type_field{'\xa0', '\x01', '\x02'};  // field 20, INT
  const size_t at = bytes.find(type_field);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 2] = 0;
  const Model read = parse(bytes);
  EXPECT_EQ(read.graph.nodes[0].attributes[0].type, Attribute::Type::kInt);
  EXPECT_EQ(read.graph.nodes[0].attributes[0].i, 1);
}

Model rich_model() {
  Node branchy = node("If", {"x", ""}, {"y"}, "");
  branchy.name = "n";
  branchy.overload = "o";
  branchy.metadata_props = {{"key", "value"}};
  branchy.attributes = {int_attribute("axis", -1), reference("r", "outer"), graph_attribute("g", model({}).graph)};
  Attribute strings;
  strings.name = "strings";
  strings.type = Attribute::Type::kStrings;
  strings.strings = {"a", "", std::string("\0b", 2)};
  branchy.attributes.push_back(strings);
  Model source = model({branchy});
  source.graph.inputs[0].type.shape->push_back({});  // a dim of which nothing is known
  ValueInfo scalar = value_info("s", {});
  source.graph.value_infos = {scalar, ValueInfo{"untyped", {}, "doc", {}}};
  ValueInfo sequence{"q", {}, "", {}};
  sequence.type.kind = TypeProto::Kind::kSequence;
  sequence.type.element = std::make_shared<TypeProto>(scalar.type);
  source.graph.inputs.push_back(sequence);
  source.graph.initializers = {from_tensor(Tensor::of<float>({2}, {1, 2}), "w"),
                               from_tensor(Tensor::of<std::string>({1}, {"text"}), "t")};
  source.functions = {
      Function{"f", "d", "o", "doc", {"a"}, {"b"}, {"outer"}, {int_attribute("k", 2)}, {}, {}, {}, {}, {}}};
  source.metadata_props = {{"m", "v"}};
  source.graph.unknown_fields = {std::byte{0x72}, std::byte{1}, std::byte{'x'}};  // field 14
  return source;
}

TEST(Model, WritesAndReadsBackEverything) {
  const auto written = serialize_model(rich_model());
  const Model read = parse_model(written, nullptr);
  EXPECT_EQ(serialize_model(read), written);
  const Node& node = read.graph.nodes[0];
  EXPECT_EQ(node.inputs, (std::vector<std::string>{"x", ""}));
  EXPECT_EQ(node.overload, "o");
  EXPECT_EQ(node.attribute("r")->ref_attr_name, "outer");
  EXPECT_EQ(node.attribute("g")->graphs[0]->inputs[0].name, "x");
  EXPECT_EQ(node.attribute("strings")->strings[2], std::string("\0b", 2));
  EXPECT_EQ(read.graph.inputs[0].type.shape->size(), 3u);
  EXPECT_EQ(read.graph.inputs[1].type.element->kind, TypeProto::Kind::kTensor);
  EXPECT_TRUE(read.graph.value_infos[0].type.shape.has_value());
  EXPECT_EQ(read.graph.value_infos[1].type.kind, TypeProto::Kind::kNone);
  EXPECT_EQ(read.graph.initializers[1].string_data, std::vector<std::string>{"text"});
  EXPECT_EQ(read.functions[0].attribute_protos[0].i, 2);
  EXPECT_EQ(read.graph.unknown_fields.size(), 3u);
}

TEST(Model, WritesLargeTensorsBesideTheModelAndReadsThemBack) {
  const TemporaryFolder folder;
  Model source = rich_model();
  const Tensor large = Tensor::of<float>({3}, {1, 2, 3});
  source.graph.initializers.push_back(from_tensor(large, "large"));
  write_model(source, folder.path / "m.onnx", 8);
  const Model read = read_model(folder.path / "m.onnx");
  EXPECT_TRUE(read.graph.initializers[0].external_data.empty());
  EXPECT_FALSE(read.graph.initializers[2].external_data.empty());
  EXPECT_TRUE(identical(to_tensor(read.graph.initializers[2], read.folder), large));
  // Written again elsewhere, the content comes along.
  const TemporaryFolder other;
  write_model(read, other.path / "again.onnx");
  const Model again = read_model(other.path / "again.onnx");
  EXPECT_TRUE(identical(to_tensor(again.graph.initializers[2], again.folder), large));
  EXPECT_TRUE(std::filesystem::exists(other.path / "again.onnx.data"));
}

TEST(Model, RefusesToSerializeOverTwoGigabytes) {
  Model source = model({});
  TensorProto huge;
  huge.data_type = static_cast<int32_t>(DType::kU8);
  huge.raw = Bytes(reinterpret_cast<const std::byte*>(&huge), size_t{3} << 30);  // the size alone is looked at
  source.graph.initializers = {huge};
  EXPECT_EQ(error_of([&] { serialize_model(source); }).code(), Code::kUnsupported);
}

TEST(Model, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "bad.onnx") << "no model";
  const Error error = error_of([&] { read_model(folder.path / "bad.onnx"); });
  EXPECT_EQ(error.code(), Code::kInvalidModel);
  EXPECT_EQ(error.frames(), std::vector<std::string>{"file " + (folder.path / "bad.onnx").string()});
  EXPECT_EQ(error_of([&] { read_model(folder.path / "absent.onnx"); }).code(), Code::kNotFound);
}

TEST(Tensors, ChecksTypeDimsAndSizes) {
  const auto code_of = [](TensorProto proto) { return error_of([&] { to_tensor(proto, {}); }).code(); };
  const TensorProto good = from_tensor(Tensor::of<float>({2}, {1, 2}), "w");
  EXPECT_TRUE(identical(to_tensor(good, {}), Tensor::of<float>({2}, {1, 2})));
  TensorProto proto = good;
  proto.data_type = 99;
  EXPECT_EQ(code_of(proto), Code::kInvalidModel);
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{3}, {-2}, {INT64_MAX, 8}, {1LL << 32, 1LL << 32}}) {
    proto = good;
    proto.dims = dims;
    EXPECT_EQ(code_of(proto), Code::kInvalidModel) << shape_text(dims);
  }
}

TEST(Tensors, CopiesContentThatIsNotAligned) {
  alignas(8) std::byte storage[9] = {};
  const float value = 1.5f;
  std::memcpy(storage + 1, &value, sizeof(value));
  TensorProto proto;
  proto.data_type = static_cast<int32_t>(DType::kF32);
  proto.raw = Bytes(storage + 1, 4);
  const Tensor tensor = to_tensor(proto, {});
  EXPECT_EQ(tensor.data<float>()[0], 1.5f);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.raw()) % alignof(float), 0u);
}

TEST(Tensors, TruthValuesAreZeroOrOne) {
  TensorProto proto;
  proto.data_type = static_cast<int32_t>(DType::kBool);
  proto.dims = {3};
  const std::byte raw[] = {std::byte{0}, std::byte{2}, std::byte{1}};
  proto.raw = raw;
  EXPECT_EQ(to_ints(to_tensor(proto, {})), (std::vector<int64_t>{0, 1, 1}));
}

TEST(Tensors, SparseIndicesStayInside) {
  SparseTensorProto sparse;
  sparse.values = from_tensor(Tensor::of<float>({1}, {5}), "s");
  sparse.dims = {2, 2};
  sparse.indices = from_tensor(Tensor::of<int64_t>({1, 2}, {1, 0}), "");
  EXPECT_EQ(to_doubles(to_tensor(sparse, {})), (std::vector<double>{0, 0, 5, 0}));
  for (const int64_t index : {int64_t{4}, int64_t{-1}}) {
    sparse.indices = from_tensor(Tensor::of<int64_t>({1}, {index}), "");
    EXPECT_EQ(error_of([&] { to_tensor(sparse, {}); }).code(), Code::kInvalidModel);
  }
  sparse.indices = from_tensor(Tensor::of<int64_t>({1}, {0}), "");
  sparse.dims = {1 << 20, 1 << 20};
  EXPECT_EQ(error_of([&] { to_tensor(sparse, {}); }).code(), Code::kUnsupported);
}

}  // namespace
}  // namespace ingot::onnx
