// Content given by the application in the place of what the model's file says.
#pragma once
#include "onnx/model.h"

namespace ingot::onnx {

// Makes `tensor` the main graph's initializer `name`. Its shape may differ. Throws kNotFound when there is none of that
// name, kInvalidArgument when its element type is another.
void replace_initializer(Model& model, const std::string& name, const Tensor& tensor);

// Tensors whose external data lies in the file `location`, relative to the model's folder, find it in `file` from now
// on. Gives how many do.
size_t replace_external_file(Model& model, const std::filesystem::path& location, Bytes file,
                             const std::shared_ptr<const void>& owner);

}  // namespace ingot::onnx
