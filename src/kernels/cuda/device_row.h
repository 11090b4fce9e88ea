// Kernels for an accelerator: rows that turn a step into calls of the device's libraries and of generated CUDA kernels.
#pragma once
#include <variant>

#include "device/device.h"
#include "kernels/cuda/moved.h"
#include "kernels/kernel.h"

namespace ingot::kernels::cuda {

// A kernel's CUDA C++ without its name, on the types of kernel_prelude(). Every size is written into it. It waits for
// the kernels ahead where the body says after_others(), before which it may read constants alone; else at its
// beginning.
struct KernelText {
  std::string parameters, body;
  int64_t blocks = 1;
  uint32_t threads = 256;
  uint32_t cluster = 1;  // neighbouring blocks that see each other's shared memory, where the GPU has that
};
// All that the kernel is made of, for names.
std::string text_of(const KernelText& kernel);
// The kernel as a definition.
std::string kernel_source(const KernelText& kernel, const std::string& name);

// What an own kernel does behind the library, on these of the call's operands. The last ones of the call are the
// library's no more and have these bytes.
struct Rest {
  KernelText kernel;
  std::vector<size_t> operands;
  std::vector<int64_t> more_bytes;
};

// What the device's library, with what it leaves to do, or an own kernel on the same operands does, whichever is faster
// there.
struct Choice {
  std::variant<device::Attention, device::Convolution, device::MatrixProduct> problem;
  KernelText own;
  std::optional<Rest> rest = {};
};

// An operand of a call: an input or output of the step, of an input that was moved one of the memories that it lies in,
// or one of the call's tables.
struct Slot {
  enum Kind : uint8_t { kInput, kOutput, kTable } kind = kInput;
  size_t index = 0;
  size_t root = 0;
  bool before = false;  // of the first of two steps that run as one kernel
  bool operator==(const Slot&) const = default;
};

struct Call {
  std::variant<KernelText, device::Convolution, device::MatrixProduct, Choice> work;
  std::vector<Slot> operands;  // as the work takes them
  std::vector<Tensor> tables;  // i32: what follows from the sizes and is dear to compute in the kernel
};

// What a step does on the device, in order.
using Emission = std::vector<Call>;
// Lets the library round f32 operands of its products and convolutions to TF32; own kernels do not.
void allow_tf32(Emission& emission);

// How an operand lies in other values' memory: by strides, or as movements left it. Both empty: densely in its own.
struct OperandView {
  std::vector<int64_t> strides;
  Moved moved;
};

struct DeviceRow {
  const char* name;  // cuda_<what>: plan entry, profile row
  const char* doc;
  std::vector<const OpDef*> ops;
  // Null when the row takes the problem, else a static reason. Looks at what Row::refuse looks at.
  const char* (*refuse)(const Problem& problem);
  // Sizes all known; `storage` is how the device stores f32: f32, f16 or bf16.
  Emission (*emit)(const Problem& problem, DType storage);
  // Constant input `input` as the row wants it; null: as it is.
  Tensor (*pack)(const Problem& problem, size_t input, const Tensor& weights) = nullptr;
  // For operands that lie in other values' memory, by input and then the output. Rows of 8 elements that start at
  // multiples of 8 lie densely.
  Emission (*emit_views)(const Problem& problem, DType storage, std::span<const OperandView> views) = nullptr;
  size_t view_inputs = 0;    // how many of the first inputs may have strides
  bool view_output = false;  // whether the only output may have strides
  size_t moved_inputs = 0;   // how many of the first inputs may be moved
  // Whether the row takes an input that was moved like that. Null: runs of 8 elements or a multiple of it.
  bool (*takes)(size_t input, const Moved& moved) = nullptr;
  // Of a row whose only moved input has the output's shape: neighbouring elements that are computed together, so that
  // both may be moved alike. Null: the row has no such form.
  int64_t (*together)(const Problem& problem) = nullptr;
};

std::span<const DeviceRow> device_rows();
// The row that takes the problem, or null with a reason.
const DeviceRow* pick_device_row(const Problem& problem, const char*& reason);
const DeviceRow* find_device_row(std::string_view name);

// Type of the elements on the device of a tensor of type `dtype`.
inline DType stored(DType dtype, DType storage) { return dtype == DType::kF32 ? storage : dtype; }
// Whether kernels can read and write it.
bool is_device_type(DType dtype);
// Types, loads and stores that every KernelText builds on.
std::string kernel_prelude();
// The kernel that the call is or falls back on; null: the device's library does it.
const KernelText* own_kernel(const Call& call);
// Where the prelude names the type: "f16", "long long", ...
const char* device_type_name(DType stored);
// A convolution with bias, residual or activation as one without and an elementwise kernel, for devices that lack it.
std::vector<Call> split_convolution(const Call& call);
// The operands of a kernel for one input of the step.
std::vector<Slot> input_slots(size_t input, const Moved& moved);
// Moved elements as a dense result: input 0 to output 0 of the step.
Call moved_copy(DType stored, const Moved& moved, const Shape& shape);
// The same elements from one stored type to another.
KernelText conversion(DType from, DType to, int64_t count);

// The rows, by file.
std::vector<DeviceRow> elementwise_rows();
std::vector<DeviceRow> movement_rows();
std::vector<DeviceRow> reduction_rows();
std::vector<DeviceRow> convolution_rows();
std::vector<DeviceRow> matrix_rows();
std::vector<DeviceRow> attention_rows();
std::vector<DeviceRow> resize_rows();
std::vector<DeviceRow> padding_rows();
std::vector<DeviceRow> indexing_rows();
std::vector<DeviceRow> sequence_rows();
std::vector<DeviceRow> line_rows();
std::vector<DeviceRow> top_k_rows();
std::vector<DeviceRow> conv_transpose_rows();
std::vector<DeviceRow> group_norm_rows();
std::vector<DeviceRow> grid_sample_rows();
std::vector<DeviceRow> quantization_rows();

}  // namespace ingot::kernels::cuda
