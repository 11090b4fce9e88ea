// Reading and writing elements of any numeric type through double or int64, packed types included. Slow and obvious:
// for evaluations, folding and comparison, not for kernels.
#pragma once
#include "tensor/tensor.h"

namespace ingot {

// Element `index` converted; bool reads as 0 or 1, complex types throw. i64/u64 above 2^53 lose bits as double.
double read_double(const Tensor& tensor, int64_t index);
// Truncates floating-point values towards zero. u64 keeps its bit pattern.
int64_t read_int(const Tensor& tensor, int64_t index);
// Floats are rounded to nearest even, integers truncated and wrapped to the type's width.
void write_double(Tensor& tensor, int64_t index, double value);
void write_int(Tensor& tensor, int64_t index, int64_t value);
// Copies one element between tensors of the same type (strings and packed types included).
void copy_element(const Tensor& from, int64_t from_index, Tensor& to, int64_t to_index);

// Copies `count` consecutive elements; ranges that fall on whole bytes are copied at once.
void copy_elements(const Tensor& from, int64_t from_index, Tensor& to, int64_t to_index, int64_t count);

std::vector<int64_t> to_ints(const Tensor& tensor);
std::vector<double> to_doubles(const Tensor& tensor);
// All elements at once; as many values as elements.
void write_doubles(Tensor& tensor, std::span<const double> values);
void write_ints(Tensor& tensor, std::span<const int64_t> values);

// ONNX Cast between numeric types. `saturate` is for the 8-bit floats.
Tensor convert(const Tensor& tensor, DType to, bool saturate = true);

// Packed storage: 4- and 2-bit elements, low bits first.
uint8_t read_packed(const void* data, int bits, int64_t index);
void write_packed(void* data, int bits, int64_t index, uint8_t value);

// Calls visitor with a value-initialised object of the C++ storage type of `dtype` (every type but the packed ones,
// string and complex); throws kUnsupported naming `what` for the others.
template <class Visitor> decltype(auto) visit_numeric(DType dtype, const char* what, Visitor&& visitor) {
  switch (dtype) {
    case DType::kF32: return visitor(float{});
    case DType::kF64: return visitor(double{});
    case DType::kF16: return visitor(F16{});
    case DType::kBF16: return visitor(BF16{});
    case DType::kI8: return visitor(int8_t{});
    case DType::kI16: return visitor(int16_t{});
    case DType::kI32: return visitor(int32_t{});
    case DType::kI64: return visitor(int64_t{});
    case DType::kU8: return visitor(uint8_t{});
    case DType::kU16: return visitor(uint16_t{});
    case DType::kU32: return visitor(uint32_t{});
    case DType::kU64: return visitor(uint64_t{});
    case DType::kBool: return visitor(bool{});
    default: fail(Code::kUnsupported, "{} does not take elements of type {}", what, dtype_name(dtype));
  }
}

}  // namespace ingot
