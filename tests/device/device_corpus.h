// Small graphs, one for what each device row does and where it changes its way.
#pragma once
#include <ostream>
#include <string>

namespace ingot {

struct DeviceCase {
  const char* name;
  const char* text;
};
// How GoogleTest shows a case: without it by its bytes, which are addresses.
inline void PrintTo(const DeviceCase& each, std::ostream* to) { *to << each.name; }

inline constexpr DeviceCase kDeviceCases[] = {
    {"conv_bias_relu", R"(graph g(%x: f32[2,9,9,16]) {
      %w: f32[24,16,3,3] = const random(1)
      %b: f32[24] = const random(2)
      %a = conv{pads=[1,1,1,1], channels_last=true}(%x, %w, %b)
      %y = unary{fn=relu}(%a)
      return %y
    })"},
    {"conv_residual_strided", R"(graph g(%x: f32[1,8,8,16], %r: f32[1,4,4,32]) {
      %w: f32[32,16,1,1] = const random(1)
      %b: f32[32] = const random(2)
      %a = conv{strides=[2,2], channels_last=true}(%x, %w, %b)
      %c = binary(%a, %r)
      %y = unary{fn=relu}(%c)
      return %y
    })"},
    {"conv_three_channels", R"(graph g(%x: f32[1,17,17,3]) {
      %w: f32[8,3,3,3] = const random(1)
      %b: f32[8] = const random(2)
      %a = conv{strides=[2,2], pads=[1,1,1,1], channels_last=true}(%x, %w, %b)
      %y = unary{fn=silu, alpha=1}(%a)
      return %y
    })"},
    {"conv_any_epilogue", R"(graph g(%x: f32[2,13,11,40], %r: f32[2,7,11,72]) {
      %w: f32[72,40,3,1] = const random(1)
      %b: f32[72] = const random(2)
      %a = conv{strides=[2,1], pads=[1,0,1,0], channels_last=true}(%x, %w, %b)
      %h = unary{fn=hard_swish}(%a)
      %y = binary(%h, %r)
      return %y
    })"},
    {"conv_any_epilogue_of_many_channels", R"(graph g(%x: f32[1,6,5,272]) {
      %w: f32[136,272,3,3] = const random(1)
      %a = conv{dilations=[2,1], pads=[2,1,2,1], channels_last=true}(%x, %w)
      %y = unary{fn=hard_swish}(%a)
      return %y
    })"},
    {"conv_any_epilogue_of_three_channels", R"(graph g(%x: f32[1,60,61,3]) {
      %w: f32[16,3,3,3] = const random(1)
      %b: f32[16] = const random(2)
      %a = conv{strides=[2,2], pads=[0,0,1,1], channels_last=true}(%x, %w, %b)
      %y = unary{fn=tanh}(%a)
      return %y
    })"},
    {"conv_grouped_epilogue", R"(graph g(%x: f32[1,6,6,16]) {
      %w: f32[16,4,3,3] = const random(1)
      %a = conv{group=4, pads=[1,1,1,1], channels_last=true}(%x, %w)
      %h = unary{fn=hard_swish}(%a)
      %y = binary{fn=mul}(%h, %a)
      return %y
    })"},
    {"conv_depthwise", R"(graph g(%x: f32[2,10,7,24]) {
      %w: f32[24,1,5,3] = const random(1)
      %b: f32[24] = const random(2)
      %a = conv{group=24, pads=[2,1,2,1], strides=[2,1], channels_last=true}(%x, %w, %b)
      %y = unary{fn=relu}(%a)
      return %y
    })"},
    {"conv_depthwise_odd_channels", R"(graph g(%x: f32[1,6,6,5]) {
      %w: f32[5,1,3,3] = const random(1)
      %y = conv{group=5, dilations=[2,2], channels_last=true}(%x, %w)
      return %y
    })"},
    {"pools", R"(graph g(%x: f32[1,9,9,16]) {
      %a = pool{kernel=[3,3], strides=[2,2], pads=[1,1,1,1], channels_last=true}(%x)
      %b = pool{fn=average, kernel=[3,3], strides=[2,2], pads=[1,1,1,1], channels_last=true}(%x)
      %c = pool{fn=average, kernel=[3,3], strides=[2,2], pads=[1,1,1,1], count_include_pad=true, channels_last=true}(%x)
      %d = binary(%a, %b)
      %y = binary{fn=sub}(%d, %c)
      return %y
    })"},
    {"matmul_bias_gelu", R"(graph g(%x: f32[2,12,32]) {
      %w: f32[32,24] = const random(1)
      %b: f32[24] = const random(2)
      %a = matmul(%x, %w, %b)
      %y = unary{fn=gelu}(%a)
      return %y
    })"},
    {"matmul_batched_transposed", R"(graph g(%q: f32[2,3,8,16], %k: f32[2,3,8,16], %m: f32[2,1,1,8]) {
      %s = matmul{trans_b=true, alpha=0.25}(%q, %k)
      %a = binary(%s, %m)
      %p = softmax(%a)
      %y = matmul(%p, %k)
      return %y
    })"},
    {"matmul_residual_relu", R"(graph g(%x: f32[16,32], %r: f32[16,8]) {
      %w: f32[8,32] = const random(1)
      %b: f32[8] = const random(2)
      %a = matmul{trans_b=true}(%x, %w, %b)
      %c = binary(%r, %a)
      %y = unary{fn=relu}(%c)
      return %y
    })"},
    {"matmul_matrix_bias", R"(graph g(%x: f32[4,16]) {
      %w: f32[16,8] = const random(1)
      %b: f32[4,1] = const random(2)
      %y = matmul(%x, %w, %b)
      return %y
    })"},
    {"norms", R"(graph g(%x: f32[3,7,40]) {
      %s: f32[40] = const random(1)
      %b: f32[40] = const random(2)
      %a = layer_norm(%x, %s, %b)
      %y = layer_norm{rms=true}(%a, %s)
      return %y
    })"},
    {"softmax_long_and_log", R"(graph g(%x: f32[3,700]) {
      %a = softmax(%x)
      %y = softmax{log=true}(%a)
      return %y
    })"},
    {"reductions", R"(graph g(%x: f32[2,6,5,8]) {
      %a = reduce{fn=mean, axes=[1,2]}(%x)
      %b = reduce{fn=max, axes=[1,2]}(%x)
      %c = reduce{fn=l2, axes=[3]}(%x)
      %d = reduce{axes=[0,1,2,3]}(%x)
      return %a, %b, %c, %d
    })"},
    {"broadcasts", R"(graph g(%x: f32[2,5,8], %c: f32[5,1], %r: f32[8], %s: f32[2,1,1]) {
      %a = binary{fn=mul}(%x, %c)
      %b = binary(%a, %r)
      %d = binary{fn=max}(%b, %s)
      %e = unary{fn=sigmoid}(%d)
      %y = unary{fn=erf}(%e)
      return %y
    })"},
    {"masks_and_casts", R"(graph g(%i: i64[2,6], %x: f32[2,6]) {
      %three: i64[] = const 3
      %none: f32[] = const -100
      %a = binary{fn=less}(%i, %three)
      %b = where(%a, %x, %none)
      %c = cast{to=f32}(%i)
      %d = binary{fn=add}(%i, %three)
      %e = cast{to=f32}(%d)
      %f = binary{fn=mul}(%b, %c)
      %y = binary(%f, %e)
      return %y
    })"},
    {"movement", R"(graph g(%x: f32[2,6,8]) {
      %t = transpose{permutation=[0,2,1]}(%x)
      %r = reshape{shape=[2,4,12]}(%t)
      %s = slice{starts=[3], ends=[-20], axes=[1], steps=[-2]}(%r)
      %e = slice{starts=[0], ends=[8], axes=[2]}(%r)
      %c = concat{axis=1}(%s, %r)
      %z: f32[1,1,12] = const random(3)
      %w = expand{shape=[2,4,12]}(%z)
      %y = binary(%r, %w)
      return %c, %e, %y
    })"},
    {"gather_rows", R"(graph g(%i: i64[2,3]) {
      %w: f32[8,16] = const random(1)
      %a = gather(%w, %i)
      %t = gather{axis=1}(%w, %i)
      return %a, %t
    })"},
    {"attention_heads_side_by_side",
     R"(graph g(%q: f32[2,70,96], %k: f32[2,70,96], %v: f32[2,70,96], %m: f32[2,1,1,70]) {
      %y = attention{q_heads=3, kv_heads=3}(%q, %k, %v, %m)
      return %y
    })"},
    {"attention_causal_grouped", R"(graph g(%q: f32[1,4,150,64], %k: f32[1,2,150,64], %v: f32[1,2,150,64]) {
      %y = attention{causal=true, softcap=3}(%q, %k, %v)
      return %y
    })"},
    {"attention_many_heads", R"(graph g(%q: f32[24,12,130,64], %k: f32[24,12,200,64], %v: f32[24,12,200,64]) {
      %y = attention{scale=0.25}(%q, %k, %v)
      return %y
    })"},
    {"attention_wide_and_padded",
     R"(graph g(%q: f32[1,2,33,72], %k: f32[1,2,49,72], %v: f32[1,2,49,104], %m: f32[2,33,49]) {
      %y = attention(%q, %k, %v, %m)
      return %y
    })"},
    {"attention_boolean_mask",
     R"(graph g(%q: f32[2,3,70,32], %k: f32[2,3,70,32], %v: f32[2,3,70,32], %m: bool[2,1,70,70]) {
      %y = attention(%q, %k, %v, %m)
      return %y
    })"},
    {"attention_boolean_mask_odd_size",
     R"(graph g(%q: f32[2,3,9,20], %k: f32[2,3,33,20], %v: f32[2,3,33,20], %m: bool[2,3,9,33]) {
      %y = attention{unseen_is_zero=true}(%q, %k, %v, %m)
      return %y
    })"},
    {"attention_odd_size", R"(graph g(%q: f32[1,2,9,20], %k: f32[1,2,150,20], %v: f32[1,2,150,12]) {
      %y = attention(%q, %k, %v)
      return %y
    })"},
    {"attention_written_out", R"(graph g(%q: f32[2,6,32], %k: f32[2,5,32], %v: f32[2,5,32]) {
      %q4 = reshape{shape=[2,6,2,16]}(%q)
      %k4 = reshape{shape=[2,5,2,16]}(%k)
      %v4 = reshape{shape=[2,5,2,16]}(%v)
      %qt = transpose{permutation=[0,2,1,3]}(%q4)
      %kt = transpose{permutation=[0,2,3,1]}(%k4)
      %vt = transpose{permutation=[0,2,1,3]}(%v4)
      %s = matmul{alpha=0.5}(%qt, %kt)
      %p = softmax(%s)
      %o = matmul(%p, %vt)
      %t = transpose{permutation=[0,2,1,3]}(%o)
      %y = reshape{shape=[2,6,32]}(%t)
      return %y
    })"},
    {"conv_depthwise_epilogue", R"(graph g(%x: f32[2,14,13,24], %r: f32[2,14,13,24], %s: f32[2,1,1,24]) {
      %w: f32[24,1,7,7] = const random(1)
      %b: f32[24] = const random(2)
      %a = conv{group=24, pads=[3,3,3,3], channels_last=true}(%x, %w, %b)
      %h = unary{fn=hard_swish}(%a)
      %c = binary{fn=mul}(%h, %s)
      %y = binary(%c, %r)
      return %y
    })"},
    {"conv_depthwise_many_pixels", R"(graph g(%x: f32[3,113,111,64]) {
      %w: f32[64,1,3,3] = const random(1)
      %a = conv{group=64, pads=[1,1,1,1], strides=[2,2], channels_last=true}(%x, %w)
      %y = unary{fn=silu, alpha=1}(%a)
      return %y
    })"},
    {"conv_depthwise_dilated_rows", R"(graph g(%x: f32[8,70,64,32]) {
      %w: f32[32,1,3,3] = const random(1)
      %y = conv{group=32, pads=[2,2,2,2], dilations=[2,2], channels_last=true}(%x, %w)
      return %y
    })"},
    {"conv_of_pixels", R"(graph g(%x: f32[2,9,9,16], %r: f32[2,9,9,32]) {
      %w: f32[32,16,1,1] = const random(1)
      %b: f32[32] = const random(2)
      %a = conv{channels_last=true}(%x, %w, %b)
      %c = binary(%a, %r)
      %y = unary{fn=relu}(%c)
      return %y
    })"},
    {"reductions_of_columns", R"(graph g(%x: f32[2,900,32], %z: f32[40,7,160], %o: f32[3,50,5], %t: f32[1,3,8]) {
      %a = reduce{fn=mean, axes=[1]}(%x)
      %b = reduce{fn=l2, axes=[1]}(%z)
      %c = reduce{fn=max, axes=[1]}(%o)
      %d = reduce{axes=[1]}(%t)
      return %a, %b, %c, %d
    })"},
    {"concat_of_many", R"(graph g(%x: f32[2,3,32], %z: f32[2,3,12], %o: f32[2,3,1], %t: f32[2,1,32]) {
      %a = concat{axis=2}(%x, %z, %x, %z)
      %b = concat{axis=-1}(%o, %z, %x)
      %c = concat{axis=1}(%x, %t, %x)
      %d = concat{axis=0}(%x, %x)
      return %a, %b, %c, %d
    })"},
    {"norms_of_long_and_odd_rows", R"(graph g(%x: f32[9,1032], %z: f32[5,37], %o: f32[6,1024]) {
      %s: f32[1032] = const random(1)
      %a = layer_norm(%x, %s)
      %t: f32[37] = const random(2)
      %b = layer_norm(%z, %t, %t)
      %u: f32[1024] = const random(3)
      %c = layer_norm{rms=true}(%o, %u)
      return %a, %b, %c
    })"},
    {"views_of_merged_heads", R"(graph g(%x: f32[2,49,96]) {
      %w: f32[96,288] = const random(1)
      %i0: i64[] = const 0
      %i1: i64[] = const 1
      %i2: i64[1] = const -1
      %a = matmul(%x, %w)
      %r = reshape{shape=[2,49,3,3,32]}(%a)
      %t = transpose{permutation=[2,0,3,1,4]}(%r)
      %q = gather(%t, %i0)
      %k = gather(%t, %i1)
      %v1 = gather(%t, %i2)
      %v = reshape{shape=[2,3,49,32]}(%v1)
      %y = attention(%q, %k, %v)
      %s = transpose{permutation=[0,2,1,3]}(%y)
      %z = reshape{shape=[2,49,96]}(%s)
      return %z
    })"},
    {"views_of_slices_side_by_side", R"(graph g(%x: f32[2,20,96]) {
      %q = slice{starts=[0], ends=[32], axes=[2]}(%x)
      %k = slice{starts=[32], ends=[64], axes=[2]}(%x)
      %v = slice{starts=[64], ends=[96], axes=[2]}(%x)
      %y = attention{q_heads=2, kv_heads=2}(%q, %k, %v)
      %g = binary{fn=mul}(%q, %k)
      %h = binary(%y, %g)
      return %h
    })"},
    {"views_that_others_need_dense", R"(graph g(%x: f32[6,4,16], %r: f32[4,6,16]) {
      %t = transpose{permutation=[1,0,2]}(%x)
      %a = binary(%t, %r)
      %m = softmax(%t)
      %b = binary{fn=mul}(%a, %m)
      %c = transpose{permutation=[1,0,2]}(%b)
      %d = unary{fn=neg}(%a)
      return %c, %d
    })"},
    {"views_whose_rows_are_not_dense", R"(graph g(%x: f32[8,16,24], %r: f32[8,24,16]) {
      %t = transpose{permutation=[0,2,1]}(%x)
      %y = binary(%t, %r)
      %s = slice{starts=[3], ends=[11], axes=[2]}(%x)
      %z = unary{fn=neg}(%s)
      return %y, %z
    })"},
    {"gather_tuples", R"(graph g(%x: f32[2,5,6]) {
      %i: i64[2,3,1] = const {0, -1, 2, 4, 1, 3}
      %a = gather_nd{batch_dims=1}(%x, %i)
      %j: i64[2,2] = const {1, -5, 0, 3}
      %b = gather_nd(%x, %j)
      return %a, %b
    })"},
    {"softmax_of_many_short_rows", R"(graph g(%x: f32[7,9,49]) {
      %a = softmax(%x)
      %y = softmax{log=true}(%a)
      return %y
    })"},
    {"windows_rolled", R"(graph g(%x: f32[2,14,14,32]) {
      %s: f32[32] = const random(1)
      %w: f32[32,24] = const random(2)
      %v: f32[24,32] = const random(3)
      %n = layer_norm(%x, %s, %s)
      %a = slice{starts=[3], ends=[14], axes=[1]}(%n)
      %b = slice{starts=[0], ends=[3], axes=[1]}(%n)
      %c = concat{axis=1}(%a, %b)
      %d = slice{starts=[3], ends=[14], axes=[2]}(%c)
      %e = slice{starts=[0], ends=[3], axes=[2]}(%c)
      %f = concat{axis=2}(%d, %e)
      %g = reshape{shape=[2,2,7,2,7,32]}(%f)
      %h = transpose{permutation=[0,1,3,2,4,5]}(%g)
      %i = reshape{shape=[8,49,32]}(%h)
      %j = matmul(%i, %w)
      %k = unary{fn=relu}(%j)
      %l = matmul(%k, %v)
      %m = reshape{shape=[2,2,2,7,7,32]}(%l)
      %o = transpose{permutation=[0,1,3,2,4,5]}(%m)
      %p = reshape{shape=[2,14,14,32]}(%o)
      %q = slice{starts=[11], ends=[14], axes=[1]}(%p)
      %r = slice{starts=[0], ends=[11], axes=[1]}(%p)
      %t = concat{axis=1}(%q, %r)
      %u = slice{starts=[11], ends=[14], axes=[2]}(%t)
      %z = slice{starts=[0], ends=[11], axes=[2]}(%t)
      %y1 = concat{axis=2}(%u, %z)
      %y = binary(%x, %y1)
      return %y
    })"},
    {"patches_merged", R"(graph g(%x: f32[2,6,10,16]) {
      %s: f32[64] = const random(1)
      %w: f32[64,32] = const random(2)
      %a = slice{starts=[0], ends=[6], axes=[1], steps=[2]}(%x)
      %b = slice{starts=[0], ends=[10], axes=[2], steps=[2]}(%a)
      %c = slice{starts=[1], ends=[6], axes=[1], steps=[2]}(%x)
      %d = slice{starts=[0], ends=[10], axes=[2], steps=[2]}(%c)
      %e = slice{starts=[1], ends=[10], axes=[2], steps=[2]}(%a)
      %f = slice{starts=[1], ends=[10], axes=[2], steps=[2]}(%c)
      %g = concat{axis=3}(%b, %d, %e, %f)
      %n = layer_norm(%g, %s, %s)
      %y = matmul(%n, %w)
      return %y
    })"},
    {"dense_concatenations", R"(graph g(%x: f32[1,5,7,32]) {
      %w1: f32[8,32,3,3] = const random(1)
      %w2: f32[8,40,3,3] = const random(2)
      %s: f32[40] = const random(3)
      %t: f32[48] = const random(4)
      %a = conv{pads=[1,1,1,1], channels_last=true}(%x, %w1)
      %b = concat{axis=3}(%x, %a)
      %c = binary{fn=mul}(%b, %s)
      %d = unary{fn=relu}(%c)
      %e = conv{pads=[1,1,1,1], channels_last=true}(%d, %w2)
      %f = concat{axis=3}(%x, %a, %e)
      %g = binary{fn=mul}(%f, %t)
      %y = unary{fn=relu}(%g)
      return %y
    })"},
    {"concatenations_of_odd_channels", R"(graph g(%x: f32[1,5,7,6], %z: f32[1,5,7,10]) {
      %a = concat{axis=3}(%x, %z)
      %b = unary{fn=relu}(%a)
      %t = transpose{permutation=[0,3,1,2]}(%a)
      %r = reshape{shape=[1,2,8,35]}(%t)
      %y = transpose{permutation=[0,2,1,3]}(%r)
      return %b, %y
    })"},
    {"class_token", R"(graph g(%x: f32[2,12,32]) {
      %k: f32[1,1,32] = const random(1)
      %p: f32[1,13,32] = const random(2)
      %e = expand{shape=[2,1,32]}(%k)
      %c = concat{axis=1}(%e, %x)
      %y = binary(%c, %p)
      return %y
    })"},
    {"attention_in_windows", R"(graph g(%q: f32[12,2,49,16], %k: f32[12,2,49,16], %v: f32[12,2,49,16]) {
      %b: f32[1,2,49,49] = const random(1)
      %m: f32[1,4,1,49,49] = const random(2)
      %s = matmul{trans_b=true, alpha=0.25}(%q, %k)
      %a = binary(%s, %b)
      %r = reshape{shape=[3,4,2,49,49]}(%a)
      %c = binary(%r, %m)
      %d = reshape{shape=[12,2,49,49]}(%c)
      %p = softmax(%d)
      %y = matmul(%p, %v)
      return %y
    })"},
    {"attention_in_windows_of_one_picture", R"(graph g(%q: f32[4,2,9,16], %k: f32[4,2,9,16], %v: f32[4,2,9,16]) {
      %m: f32[1,4,1,9,9] = const random(2)
      %s = matmul{trans_b=true}(%q, %k)
      %r = reshape{shape=[1,4,2,9,9]}(%s)
      %c = binary(%r, %m)
      %d = reshape{shape=[4,2,9,9]}(%c)
      %p = softmax(%d)
      %y = matmul(%p, %v)
      return %y
    })"},
    {"squeeze_and_excite", R"(graph g(%x: f32[2,6,5,72]) {
      %w: f32[20,72,1,1] = const random(1)
      %b: f32[20] = const random(2)
      %u: f32[72,20,1,1] = const random(3)
      %d: f32[72] = const random(4)
      %m = reduce{fn=mean, axes=[1,2]}(%x)
      %a = conv{channels_last=true}(%m, %w, %b)
      %r = unary{fn=silu, alpha=1}(%a)
      %c = conv{channels_last=true}(%r, %u, %d)
      %s = unary{fn=sigmoid}(%c)
      %y = binary{fn=mul}(%x, %s)
      return %y
    })"},
    {"squeeze_and_excite_block", R"(graph g(%x: f32[3,9,7,64], %r: f32[3,9,7,24]) {
      %k: f32[64,1,3,3] = const random(5)
      %o: f32[64] = const random(6)
      %w: f32[16,64,1,1] = const random(1)
      %u: f32[64,16,1,1] = const random(3)
      %q: f32[24,64,1,1] = const random(7)
      %e: f32[24] = const random(8)
      %h = conv{group=64, pads=[1,1,1,1], channels_last=true}(%x, %k, %o)
      %f = unary{fn=silu, alpha=1}(%h)
      %m = reduce{fn=mean, axes=[1,2]}(%f)
      %a = conv{channels_last=true}(%m, %w)
      %l = unary{fn=relu}(%a)
      %c = conv{channels_last=true}(%l, %u)
      %s = unary{fn=sigmoid}(%c)
      %g = binary{fn=mul}(%s, %f)
      %p = conv{channels_last=true}(%g, %q, %e)
      %y = binary(%p, %r)
      return %y
    })"},
    {"squeeze_and_excite_block_of_many_channels", R"(graph g(%x: f32[1,14,14,672]) {
      %k: f32[672,1,5,5] = const random(5)
      %w: f32[168,672,1,1] = const random(1)
      %u: f32[672,168,1,1] = const random(3)
      %q: f32[160,672,1,1] = const random(7)
      %h = conv{group=672, pads=[2,2,2,2], strides=[2,2], channels_last=true}(%x, %k)
      %f = unary{fn=hard_swish}(%h)
      %m = reduce{fn=mean, axes=[1,2]}(%f)
      %a = conv{channels_last=true}(%m, %w)
      %l = unary{fn=relu}(%a)
      %c = conv{channels_last=true}(%l, %u)
      %s = unary{fn=hard_sigmoid, alpha=0.16666667, beta=0.5}(%c)
      %g = binary{fn=mul}(%f, %s)
      %y = conv{channels_last=true}(%g, %q)
      return %y
    })"},
    {"depthwise_and_mean_of_wide_pictures", R"(graph g(%x: f32[2,28,30,24]) {
      %k: f32[24,1,5,5] = const random(5)
      %h = conv{group=24, pads=[2,2,2,2], channels_last=true}(%x, %k)
      %m = reduce{fn=mean, axes=[-3,-2], keepdims=false}(%h)
      return %h, %m
    })"},
    {"small_convolutions", R"(graph g(%x: f32[1,7,9,72]) {
      %w: f32[200,72,1,1] = const random(1)
      %b: f32[200] = const random(2)
      %v: f32[1000,200,1,1] = const random(3)
      %u: f32[8,1000,1,1] = const random(4)
      %a = conv{channels_last=true}(%x, %w, %b)
      %c = unary{fn=hard_swish}(%a)
      %d = conv{channels_last=true}(%c, %v)
      %e = unary{fn=tanh}(%d)
      %f = conv{channels_last=true}(%e, %u)
      %y = unary{fn=hard_swish}(%f)
      return %y
    })"},
    {"small_products", R"(graph g(%x: f32[2,3,40], %r: f32[2,3,200]) {
      %w: f32[200,40] = const random(1)
      %b: f32[200] = const random(2)
      %v: f32[16,200] = const random(3)
      %a = matmul{trans_b=true}(%x, %w, %b)
      %c = unary{fn=hard_swish}(%a)
      %d = binary(%c, %r)
      %y = matmul{trans_b=true}(%d, %v)
      return %y
    })"},
    {"squeeze_and_excite_of_odd_sizes", R"(graph g(%x: f32[1,1,1,66]) {
      %w: f32[5,66,1,1] = const random(1)
      %u: f32[66,5,1,1] = const random(3)
      %a = conv{channels_last=true}(%x, %w)
      %r = unary{fn=relu}(%a)
      %c = conv{channels_last=true}(%r, %u)
      %y = unary{fn=hard_sigmoid, alpha=0.2, beta=0.5}(%c)
      return %y
    })"},
    {"sum_and_norm", R"(graph g(%x: f32[2,6,4,40], %r: f32[2,4,6,40], %o: f32[3,37]) {
      %s: f32[40] = const random(1)
      %b: f32[40] = const random(2)
      %t = transpose{permutation=[0,2,1,3]}(%x)
      %a = binary(%t, %r)
      %n = layer_norm(%a, %s, %b)
      %u = unary{fn=neg}(%n)
      %y = binary(%a, %u)
      %c: f32[] = const 2.5
      %d = binary{fn=mul}(%o, %c)
      %g: f32[37] = const random(3)
      %z = layer_norm{rms=true}(%d, %g)
      %f = binary(%r, %b)
      %e = layer_norm(%f, %s)
      return %y, %z, %e, %f
    })"},
    {"resize_nearest", R"(graph g(%x: f32[2,5,7,16], %z: f32[1,3,6,9], %i: i32[1,4,5,3]) {
      %a = resize{coordinates=asymmetric, nearest=floor, axes=[1,2], scales=[2,2]}(%x)
      %b = resize{axes=[2,3], sizes=[5,20]}(%z)
      %c = resize{coordinates=align_corners, nearest=ceil, sizes=[1,7,5,3]}(%i)
      return %a, %b, %c
    })"},
    {"resize_linear_and_cubic", R"(graph g(%x: f32[2,5,7,16], %z: f32[1,3,6,9], %v: f32[1,2,4,5,6]) {
      %a = resize{mode=linear, axes=[1,2], scales=[2,2]}(%x)
      %b = resize{mode=linear, coordinates=align_corners, axes=[2,3], sizes=[11,4]}(%z)
      %c = resize{mode=linear, coordinates=pytorch_half_pixel, antialias=true, axes=[2,3], sizes=[3,4]}(%z)
      %d = resize{mode=cubic, axes=[2,3], scales=[1.5,2.5], exclude_outside=true}(%z)
      %e = resize{mode=linear, coordinates=half_pixel_symmetric, axes=[2,3,4], scales=[2,1.7,0.6]}(%v)
      return %a, %b, %c, %d, %e
    })"},
    {"pads", R"(graph g(%x: f32[2,5,7,16], %z: f32[1,3,6,5]) {
      %v: f32[] = const -1.5
      %a = pad{pads=[0,1,2,0,0,3,0,0]}(%x)
      %b = pad{pads=[0,0,2,1,0,0,-1,2]}(%z, _, %v)
      %c = pad{mode=reflect, pads=[0,0,2,4,0,0,7,3]}(%z)
      %d = pad{mode=edge, pads=[0,0,2,1,0,1,0,2]}(%z)
      %e = pad{mode=wrap, pads=[0,0,8,1,0,1,0,2]}(%z)
      return %a, %b, %c, %d, %e
    })"},
    {"tiles_and_triangles", R"(graph g(%x: f32[2,3,8], %m: f32[2,5,4]) {
      %k: i64[] = const -1
      %a = tile{repeats=[2,1,1]}(%x)
      %b = tile{repeats=[1,3,2]}(%x)
      %c = trilu(%m, %k)
      %d = trilu{upper=false}(%m)
      return %a, %b, %c, %d
    })"},
    {"elements_by_indices", R"(graph g(%x: f32[4,6,5], %u: f32[1,2,2], %v: f32[2,5]) {
      %i: i64[2,3,5] = const {0,5,-1,3,2, 1,0,2,4,1, 3,4,5,0,4, 0,1,2,3,4, 5,4,3,2,1, 2,2,0,-4,5}
      %j: i64[2,2] = const {1,-6, 3,2}
      %h: i64[2,3] = const {0,2,-1, 7,1,3}
      %n: i64[] = const 4
      %o: f32[2] = const {-1,2}
      %a = gather_elements{axis=1}(%x, %i)
      %q: i64[1,2,2] = const {0,3,-1,1}
      %b = scatter_elements{axis=1}(%x, %q, %u)
      %c = scatter_nd(%x, %j, %v)
      %d = one_hot{axis=1}(%h, %n, %o)
      return %a, %b, %c, %d
    })"},
    {"sequences", R"(graph g(%x: f32[3,700,2], %i: i64[4,9]) {
      %start: i64[] = const 3
      %end: i64[] = const 40
      %step: i64[] = const 7
      %a = range(%start, %end, %step)
      %b = cumulative{axis=1}(%x)
      %c = cumulative{axis=1, exclusive=true, reverse=true}(%x)
      %d = cumulative{axis=-1, reverse=true}(%i)
      %e = cumulative{fn=prod, axis=2}(%x)
      return %a, %b, %c, %d, %e
    })"},
    {"softmax_along_other_axes", R"(graph g(%x: f32[2,16,4,50], %z: f32[3,900,5]) {
      %a = softmax{axis=1}(%x)
      %b = softmax{axis=1, log=true}(%z)
      %c = softmax{axis=0}(%z)
      return %a, %b, %c
    })"},
    {"reductions_of_other_kinds", R"(graph g(%x: f32[3,5,6,7], %i: i64[4,300,3]) {
      %a = reduce{fn=mean, axes=[0,2]}(%x)
      %b = reduce{fn=min, axes=[1,3]}(%x)
      %c = reduce{fn=prod, axes=[2]}(%x)
      %d = reduce{fn=log_sum_exp, axes=[3]}(%x)
      %e = reduce{fn=l1, axes=[0,1,2,3]}(%x)
      %f = reduce{fn=sum, axes=[1]}(%i)
      %g = reduce{fn=max, axes=[2]}(%i)
      return %a, %b, %c, %d, %e, %f, %g
    })"},
    {"positions_of_extremes", R"(graph g(%x: i64[3,50,4], %z: i32[6,700]) {
      %a = arg_reduce{axis=1}(%x)
      %b = arg_reduce{fn=min, axis=-1, keepdims=false}(%z)
      %c = arg_reduce{axis=2, select_last=true}(%x)
      return %a, %b, %c
    })"},
    {"top_elements", R"(graph g(%x: i32[3,900], %z: i32[5,40,3], %y: f32[2,3000]) {
      %a, %b = top_k{k=10}(%x)
      %c, %d = top_k{k=40, axis=1, largest=false}(%z)
      %e, %f = top_k{k=1}(%x)
      %g, %h = top_k{k=7}(%y)
      return %a, %b, %c, %d, %e, %f, %g
    })"},
    {"conv_transposes", R"(graph g(%x: f32[2,6,5,24], %z: f32[1,7,9,12], %s: f32[2,11,8]) {
      %w: f32[24,20,2,2] = const random(1)
      %b: f32[20] = const random(2)
      %a = conv_transpose{strides=[2,2], channels_last=true}(%x, %w, %b)
      %v: f32[12,3,3,4] = const random(3)
      %c = conv_transpose{group=4, strides=[2,3], pads=[1,0,1,2], dilations=[1,2], output_padding=[1,2], channels_last=true}(%z, %v)
      %u: f32[8,70,3] = const random(4)
      %d = conv_transpose{strides=[2], pads=[1,1], channels_last=true}(%s, %u)
      return %a, %c, %d
    })"},
    {"group_norms", R"(graph g(%x: f32[2,6,5,24], %z: f32[2,8,5,7]) {
      %s: f32[24] = const random(1)
      %b: f32[24] = const random(2)
      %t: f32[8] = const random(3)
      %a = group_norm{groups=3, channels_last=true}(%x, %s, %b)
      %c = group_norm{channels_last=true}(%x, %s)
      %d = group_norm(%z, %t, %t)
      %e = group_norm{groups=4}(%z)
      %f = lrn{size=3, alpha=0.5, beta=0.75, bias=1}(%z)
      return %a, %c, %d, %e, %f
    })"},
    {"functions_of_integers_and_signs", R"(graph g(%i: i64[5,7], %j: i64[5,7], %x: f32[5,7]) {
      %a = binary{fn=div}(%i, %j)
      %b = binary{fn=mod}(%i, %j)
      %c = unary{fn=abs}(%i)
      %d = unary{fn=sign}(%x)
      %e = unary{fn=mish}(%x)
      %f = unary{fn=neg}(%j)
      return %a, %b, %c, %d, %e, %f
    })"},
    {"bytes", R"(graph g(%x: u8[2,5,8], %z: i8[2,5,8]) {
      %a = cast{to=f32}(%x)
      %t = transpose{permutation=[0,2,1]}(%x)
      %c = concat{axis=0}(%z, %z)
      %d = binary{fn=max}(%z, %z)
      return %a, %t, %c, %d
    })"},
    {"conv_of_lines", R"(graph g(%x: f32[2,70,16], %r: f32[2,35,24]) {
      %w: f32[24,16,5] = const random(1)
      %b: f32[24] = const random(2)
      %a = conv{strides=[2], pads=[2,2], channels_last=true}(%x, %w, %b)
      %c = binary(%a, %r)
      %h = unary{fn=hard_swish}(%c)
      %v: f32[24,1,3] = const random(3)
      %d = conv{group=24, pads=[2,2], dilations=[2], channels_last=true}(%h, %v)
      %e = binary{fn=mul}(%d, %r)
      %p = pool{kernel=[3], strides=[2], channels_last=true}(%e)
      return %e, %p
    })"},
    {"pictures_at_grids", R"(graph g(%x: f32[2,3,5,7], %i: i64[2,4,6,2]) {
      %f: f32[] = const 0.375
      %o: f32[] = const -1.3125
      %z = cast{to=f32}(%i)
      %m = binary{fn=mul}(%z, %f)
      %g = binary(%m, %o)
      %a = grid_sample(%x, %g)
      %b = grid_sample{padding=border, align_corners=true}(%x, %g)
      %c = grid_sample{padding=reflection}(%x, %g)
      %d = grid_sample{mode=nearest}(%x, %g)
      return %a, %b, %c, %d
    })"},
    {"quantisation", R"(graph g(%k: i64[2,3,40], %i: u8[2,3,4]) {
      %s: f32[] = const 0.75
      %z: i8[] = const 3
      %t: f32[3] = const {0.5, 0.25, 2}
      %u: u8[3] = const {1, 0, 4}
      %x = cast{to=f32}(%k)
      %q = quantize_linear{to=i8}(%x, %s, %z)
      %a = dequantize_linear(%q, %s, %z)
      %b = dequantize_linear{axis=1}(%i, %t, %u)
      return %a, %b
    })"},
};

}  // namespace ingot
