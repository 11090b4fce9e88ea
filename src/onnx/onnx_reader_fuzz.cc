// Any bytes are refused with an Error or are a model that survives writing and reading. Content is checked too.
#include "onnx/model.h"

using namespace ingot;

namespace {

template <class Body> void expect_error_or_success(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) __builtin_trap();
  }
}

void read_and_write(Bytes bytes) {
  onnx::ReadLimits limits;
  limits.max_nodes = 10000;
  limits.max_memory = size_t{64} << 20;
  const onnx::Model model = onnx::parse_model(bytes, nullptr, {}, limits);
  for (const auto& tensor : model.graph.initializers) expect_error_or_success([&] { onnx::to_tensor(tensor, {}); });
  for (const auto& tensor : model.graph.sparse_initializers) {
    if (tensor.dims.size() < 3) expect_error_or_success([&] { onnx::to_tensor(tensor, {}); });
  }
  const auto written = onnx::serialize_model(model);
  const onnx::Model again = onnx::parse_model(written, nullptr);
  INGOT_ASSERT(onnx::serialize_model(again) == written, "a model that was written reads back the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes{reinterpret_cast<const std::byte*>(data), size};
  expect_error_or_success([&] { read_and_write(bytes); });
  expect_error_or_success([&] { onnx::parse_tensor_file(bytes); });
  expect_error_or_success([&] { onnx::parse_sequence_file(bytes); });
  expect_error_or_success([&] { onnx::parse_optional_file(bytes); });
  return 0;
}
