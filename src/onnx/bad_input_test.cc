// Damaged and hostile files end in one Error, never in a crash, a hang or our own bug.
#include <gtest/gtest.h>

#include <fstream>
#include <protozero/pbf_writer.hpp>
#include <random>

#include "onnx/fields.h"
#include "onnx/test_models.h"

namespace ingot::onnx {
namespace {

using namespace testing;
using protozero::pbf_writer;

// Reads and loads; false when that ends in an Error. Anything but an Error, and kInternal, fails the test.
bool survives(Bytes bytes) {
  ReadLimits limits;
  limits.max_nodes = 10000;
  limits.max_memory = size_t{64} << 20;
  LoadOptions options = testing::options();
  options.max_nodes = 10000;
  try {
    const Model model = parse_model(bytes, nullptr, {}, limits);
    serialize_model(model);
    load(model, options);
    return true;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), Code::kInternal) << error.what();
    EXPECT_FALSE(error.message().empty());
    return false;
  }
}

// A valid model with most kinds of messages: a function, subgraphs, initializers of several kinds.
Model victim() {
  Graph then_branch, else_branch;
  then_branch.nodes = {node("Softmax", {"s"}, {"t"})};
  then_branch.outputs = {value_info("t", {"", ""})};
  else_branch.outputs = {value_info("w", {"1", "3"})};
  Node choice = node("If", {"c"}, {"u"}, "");
  choice.attributes = {graph_attribute("then_branch", then_branch), graph_attribute("else_branch", else_branch)};
  Node softmax = node("Softmax", {"a"}, {"r"});
  softmax.attributes = {reference("axis", "where")};
  Model source = model({node("Softmax", {"x"}, {"s"}), choice, node("F", {"u"}, {"y"}, "local")});
  source.graph.inputs.push_back(value_info("c", {}, DType::kBool));
  source.graph.initializers = {from_tensor(Tensor::of<float>({1, 3}, {7, 8, 9}), "w"),
                               from_tensor(Tensor::of<std::string>({2}, {"a", "b"}), "text")};
  source.opset_imports.push_back({"local", 1});
  Function function;
  function.name = "F";
  function.domain = "local";
  function.inputs = {"a"};
  function.outputs = {"r"};
  function.attribute_protos = {int_attribute("where", 1)};
  function.opset_imports = source.opset_imports;
  function.nodes = {softmax};
  source.functions = {function};
  return source;
}

TEST(BadInput, TruncatedAnywhereEndsInAnErrorOrAModel) {
  const auto bytes = serialize_model(victim());
  ASSERT_TRUE(survives(bytes));
  size_t refused = 0;
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    if (!survives(part)) ++refused;
  }
  EXPECT_GT(refused, bytes.size() * 9 / 10);
}

