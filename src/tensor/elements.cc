#include "tensor/elements.h"

#include <bit>
#include <cmath>
#include <limits>

namespace ingot {
namespace {

// Calls visitor with a typed pointer for every unpacked numeric type, the 8-bit floats included.
template <class Visitor> decltype(auto) visit_stored(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DType::kF8E4M3FN: return visitor(F8E4M3FN{});
    case DType::kF8E4M3FNUZ: return visitor(F8E4M3FNUZ{});
    case DType::kF8E5M2: return visitor(F8E5M2{});
    case DType::kF8E5M2FNUZ: return visitor(F8E5M2FNUZ{});
    case DType::kF8E8M0: return visitor(F8E8M0{});
    default: return visit_numeric(dtype, "element access", visitor);
  }
}

int64_t sign_extend(uint8_t value, int bits) {
  const int64_t sign = int64_t{1} << (bits - 1);
  return (static_cast<int64_t>(value) ^ sign) - sign;
}

int64_t packed_int(const Tensor& tensor, int64_t index) {
  const int bits = dtype_bits(tensor.dtype());
  const uint8_t value = read_packed(tensor.raw(), bits, index);
  return is_signed_int(tensor.dtype()) ? sign_extend(value, bits) : value;
}

// Rounds so that a second rounding, to fewer bits, gives what one rounding would: an inexact result gets an odd
// mantissa.
float round_to_odd(double value) {
  const auto rounded = static_cast<float>(value);
  if (static_cast<double>(rounded) == value || !std::isfinite(rounded)) return rounded;
  auto bits = std::bit_cast<uint32_t>(rounded);
  if (std::fabs(static_cast<double>(rounded)) > std::fabs(value)) --bits;  // now towards zero
  return std::bit_cast<float>(bits | 1);
}

template <class T> T from_double(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    // Out-of-range and NaN are undefined in ONNX; wrapping through 64 bits is what NumPy on x86-64 does.
    if (std::isnan(value)) return static_cast<T>(std::numeric_limits<int64_t>::min());
    if (value >= 9223372036854775808.0) {
      return value < 18446744073709551616.0 ? static_cast<T>(static_cast<uint64_t>(value))
                                            : static_cast<T>(std::numeric_limits<int64_t>::min());
    }
    if (value < -9223372036854775808.0) return static_cast<T>(std::numeric_limits<int64_t>::min());
    return static_cast<T>(static_cast<int64_t>(value));
  } else {
    return T(round_to_odd(value));
  }
}

}  // namespace

uint8_t read_packed(const void* data, int bits, int64_t index) {
  const int per_byte = 8 / bits;
  const uint8_t byte = static_cast<const uint8_t*>(data)[index / per_byte];
  return static_cast<uint8_t>((byte >> (index % per_byte * bits)) & ((1 << bits) - 1));
}

void write_packed(void* data, int bits, int64_t index, uint8_t value) {
  const int per_byte = 8 / bits;
  uint8_t& byte = static_cast<uint8_t*>(data)[index / per_byte];
  const int shift = static_cast<int>(index % per_byte) * bits;
  const int mask = ((1 << bits) - 1) << shift;
  byte = static_cast<uint8_t>((byte & ~mask) | ((value << shift) & mask));
}

double read_double(const Tensor& tensor, int64_t index) {
  if (is_packed(tensor.dtype())) {
    if (tensor.dtype() == DType::kF4E2M1) return F4E2M1::from_bits(read_packed(tensor.raw(), 4, index));
    return static_cast<double>(packed_int(tensor, index));
  }
  return visit_stored(tensor.dtype(), [&](auto tag) -> double {
    using T = decltype(tag);
    const T value = static_cast<const T*>(tensor.raw())[index];
    if constexpr (std::is_arithmetic_v<T>) {
      return static_cast<double>(value);
    } else {
      return static_cast<double>(static_cast<float>(value));
    }
  });
}

int64_t read_int(const Tensor& tensor, int64_t index) {
  if (is_packed(tensor.dtype()) && tensor.dtype() != DType::kF4E2M1) return packed_int(tensor, index);
  if (is_packed(tensor.dtype())) return static_cast<int64_t>(read_double(tensor, index));
  return visit_stored(tensor.dtype(), [&](auto tag) -> int64_t {
    using T = decltype(tag);
    const T value = static_cast<const T*>(tensor.raw())[index];
    if constexpr (std::is_integral_v<T>) {
      return static_cast<int64_t>(value);
    } else {
      return from_double<int64_t>(static_cast<double>(value));
    }
  });
}

void write_double(Tensor& tensor, int64_t index, double value) {
  if (is_packed(tensor.dtype())) {
    const uint8_t bits = tensor.dtype() == DType::kF4E2M1 ? from_double<F4E2M1>(value).bits
                                                          : static_cast<uint8_t>(from_double<int64_t>(value));
    write_packed(tensor.mutable_raw(), dtype_bits(tensor.dtype()), index, bits);
    return;
  }
  visit_stored(tensor.dtype(), [&](auto tag) {
    using T = decltype(tag);
    static_cast<T*>(tensor.mutable_raw())[index] = from_double<T>(value);
  });
}

