#include <fmt/core.h>

#include "device/device.h"

namespace ingot::device {
namespace {

// Of a convolution or product: what else it does, and how.
template <class Problem> std::string rest_text(const Problem& p) {
  constexpr const char* kNames[] = {"", " relu", " gelu_tanh", " silu"};
  return fmt::format("{}{}{}{}", p.bias ? " bias" : "", p.residual ? " residual" : "",
                     kNames[static_cast<size_t>(p.activation)], p.tf32 ? " tf32" : "");
}

}  // namespace

std::string text_of(const Convolution& c) {
  return fmt::format("device conv {} n{} {}x{} c{} -> {}x{} m{} g{} k{}x{} s{}x{} d{}x{} p{}x{}x{}x{}{}",
                     dtype_name(c.dtype), c.n, c.h, c.w, c.c, c.out_h, c.out_w, c.m, c.groups, c.kernel[0], c.kernel[1],
                     c.stride[0], c.stride[1], c.dilation[0], c.dilation[1], c.pad_begin[0], c.pad_begin[1],
                     c.pad_end[0], c.pad_end[1], rest_text(c));
}

std::string text_of(const MatrixProduct& p) {
  return fmt::format("device matmul {} m{} n{} k{} batch{} strides{}x{}{}{} alpha{}{}", dtype_name(p.dtype), p.m, p.n,
                     p.k, p.batch, p.stride_a, p.stride_b, p.trans_a ? " trans_a" : "", p.trans_b ? " trans_b" : "",
                     p.alpha, rest_text(p));
}

std::string text_of(const Attention& a) {
  std::string text =
      fmt::format("device attention {} batch{} heads{}x{} q{} k{} size{}x{} scale{} softcap{}{}{}", dtype_name(a.dtype),
                  a.batch, a.heads, a.kv_heads, a.queries, a.keys, a.size, a.value_size, a.scale, a.softcap,
                  a.causal ? " causal" : "", a.unseen_is_zero ? " unseen_is_zero" : "");
  for (const auto& strides : {a.q, a.k, a.v, a.y}) text += fmt::format(" {}x{}x{}", strides[0], strides[1], strides[2]);
  if (!a.mask) return text;
  const auto& m = a.mask->strides;
  return text + fmt::format(" mask {} {}x{}x{}x{}", dtype_name(a.mask->dtype), m[0], m[1], m[2], m[3]);
}

}  // namespace ingot::device