TEST(BadInput, MutatedAnywhereEndsInAnErrorOrAModel) {
  const auto bytes = serialize_model(victim());
  std::mt19937 random(20240607);
  const auto below = [&](size_t limit) { return random() % limit; };
  for (int round = 0; round < 20000; ++round) {
    auto mutated = bytes;
    for (size_t change = 0; change <= below(3); ++change) {
      const size_t at = below(mutated.size());
      switch (below(5)) {
        case 0: mutated[at] ^= static_cast<std::byte>(1u << below(8)); break;
        case 1: mutated[at] = static_cast<std::byte>(below(256)); break;
        case 2: mutated.erase(mutated.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 3:
          mutated.insert(mutated.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(below(256)));
          break;
        default: mutated.resize(at + 1);
      }
    }
    survives(mutated);
    if (::testing::Test::HasFailure()) FAIL() << "in round " << round;
  }
}

// Graphs within graphs: an If whose branch holds an If, and so on.
std::string nested(size_t depth) {
  std::string bytes;
  for (size_t i = 0; i < depth; ++i) {
    std::string outer;
    pbf_writer graph(outer);
    pbf_writer node(graph, wire::graph::kNode);
    node.add_string(wire::node::kOpType, "If");
    pbf_writer attribute(node, wire::node::kAttribute);
    attribute.add_message(wire::attribute::kG, bytes);
    attribute.commit();
    node.commit();
    bytes = outer;
  }
  std::string model;
  pbf_writer out(model);
  out.add_int64(wire::model::kIrVersion, 10);
  out.add_message(wire::model::kGraph, bytes);
  return model;
}

Error parse_error(const std::string& bytes, const ReadLimits& limits = {}) {
  return error_of([&] { parse_model(as_bytes(bytes), nullptr, {}, limits); });
}

TEST(BadInput, DepthIsLimited) {
  EXPECT_NO_THROW(parse_model(as_bytes(nested(60)), nullptr));
  EXPECT_NE(parse_error(nested(2000)).message().find("nested more than 64 deep"), std::string::npos);
  std::string type;
  for (int i = 0; i < 5000; ++i) {
    std::string outer;
    pbf_writer out(outer);
    pbf_writer sequence(out, wire::type::kSequence);
    sequence.add_message(wire::element_type::kElemType, type);
    sequence.commit();
    type = outer;
  }
  std::string bytes;
  {
    pbf_writer out(bytes);
    out.add_int64(wire::model::kIrVersion, 10);
    pbf_writer graph(out, wire::model::kGraph);
    pbf_writer input(graph, wire::graph::kInput);
    input.add_message(wire::value_info::kType, type);
  }
  EXPECT_EQ(parse_error(bytes).code(), Code::kInvalidModel);
}

TEST(BadInput, CountsAndMemoryAreLimited) {
  std::string graph_bytes;
  pbf_writer graph(graph_bytes);
  for (int i = 0; i < 100000; ++i) graph.add_message(wire::graph::kNode, "", 0);  // two bytes each
  std::string bytes;
  pbf_writer out(bytes);
  out.add_int64(wire::model::kIrVersion, 10);
  out.add_message(wire::model::kGraph, graph_bytes);
  ReadLimits limits;
  limits.max_nodes = 99999;
  EXPECT_EQ(parse_error(bytes, limits).code(), Code::kInvalidModel);
  limits = {};
  limits.max_memory = 1 << 20;
  EXPECT_EQ(parse_error(bytes, limits).code(), Code::kOutOfMemory);
  limits = {};
  limits.max_bytes = 1000;
  EXPECT_EQ(parse_error(bytes, limits).code(), Code::kInvalidModel);
}

TEST(BadInput, WireFaultsNameMessageFieldAndOffset) {
  const auto message = [](std::string bytes) { return parse_error(bytes).message(); };
  EXPECT_EQ(message(std::string("\x0a\x01x", 3)), "wire type 2 where 0 belongs in field 1 of ModelProto at offset 0");
  EXPECT_NE(message(std::string("\x08\x0a\x3a\x7f", 4)).find("field 7 of ModelProto at offset 2"), std::string::npos);
  // A length of 4 GB + 1, a varint without end, a group.
  EXPECT_NE(message(std::string("\x3a\x81\x80\x80\x80\x10x", 7)).find("over 4 GB"), std::string::npos);
  EXPECT_EQ(parse_error(std::string(20, '\xff')).code(), Code::kInvalidModel);
  EXPECT_EQ(parse_error("\x0b").code(), Code::kInvalidModel);
  EXPECT_EQ(parse_error("").code(), Code::kInvalidModel);
}

TEST(BadInput, TensorContentThatDoesNotFillItsDimsIsRefused) {
  Model source = victim();
  source.graph.initializers[0].dims = {1000, 1000};
  const Error error = error_of([&] { load(source, testing::options()); });
  EXPECT_EQ(error.code(), Code::kInvalidModel);
  EXPECT_NE(error.message().find("'w'"), std::string::npos);
}

TEST(BadInput, TestFilesAreCheckedToo) {
  for (const std::string& bytes : {std::string("\x1a\x05xx", 4), std::string("\x12\xff", 2), std::string(9, '\x1a')}) {
    EXPECT_THROW(parse_tensor_file(as_bytes(bytes)), Error);
    EXPECT_THROW(parse_sequence_file(as_bytes(bytes)), Error);
    EXPECT_THROW(parse_optional_file(as_bytes(bytes)), Error);
  }
}

}  // namespace
}  // namespace ingot::onnx
