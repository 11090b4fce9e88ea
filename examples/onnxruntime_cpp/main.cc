// ONNX Runtime with Ingot's execution provider, from C++: example /absolute/path/libingot_onnxruntime.so model.onnx
// One session serves two threads with batches of different sizes; an option of the provider is given as a third
// argument and its value as a fourth.
#include <cstdio>
#include <exception>
#include <thread>

#include "ort.h"

namespace {

// The output for x = 0, 1/8, 2/8, ... of shape [batch, 8], as text.
std::string serve(const ort::Session& session, int64_t batch) {
  std::vector<float> data(static_cast<size_t>(batch) * 8);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i) / 8;
  const ort::Tensor y = session.run("x", ort::Tensor(data, {batch, 8}), "y");
  const auto shape = y.shape();
  std::string text;
  for (int64_t row = 0; row < shape[0]; ++row) {
    for (int64_t column = 0; column < shape[1]; ++column) {
      char number[32];
      std::snprintf(number, sizeof number, "%.4f ", static_cast<double>(y.data()[row * shape[1] + column]));
      text += number;
    }
    text += "\n";
  }
  return text;
}

void run(const std::string& library, const std::string& model, std::vector<ort::Option> given) {
  const auto env = ort::environment("example");
  const ort::ProviderLibrary provider(env.get(), "ingot", library);
  const auto* device = ort::device_of(env.get(), "IngotExecutionProvider");
  given.push_back({"threads", "1"});
  const auto options = ort::options_for(env.get(), device, given);
  const ort::Session session(env.get(), model, options.get());

  std::string texts[2];
  std::exception_ptr errors[2];
  const auto work = [&](int which) {
    try {
      texts[which] = serve(session, which + 1);
    } catch (...) {
      errors[which] = std::current_exception();
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  for (const auto& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  std::printf("%s%s", texts[0].c_str(), texts[1].c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) {
    std::fprintf(stderr, "usage: %s libingot_onnxruntime.so model.onnx [option value]\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2], argc == 5 ? std::vector<ort::Option>{{argv[3], argv[4]}} : std::vector<ort::Option>{});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
