#include "tensor/dtype.h"

#include <string>

namespace ingot {
namespace {

enum class Family : uint8_t { kNone, kFloat, kSigned, kUnsigned, kBool, kComplex, kString };

struct Row {
  std::string_view name, onnx;
  int bits;
  Family family;
};

constexpr Row kRows[kDTypeCount] = {
    {"undefined", "undefined", 0, Family::kNone},
    {"f32", "float", 32, Family::kFloat},
    {"u8", "uint8", 8, Family::kUnsigned},
    {"i8", "int8", 8, Family::kSigned},
    {"u16", "uint16", 16, Family::kUnsigned},
    {"i16", "int16", 16, Family::kSigned},
    {"i32", "int32", 32, Family::kSigned},
    {"i64", "int64", 64, Family::kSigned},
    {"string", "string", sizeof(std::string) * 8, Family::kString},
    {"bool", "bool", 8, Family::kBool},
    {"f16", "float16", 16, Family::kFloat},
    {"f64", "double", 64, Family::kFloat},
    {"u32", "uint32", 32, Family::kUnsigned},
    {"u64", "uint64", 64, Family::kUnsigned},
    {"c64", "complex64", 64, Family::kComplex},
    {"c128", "complex128", 128, Family::kComplex},
    {"bf16", "bfloat16", 16, Family::kFloat},
    {"f8e4m3fn", "float8e4m3fn", 8, Family::kFloat},
    {"f8e4m3fnuz", "float8e4m3fnuz", 8, Family::kFloat},
    {"f8e5m2", "float8e5m2", 8, Family::kFloat},
    {"f8e5m2fnuz", "float8e5m2fnuz", 8, Family::kFloat},
    {"u4", "uint4", 4, Family::kUnsigned},
    {"i4", "int4", 4, Family::kSigned},
    {"f4e2m1", "float4e2m1", 4, Family::kFloat},
    {"f8e8m0", "float8e8m0", 8, Family::kFloat},
    {"u2", "uint2", 2, Family::kUnsigned},
    {"i2", "int2", 2, Family::kSigned},
};

const Row& row(DType dtype) { return kRows[static_cast<int>(dtype)]; }

}  // namespace

std::string_view dtype_name(DType dtype) { return row(dtype).name; }
std::string_view onnx_name(DType dtype) { return row(dtype).onnx; }
int dtype_bits(DType dtype) { return row(dtype).bits; }
bool is_float(DType dtype) { return row(dtype).family == Family::kFloat; }
bool is_signed_int(DType dtype) { return row(dtype).family == Family::kSigned; }
bool is_unsigned_int(DType dtype) { return row(dtype).family == Family::kUnsigned; }

DType parse_dtype(std::string_view name) {
  for (int i = 1; i < kDTypeCount; ++i) {
    if (kRows[i].name == name) return static_cast<DType>(i);
  }
  return DType::kUndefined;
}

}  // namespace ingot
