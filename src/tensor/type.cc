#include "tensor/type.h"

#include <cmath>

#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxTrackedElements = 64;  // shapes and slices are far shorter

}  // namespace

bool Type::operator==(const Type& other) const {
  if (kind != other.kind || dtype != other.dtype || key != other.key) return false;
  if ((element == nullptr) != (other.element == nullptr)) return false;
  return element == nullptr || *element == *other.element;
}

std::string Type::text() const {
  switch (kind) {
    case Kind::kTensor: return std::string(dtype_name(dtype));
    case Kind::kSequence: return "seq(" + element->text() + ")";
    case Kind::kOptional: return "opt(" + element->text() + ")";
    case Kind::kMap: return "map(" + std::string(dtype_name(key)) + "," + std::string(dtype_name(dtype)) + ")";
  }
  return "?";
}

bool tracks_elements(DType dtype) {
  return dtype == DType::kI64 || dtype == DType::kI32 || dtype == DType::kF32 || dtype == DType::kF64;
}

bool holds_exactly(DType dtype, int64_t value) {
  const auto within = [&](int64_t limit) { return value >= -limit && value <= limit; };
  switch (dtype) {
    case DType::kI64: return true;
    case DType::kI32: return value == static_cast<int32_t>(value);
    case DType::kF32: return within(int64_t{1} << 24);
    case DType::kF64: return within(int64_t{1} << 53);
    default: return false;
  }
}

static std::optional<DimShape> whole_elements(const Tensor& value) {
  if (!tracks_elements(value.dtype()) || value.rank() > 1 || value.count() > kMaxTrackedElements) return std::nullopt;
  const bool integers = is_int(value.dtype());
  DimShape elements;
  for (int64_t i = 0; i < value.count(); ++i) {
    const double number = integers ? 0 : read_double(value, i);
    const bool whole = number == std::floor(number) && std::fabs(number) < 0x1p53;
    if (!whole || !holds_exactly(value.dtype(), read_int(value, i))) return std::nullopt;
    elements.emplace_back(read_int(value, i));
  }
  return elements;
}

Fact Fact::of(Tensor value) {
  Fact fact(value.dtype(), to_dims(value.shape()));
  fact.elements = whole_elements(value);
  fact.value = std::move(value);
  return fact;
}

std::string Fact::text() const {
  if (!type.is_tensor()) return type.text();
  return type.text() + (shape ? dims_text(*shape) : "[?]");
}

}  // namespace ingot
