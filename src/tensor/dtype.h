// Element types. The numbers are ONNX's TensorProto.DataType and part of the plan format.
#pragma once
#include <cstdint>
#include <string_view>

namespace ingot {

enum class DType : uint8_t {
  kUndefined = 0,
  kF32 = 1,
  kU8 = 2,
  kI8 = 3,
  kU16 = 4,
  kI16 = 5,
  kI32 = 6,
  kI64 = 7,
  kString = 8,
  kBool = 9,
  kF16 = 10,
  kF64 = 11,
  kU32 = 12,
  kU64 = 13,
  kC64 = 14,
  kC128 = 15,
  kBF16 = 16,
  kF8E4M3FN = 17,
  kF8E4M3FNUZ = 18,
  kF8E5M2 = 19,
  kF8E5M2FNUZ = 20,
  kU4 = 21,
  kI4 = 22,
  kF4E2M1 = 23,
  kF8E8M0 = 24,
  kU2 = 25,
  kI2 = 26,
};
inline constexpr int kDTypeCount = 27;

// Short names of text forms ("f32", "bf16", "i4"); onnx_name gives ONNX's ("float", "bfloat16", "int4").
std::string_view dtype_name(DType dtype);
std::string_view onnx_name(DType dtype);
// kUndefined when the name is unknown.
DType parse_dtype(std::string_view name);

// Bits of one element; packed types (4 and 2 bits) share bytes, low bits first. kString: sizeof(std::string) * 8.
int dtype_bits(DType dtype);
bool is_float(DType dtype);  // every floating-point type, 4 to 64 bits
bool is_signed_int(DType dtype);
bool is_unsigned_int(DType dtype);
inline bool is_int(DType dtype) { return is_signed_int(dtype) || is_unsigned_int(dtype); }
inline bool is_complex(DType dtype) { return dtype == DType::kC64 || dtype == DType::kC128; }
inline bool is_packed(DType dtype) { return dtype_bits(dtype) < 8; }
// Whether `number` is a valid DataType other than undefined.
inline bool is_valid_dtype(int64_t number) { return number >= 1 && number < kDTypeCount; }

}  // namespace ingot
