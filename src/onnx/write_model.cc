#include <functional>

#include "base/mapped_file.h"
#include "onnx/external_data.h"
#include "onnx/fields.h"
#include "onnx/wire_writer.h"

namespace ingot::onnx {
namespace {

constexpr size_t kMaxMessage = (size_t{1} << 31) - 1;    // protobuf's limit
constexpr size_t kPage = 4096;                           // content in a data file starts on one
constexpr size_t kThresholdWhenLarge = 1024;             // of models over the limit
constexpr size_t kStructureReserve = size_t{256} << 20;  // left for everything but initializers

// Initializers of every graph, and whatever tensor lies outside already.
using Visit = std::function<void(const TensorProto&)>;

void visit_initializers(const Graph& graph, const Visit& visit);

void visit_bodies(const std::vector<Node>& nodes, const Visit& visit) {
  for (const Node& node : nodes) {
    for (const Attribute& attribute : node.attributes) {
      for (const auto& body : attribute.graphs) visit_initializers(*body, visit);
      for (const TensorProto& tensor : attribute.tensors) {
        if (!tensor.external_data.empty()) visit(tensor);
      }
    }
  }
}

void visit_initializers(const Graph& graph, const Visit& visit) {
  for (const TensorProto& tensor : graph.initializers) visit(tensor);
  visit_bodies(graph.nodes, visit);
}

void write_model_fields(MessageWriter out, const Model& model) {
  out.number(wire::model::kIrVersion, model.ir_version);
  out.text_unless_empty(wire::model::kProducerName, model.producer_name);
  out.text_unless_empty(wire::model::kProducerVersion, model.producer_version);
  out.text_unless_empty(wire::model::kDomain, model.domain);
  if (model.model_version != 0) out.number(wire::model::kModelVersion, model.model_version);
  out.text_unless_empty(wire::model::kDocString, model.doc_string);
  out.message(wire::model::kGraph, [&](MessageWriter inner) { write_graph(inner, model.graph); });
  out.messages(wire::model::kOpsetImport, model.opset_imports, write_operator_set);
  out.messages(wire::model::kMetadataProps, model.metadata_props, write_string_pair);
  out.messages(wire::model::kFunctions, model.functions, write_function);
  out.unknown(model.unknown_fields);
}

std::string serialize(const Model& model, const Placement& placement) {
  size_t content = 0;
  visit_initializers(model.graph, [&](const TensorProto& tensor) {
    if (!placement.contains(&tensor)) content += tensor.raw.size();
  });
  const auto refuse = [](size_t size) {
    fail(Code::kUnsupported, "the model takes {} bytes or more; one protobuf message holds {}", size, kMaxMessage);
  };
  if (content > kMaxMessage) refuse(content);
  std::string buffer;
  buffer.reserve(content + content / 16 + 4096);
  protozero::pbf_writer writer(buffer);
  write_model_fields(MessageWriter(writer, buffer, placement), model);
  if (buffer.size() > kMaxMessage) refuse(buffer.size());
  return buffer;
}

// The data file under construction: views of every tensor's content with padding between.
struct DataFile {
  std::string name;
  std::vector<Bytes> parts;
  std::vector<std::shared_ptr<const void>> owners;
  size_t size = 0;

  std::vector<StringPair> add(Bytes content, std::shared_ptr<const void> owner) {
    static const std::vector<std::byte> zeros(kPage);
    const size_t padding = (kPage - size % kPage) % kPage;
    if (padding > 0) parts.push_back(Bytes(zeros).first(padding));
    const size_t offset = size + padding;
    parts.push_back(content);
    owners.push_back(std::move(owner));
    size = offset + content.size();
    return {{"location", name}, {"offset", std::to_string(offset)}, {"length", std::to_string(content.size())}};
  }
};

Placement place_content(const Model& model, size_t threshold, DataFile& file) {
  Placement placement;
  visit_initializers(model.graph, [&](const TensorProto& tensor) {
    if (!tensor.external_data.empty()) {
      const auto content = std::make_shared<const Tensor>(to_tensor(tensor, model.folder));
      placement[&tensor] = file.add(content->bytes(), content);
    } else if (threshold > 0 && tensor.raw.size() > threshold) {
      placement[&tensor] = file.add(tensor.raw, tensor.owner);
    }
  });
  return placement;
}

}  // namespace

std::vector<std::byte> serialize_model(const Model& model) {
  const std::string text = serialize(model, {});
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

void write_model(const Model& model, const std::filesystem::path& path, size_t external_threshold) {
  size_t content = 0;
  visit_initializers(model.graph, [&](const TensorProto& tensor) { content += tensor.raw.size(); });
  if (external_threshold == 0 && content > kMaxMessage - kStructureReserve) external_threshold = kThresholdWhenLarge;
  DataFile file{path.filename().string() + ".data", {}, {}, 0};
  const Placement placement = place_content(model, external_threshold, file);
  const std::string text = serialize(model, placement);
  if (!placement.empty()) {
    std::filesystem::path data = path;
    data += ".data";
    write_file_atomically(data, file.parts);
  }
  const Bytes parts[] = {as_bytes(text)};
  write_file_atomically(path, parts);
}

}  // namespace ingot::onnx
