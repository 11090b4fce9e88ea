// For any CPU: the same segments over a vector of plain floats.
#include "kernels/depthwise/segment.h"
#include "tensor/float_types.h"

namespace ingot::kernels::depthwise {
namespace {

constexpr int64_t kLanes = 8;
struct F {
  float at[kLanes];
};

F load_part(const float* p, int64_t n) {
  F x = {};
  for (int64_t i = 0; i < n; ++i) x.at[i] = p[i];
  return x;
}
struct Brain {
  uint16_t bits;
};
F get_part(const float* p, int64_t n) { return load_part(p, n); }
F get_part(const Brain* p, int64_t n) {
  F x = {};
  for (int64_t i = 0; i < n; ++i) x.at[i] = static_cast<float>(BF16::from_bits(p[i].bits));
  return x;
}
template <class T> F bytes_part(const T* p, int64_t n) {
  F x = {};
  for (int64_t i = 0; i < n; ++i) x.at[i] = p[i];
  return x;
}
F get_part(const uint8_t* p, int64_t n) { return bytes_part(p, n); }
F get_part(const int8_t* p, int64_t n) { return bytes_part(p, n); }
template <class T> F get(const T* p) { return get_part(p, kLanes); }
F load(const float* p) { return load_part(p, kLanes); }
void put_part(float* p, const F& x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) p[i] = x.at[i];
}
void put_part(Brain* p, const F& x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) p[i].bits = BF16(x.at[i]).bits;
}
template <class T> void put(T* p, const F& x) { put_part(p, x, kLanes); }
template <class Body> F each(Body&& body) {
  F x;
  for (int64_t i = 0; i < kLanes; ++i) x.at[i] = body(i);
  return x;
}
F set1(float x) {
  return each([&](int64_t) { return x; });
}
F operator+(const F& a, const F& b) {
  return each([&](int64_t i) { return a.at[i] + b.at[i]; });
}
struct I {
  const int32_t* at;
};
I load_lanes(const int32_t* p) { return {p}; }
F permute(const F& x, const I& lanes) {
  return each([&](int64_t i) { return x.at[lanes.at[i]]; });
}
F fma(const F& a, const F& b, const F& c) {
  return each([&](int64_t i) { return a.at[i] * b.at[i] + c.at[i]; });
}
F max2(const F& a, const F& b) {
  return each([&](int64_t i) { return a.at[i] > b.at[i] ? a.at[i] : b.at[i]; });
}
F min2(const F& a, const F& b) {
  return each([&](int64_t i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; });
}

#include "kernels/depthwise/segment-inl.h"

}  // namespace

const SegmentSet kReferenceSegments = make_segments("f32_depthwise_8", 4, gemm::kReference4x8.transpose);

}  // namespace ingot::kernels::depthwise
