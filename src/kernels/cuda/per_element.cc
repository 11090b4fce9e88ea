#include "kernels/cuda/per_element.h"

#include "base/error.h"

namespace ingot::kernels::cuda {

KernelText per_element(const Shape& space, std::string parameters, const std::string& body) {
  constexpr int64_t kThreads = 256;
  const int64_t count = element_count(space);
  const bool narrow = count < (int64_t{1} << 31);
  KernelText kernel;
  kernel.threads = kThreads;
  kernel.blocks = std::max<int64_t>(1, (count + kThreads - 1) / kThreads);
  kernel.parameters = std::move(parameters);
  kernel.body = fmt::format("  const long long t = (long long)blockIdx.x * {} + threadIdx.x;\n  if (t >= {}) return;\n",
                            kThreads, count);
  if (!space.empty()) kernel.body += fmt::format("  {} rest = t;\n", narrow ? "unsigned" : "unsigned long long");
  for (size_t i = space.size(); i-- > 0;) {
    const char* type = narrow ? "int" : "long long";
    kernel.body += i == 0 ? fmt::format("  const {0} i0 = ({0})rest;\n", type)
                          : fmt::format("  const {0} i{1} = ({0})(rest % {2}); rest /= {2};\n", type, i, space[i]);
  }
  kernel.body += body;
  return kernel;
}

int64_t vector_width(DType type, int64_t count) {
  int64_t width = 16 / std::max(2, dtype_bits(type) / 8);
  while (count % width != 0) width /= 2;
  return width;
}

}  // namespace ingot::kernels::cuda