void write_int(Tensor& tensor, int64_t index, int64_t value) {
  if (is_packed(tensor.dtype())) {
    const uint8_t bits = tensor.dtype() == DType::kF4E2M1 ? from_double<F4E2M1>(static_cast<double>(value)).bits
                                                          : static_cast<uint8_t>(value);
    write_packed(tensor.mutable_raw(), dtype_bits(tensor.dtype()), index, bits);
    return;
  }
  visit_stored(tensor.dtype(), [&](auto tag) {
    using T = decltype(tag);
    T& slot = static_cast<T*>(tensor.mutable_raw())[index];
    if constexpr (std::is_same_v<T, bool>) {
      slot = value != 0;
    } else if constexpr (std::is_arithmetic_v<T>) {
      slot = static_cast<T>(value);
    } else {
      slot = from_double<T>(static_cast<double>(value));
    }
  });
}

void copy_element(const Tensor& from, int64_t from_index, Tensor& to, int64_t to_index) {
  INGOT_ASSERT(from.dtype() == to.dtype(), "elements are copied between equal types");
  if (from.dtype() == DType::kString) {
    to.mutable_data<std::string>()[to_index] = from.data<std::string>()[from_index];
  } else if (is_packed(from.dtype())) {
    const int bits = dtype_bits(from.dtype());
    write_packed(to.mutable_raw(), bits, to_index, read_packed(from.raw(), bits, from_index));
  } else {
    const auto size = static_cast<size_t>(dtype_bits(from.dtype()) / 8);
    std::memcpy(static_cast<std::byte*>(to.mutable_raw()) + static_cast<size_t>(to_index) * size,
                static_cast<const std::byte*>(from.raw()) + static_cast<size_t>(from_index) * size, size);
  }
}

void copy_elements(const Tensor& from, int64_t from_index, Tensor& to, int64_t to_index, int64_t count) {
  INGOT_ASSERT(from.dtype() == to.dtype(), "elements are copied between equal types");
  const int bits = dtype_bits(from.dtype());
  int64_t done = 0;
  if (from.dtype() != DType::kString && from_index * bits % 8 == 0 && to_index * bits % 8 == 0) {
    done = bits >= 8 ? count : count / (8 / bits) * (8 / bits);
    if (done > 0) {
      std::memcpy(static_cast<std::byte*>(to.mutable_raw()) + to_index * bits / 8,
                  static_cast<const std::byte*>(from.raw()) + from_index * bits / 8,
                  static_cast<size_t>(done * bits / 8));
    }
  }
  for (; done < count; ++done) copy_element(from, from_index + done, to, to_index + done);
}

std::vector<int64_t> to_ints(const Tensor& tensor) {
  std::vector<int64_t> values(static_cast<size_t>(tensor.count()));
  if (is_packed(tensor.dtype())) {
    for (int64_t i = 0; i < tensor.count(); ++i) values[static_cast<size_t>(i)] = read_int(tensor, i);
    return values;
  }
  visit_stored(tensor.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const T* data = static_cast<const T*>(tensor.raw());
    for (size_t i = 0; i < values.size(); ++i) {
      if constexpr (std::is_integral_v<T>) {
        values[i] = static_cast<int64_t>(data[i]);
      } else {
        values[i] = from_double<int64_t>(static_cast<double>(data[i]));
      }
    }
  });
  return values;
}

std::vector<double> to_doubles(const Tensor& tensor) {
  std::vector<double> values(static_cast<size_t>(tensor.count()));
  if (is_packed(tensor.dtype())) {
    for (int64_t i = 0; i < tensor.count(); ++i) values[static_cast<size_t>(i)] = read_double(tensor, i);
    return values;
  }
  visit_stored(tensor.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const T* data = static_cast<const T*>(tensor.raw());
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(data[i]);
  });
  return values;
}

void write_doubles(Tensor& tensor, std::span<const double> values) {
  INGOT_ASSERT(static_cast<int64_t>(values.size()) == tensor.count(), "values fill the tensor");
  if (is_packed(tensor.dtype())) {
    for (int64_t i = 0; i < tensor.count(); ++i) write_double(tensor, i, values[static_cast<size_t>(i)]);
    return;
  }
  visit_stored(tensor.dtype(), [&](auto tag) {
    using T = decltype(tag);
    T* data = static_cast<T*>(tensor.mutable_raw());
    for (size_t i = 0; i < values.size(); ++i) data[i] = from_double<T>(values[i]);
  });
}

void write_ints(Tensor& tensor, std::span<const int64_t> values) {
  INGOT_ASSERT(static_cast<int64_t>(values.size()) == tensor.count(), "values fill the tensor");
  for (int64_t i = 0; i < tensor.count(); ++i) write_int(tensor, i, values[static_cast<size_t>(i)]);
}

Tensor convert(const Tensor& tensor, DType to, bool saturate) {
  if (tensor.dtype() == to) return tensor;
  Tensor result(to, tensor.shape());
  const bool exact_ints = (is_int(tensor.dtype()) || tensor.dtype() == DType::kBool) && is_int(to);
  const auto store_f8 = [&](int64_t i, auto tag) {
    using T = decltype(tag);
    static_cast<T*>(result.mutable_raw())[i] = T(round_to_odd(read_double(tensor, i)), saturate);
  };
  for (int64_t i = 0; i < tensor.count(); ++i) {
    switch (to) {
      case DType::kF8E4M3FN: store_f8(i, F8E4M3FN{}); break;
      case DType::kF8E4M3FNUZ: store_f8(i, F8E4M3FNUZ{}); break;
      case DType::kF8E5M2: store_f8(i, F8E5M2{}); break;
      case DType::kF8E5M2FNUZ: store_f8(i, F8E5M2FNUZ{}); break;
      case DType::kF8E8M0: store_f8(i, F8E8M0{}); break;
      default: exact_ints ? write_int(result, i, read_int(tensor, i)) : write_double(result, i, read_double(tensor, i));
    }
  }
  return result;
}

}  // namespace ingot
