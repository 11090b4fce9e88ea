// Content for a builder's model that comes from the application instead of the model's files.
#include "api/builder.h"
#include "api/handles.h"
#include "base/hash.h"
#include "ingot/ingot.h"
#include "onnx/replace_content.h"

using ingot::Code;
using ingot::hash128;
using ingot::api::guard;
using ingot::api::require;

namespace {

ingot::onnx::Model& editable_model(ingot_builder& builder) {
  if (builder.model.use_count() > 1) {
    ingot::fail(Code::kInvalidArgument, "a session that warms up reads the model: its content is replaced before");
  }
  return *builder.model;
}

// The identity of a model that had the hash `hash` before `tensor` became its initializer `name`.
std::string hash_with(const std::string& hash, const std::string& name, const ingot::Tensor& tensor) {
  std::string text = fmt::format("{}\n{} {}\n", hash, name, tensor.type_text());
  if (tensor.dtype() == ingot::DType::kString) {
    for (const auto& each : tensor.span<std::string>()) text += fmt::format("{}:{}", each.size(), each);
  } else {
    text += hash128(tensor.bytes()).hex();
  }
  return hash128(ingot::as_bytes(text)).hex();
}

}  // namespace

extern "C" {

ingot_error* ingot_builder_set_initializer(ingot_builder* builder, const char* name, const ingot_value* value) {
  return guard([&] {
    require(builder != nullptr && name != nullptr && value != nullptr, "builder, name or value");
    const ingot::Value& given = ingot::api::host_value(value);
    if (!given.is_tensor()) ingot::fail(Code::kInvalidArgument, "initializer {}: the value is no tensor", name);
    const ingot::Tensor copy = given.tensor().clone();
    ingot::onnx::replace_initializer(editable_model(*builder), name, copy);
    builder->hash = hash_with(builder->hash, name, copy);
  });
}

ingot_error* ingot_builder_set_external_file(ingot_builder* builder, const char* location, const void* bytes,
                                             size_t size) {
  return guard([&] {
    require(builder != nullptr && location != nullptr && (bytes != nullptr || size == 0), "builder, location or bytes");
    const auto* first = static_cast<const std::byte*>(bytes);
    const auto copy = std::make_shared<const std::vector<std::byte>>(first, first + size);
    ingot::onnx::replace_external_file(editable_model(*builder), location, *copy, copy);
  });
}

}  // extern "C"
