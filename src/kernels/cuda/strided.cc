#include "kernels/cuda/strided.h"

#include <algorithm>

#include "base/error.h"

namespace ingot::kernels::cuda {
namespace {

constexpr uint32_t kThreads = 256;

// The space and the operands with neighbouring axes joined where every operand allows it.
struct Collapsed {
  Shape sizes;
  std::vector<std::vector<int64_t>> strides;  // per operand
};

Collapsed collapse(const Shape& space, const std::vector<const StridedOperand*>& operands) {
  Collapsed result;
  result.strides.resize(operands.size());
  for (size_t axis = 0; axis < space.size(); ++axis) {
    if (space[axis] == 1) continue;
    bool joins = !result.sizes.empty();
    for (size_t o = 0; joins && o < operands.size(); ++o) {
      joins = result.strides[o].back() == operands[o]->strides[axis] * space[axis];
    }
    if (joins) {
      result.sizes.back() *= space[axis];
    } else {
      result.sizes.push_back(space[axis]);
    }
    for (size_t o = 0; o < operands.size(); ++o) {
      if (joins) {
        result.strides[o].back() = operands[o]->strides[axis];
      } else {
        result.strides[o].push_back(operands[o]->strides[axis]);
      }
    }
  }
  return result;
}

// Whether `width` neighbouring elements of every operand lie side by side or are one element.
bool fits(const Collapsed& collapsed, const std::vector<const StridedOperand*>& operands, int64_t width) {
  if (collapsed.sizes.back() % width != 0) return false;
  for (size_t o = 0; o < operands.size(); ++o) {
    const auto& strides = collapsed.strides[o];
    if (strides.back() != 0 && strides.back() != 1) return false;
    if (strides.back() == 0) continue;
    if (operands[o]->base % width != 0 || moved_run(operands[o]->moved) % width != 0) return false;
    for (size_t i = 0; i + 1 < strides.size(); ++i) {
      if (strides[i] % width != 0) return false;
    }
  }
  return true;
}

// Elements per thread: as many as fill 16 bytes of the widest operand, fewer where they do not lie that way.
int64_t vector_width(const Collapsed& collapsed, const std::vector<const StridedOperand*>& operands) {
  if (collapsed.sizes.empty()) return 1;
  int64_t widest = 2;
  for (const StridedOperand* operand : operands) widest = std::max<int64_t>(widest, dtype_bits(operand->stored) / 8);
  int64_t width = 16 / widest;
  while (width > 1 && !fits(collapsed, operands, width)) width /= 2;
  return width;
}

}  // namespace

std::string offset_expression(const std::vector<int64_t>& strides, int64_t base) {
  std::string text = std::to_string(base);
  for (size_t i = 0; i < strides.size(); ++i) {
    if (strides[i] != 0) text += fmt::format(" + (long long)i{} * {}", i, strides[i]);
  }
  return text;
}

StridedOperand broadcast_operand(DType stored, const Shape& shape, const Shape& space) {
  StridedOperand operand{stored, std::vector<int64_t>(space.size(), 0), 0};
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t size = shape[shape.size() - 1 - i];
    if (size != 1) operand.strides[space.size() - 1 - i] = stride;
    stride *= size;
  }
  return operand;
}

KernelText strided_kernel(const Shape& space, std::span<const StridedOperand> inputs,
                          std::span<const StridedOperand> outputs, std::span<const TileInstruction> body,
                          std::span<const int64_t> results) {
  std::vector<const StridedOperand*> operands;
  for (const auto& input : inputs) operands.push_back(&input);
  for (const auto& output : outputs) operands.push_back(&output);
  const Collapsed collapsed = collapse(space, operands);
  const int64_t width = vector_width(collapsed, operands), count = element_count(space), vectors = count / width;
  KernelText kernel;
  kernel.threads = kThreads;
  kernel.blocks = std::max<int64_t>(1, (vectors + kThreads - 1) / kThreads);
  // Operands may be the same memory (in place), so none is restricted.
  std::string& text = kernel.body;
  text = fmt::format("  const long long t = (long long)blockIdx.x * {} + threadIdx.x;\n  if (t >= {}) return;\n",
                     kThreads, vectors);
  text += fmt::format("  {} rest = t * {};\n", count < (int64_t{1} << 31) ? "unsigned" : "unsigned long long", width);
  for (size_t i = collapsed.sizes.size(); i-- > 0;) {
    text += i == 0 ? "  const auto i0 = rest;\n"
                   : fmt::format("  const auto i{0} = rest % {1}; rest /= {1};\n", i, collapsed.sizes[i]);
  }
  std::vector<std::string> names;
  std::vector<DType> types;
  std::string loads, lanes, stores;
  for (size_t o = 0; o < operands.size(); ++o) {
    const char* type = device_type_name(operands[o]->stored);
    const auto& strides = collapsed.strides[o];
    const bool is_input = o < inputs.size();
    const bool one = is_input && (strides.empty() || strides.back() == 0);
    const int64_t held = one ? 1 : width;
    const std::string offset = offset_expression(strides, operands[o]->base);
    if (o > 0) kernel.parameters += ", ";
    if (operands[o]->moved.empty()) {
      kernel.parameters += fmt::format("{}{}* p{}", is_input ? "const " : "", type, o);
      text += fmt::format("  {2}pack<{0}, {1}>* q{3} = ({2}pack<{0}, {1}>*)(p{3} + ({4}));\n", type, held,
                          is_input ? "const " : "", o, offset);
    } else {
      kernel.parameters += moved_parameters(operands[o]->moved, type, fmt::format("p{}", o));
      text += moved_lines(operands[o]->moved, type, fmt::format("p{}", o), offset, fmt::format("m{}", o), "  ");
      text += fmt::format("  const pack<{0}, {1}>* q{2} = (const pack<{0}, {1}>*)m{2};\n", type, held, o);
    }
    if (is_input) {
      loads += fmt::format("  const pack<{}, {}> x{} = *q{};\n", type, held, o, o);
      lanes += fmt::format("    const auto v{} = load(x{}.v[{}]);\n", o, o, one ? "0" : "l");
      names.push_back(fmt::format("v{}", o));
      types.push_back(operands[o]->stored);
    } else {
      loads += fmt::format("  pack<{}, {}> y{};\n", type, held, o);
      stores += fmt::format("  *q{} = y{};\n", o, o);
    }
  }
  lanes += body_lines(body, "    ", names, types);
  for (size_t r = 0; r < results.size(); ++r) {
    lanes += fmt::format("    store(y{}.v[l], {});\n", inputs.size() + r, names[static_cast<size_t>(results[r])]);
  }
  text += loads + fmt::format("#pragma unroll\n  for (int l = 0; l < {}; ++l) {{\n", width) + lanes + "  }\n" + stores;
  return kernel;
}

KernelText conversion(DType from, DType to, int64_t count) {
  const StridedOperand input{from, {1}, 0}, output{to, {1}, 0};
  const int64_t result = 0;
  return strided_kernel({count}, std::span(&input, 1), std::span(&output, 1), {}, std::span(&result, 1));
}

}  // namespace ingot::kernels::cuda
