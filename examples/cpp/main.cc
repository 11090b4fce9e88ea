// Builds a plan with progress, loads it from its file, and runs it at two batch sizes: example model.onnx
#include <cstdio>
#include <ingot/ingot.hpp>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s model.onnx\n", argv[0]);
    return 2;
  }
  try {
    const std::string file = std::string(argv[1]) + ".plan";
    ingot::Builder(argv[1])
        .option("precision", "fp32")
        .progress([](const char* stage, size_t done, size_t total) {
          std::fprintf(stderr, "%s %zu/%zu\n", stage, done, total);
          return true;  // false would stop the build
        })
        .build()
        .save(file);

    const ingot::Plan plan = ingot::Plan::load(file);  // maps the file
    ingot::Session session(plan);
    for (const auto& port : session.inputs()) {
      std::fprintf(stderr, "%s: %s %s\n", port.name.c_str(), port.type.c_str(), port.shape.c_str());
    }
    for (const int64_t batch : {1, 2}) {
      std::vector<float> x(static_cast<size_t>(batch) * 8);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) / 8;
      const auto outputs = session.run({ingot::Value::borrow(x.data(), {batch, 8})});
      const int64_t columns = outputs[0].shape()[1];
      for (size_t i = 0; i < outputs[0].count(); ++i) {
        std::printf("%.4f %s", outputs[0].data<float>()[i], (static_cast<int64_t>(i) + 1) % columns == 0 ? "\n" : "");
      }
    }
  } catch (const ingot::Exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
