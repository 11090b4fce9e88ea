#include "tensor/random.h"

#include "tensor/elements.h"

namespace ingot {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(next() >> 40) / static_cast<double>(1 << 23) - 1; }

 private:
  uint64_t state_;
};

template <class T> void fill_complex(Tensor& tensor, Generator& generator) {
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const auto real = static_cast<T>(generator.unit()), imaginary = static_cast<T>(generator.unit());
    tensor.mutable_data<std::complex<T>>()[i] = {real, imaginary};
  }
}

}  // namespace

Tensor random_tensor(DType dtype, Shape shape, uint64_t seed) {
  Tensor tensor(dtype, std::move(shape));
  Generator generator(seed);
  if (dtype == DType::kC64) {
    fill_complex<float>(tensor, generator);
  } else if (dtype == DType::kC128) {
    fill_complex<double>(tensor, generator);
  } else if (dtype == DType::kString) {
    for (int64_t i = 0; i < tensor.count(); ++i) {
      tensor.mutable_data<std::string>()[i] = "w" + std::to_string(generator.next() % 8);
    }
  } else if (dtype == DType::kF32) {
    for (int64_t i = 0; i < tensor.count(); ++i) {
      tensor.mutable_data<float>()[i] = static_cast<float>(generator.unit());
    }
  } else {
    for (int64_t i = 0; i < tensor.count(); ++i) {
      if (is_float(dtype)) {
        write_double(tensor, i, generator.unit());
      } else {
        write_int(tensor, i, static_cast<int64_t>(generator.next() % (dtype == DType::kBool ? 2 : 8)));
      }
    }
  }
  return tensor;
}

}  // namespace ingot
