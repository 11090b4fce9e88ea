#include "base/mapped_file.h"
#include "onnx/fields.h"
#include "onnx/wire.h"

namespace ingot::onnx {
namespace {

bool read_text_field(MessageReader& message, Model& model) {
  switch (message.field()) {
    case wire::model::kProducerName: model.producer_name = message.get_string(); return true;
    case wire::model::kProducerVersion: model.producer_version = message.get_string(); return true;
    case wire::model::kDomain: model.domain = message.get_string(); return true;
    case wire::model::kDocString: model.doc_string = message.get_string(); return true;
    default: return false;
  }
}

void read_model_message(MessageReader message, Model& model, const Progress& progress) {
  while (message.next()) {
    if (read_text_field(message, model)) continue;
    switch (message.field()) {
      case wire::model::kIrVersion: model.ir_version = message.get_int(); break;
      case wire::model::kModelVersion: model.model_version = message.get_int(); break;
      case wire::model::kGraph: read_graph(message.get_message("GraphProto"), model.graph, progress); break;
      case wire::model::kOpsetImport:
        read_operator_set(message.get_message("OperatorSetIdProto"), message.append(model.opset_imports));
        break;
      case wire::model::kMetadataProps:
        read_string_pair(message.get_message("StringStringEntryProto"), message.append(model.metadata_props));
        break;
      case wire::model::kFunctions:
        read_function(message.get_message("FunctionProto"), message.append(model.functions));
        break;
      default: message.keep_unknown(model.unknown_fields);
    }
  }
}

}  // namespace

Model parse_model(Bytes bytes, std::shared_ptr<const void> owner, std::filesystem::path folder,
                  const ReadLimits& limits, const Progress& progress) {
  if (bytes.size() > limits.max_bytes) {
    fail(Code::kInvalidModel, "the model has {} bytes, over the limit of {}", bytes.size(), limits.max_bytes);
  }
  if (bytes.empty()) fail(Code::kInvalidModel, "the model is empty");
  progress.report("read", 0, 0);
  Model model;
  model.folder = std::move(folder);
  model.owner = owner;
  ReadBudget budget(limits, bytes, std::move(owner));
  read_model_message(MessageReader(bytes, "ModelProto", budget, 0), model, progress);
  if (model.ir_version <= 0) fail(Code::kInvalidModel, "no ONNX model: ir_version is missing or not positive");
  return model;
}

Model read_model(const std::filesystem::path& path, const ReadLimits& limits, const Progress& progress) {
  const auto file = MappedFile::open(path);
  std::filesystem::path folder = path.parent_path();
  if (folder.empty()) folder = ".";
  return with_frame([&] { return "file " + path.string(); },
                    [&] { return parse_model(file->bytes(), file, std::move(folder), limits, progress); });
}

int64_t Model::opset(std::string_view domain) const {
  if (domain == "ai.onnx") domain = "";
  for (const OperatorSet& set : opset_imports) {
    if ((set.domain == "ai.onnx" ? "" : set.domain) == domain) return set.version;
  }
  return 0;
}

const Attribute* Node::attribute(std::string_view name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

}  // namespace ingot::onnx
