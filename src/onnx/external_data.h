// Content of tensors that lies in a file beside the model.
#pragma once
#include <filesystem>
#include <memory>

#include "onnx/model.h"

namespace ingot::onnx {

struct ExternalContent {
  Bytes bytes;
  std::shared_ptr<const void> owner;
};

// The `size` bytes that proto.external_data describes, in proto.raw or else a file below `folder`. Refused with
// kInvalidModel: absolute locations, "..", symbolic links, hard links, anything but a regular file, a range outside the
// file, a length other than `size`. Thread-safe; a file that several tensors share is mapped once.
ExternalContent read_external(const TensorProto& proto, const std::filesystem::path& folder, size_t size);

}  // namespace ingot::onnx
