"""com.microsoft: what ONNX Runtime's tools put in models."""

import itertools

import numpy as np
from case import Case, floats, ints

MS = "com.microsoft"
f32, u8, i8 = np.float32, np.uint8, np.int8


def scale(value: float) -> np.ndarray:
    return np.array(value, f32)


def matmul_nbits_cases():
    for bits in (2, 4, 8):
        for k, block in ((32, 16), (40, 16), (64, 32)):
            n, blocks = 5, -(-k // block)
            weights = ints(n, blocks, block * bits // 8, high=256, dtype=u8)
            scales = np.abs(floats(n, blocks)) + f32(0.1)
            zeros = ints(n, -(-blocks * bits // 8), high=256, seed=1, dtype=u8)
            attributes = dict(K=k, N=n, bits=bits, block_size=block)
            x = floats(2, 3, k)
            yield Case(f"matmul_nbits_{bits}_{k}_{block}", MS, "MatMulNBits", [x, weights, scales], attributes,
                       constants=(1, 2))
            yield Case(f"matmul_nbits_zeros_{bits}_{k}_{block}", MS, "MatMulNBits", [x, weights, scales, zeros],
                       attributes, constants=(1, 2, 3))
    yield Case("matmul_nbits_bias", MS, "MatMulNBits",
               [floats(3, 32), ints(4, 1, 16, high=256, dtype=u8), floats(4, 1), None, None, floats(4)],
               dict(K=32, N=4, bits=4, block_size=32), constants=(1, 2, 5))


def gqa_case(name, *, batch=2, tokens=3, heads=4, kv_heads=2, size=16, past=0, cache=0, lengths=None, packed=False,
             rotary=False, outputs=(True, True, True), extra=None, **attributes):
    """past: tokens before the step; cache: rows of the past buffers (0: as many as tokens); lengths: seqlens_k."""
    total = past + tokens
    width = (heads + 2 * kv_heads) * size if packed else heads * size
    q = floats(batch, tokens, width)
    k, v = (None, None) if packed else (floats(batch, tokens, kv_heads * size, seed=s) for s in (1, 2))
    pasts = [floats(batch, kv_heads, cache or past, size, seed=s) for s in (3, 4)] if past else [None, None]
    seqlens = np.array(lengths or [total - 1] * batch, np.int32)
    angles = [floats(total + 2, size // 2, seed=s) for s in (5, 6)] if rotary else [None, None]
    inputs = [q, k, v, *pasts, seqlens, np.array(total, np.int32), *angles]
    for index, value in (extra or {}).items():
        inputs += [None] * (index + 1 - len(inputs))
        inputs[index] = value
    if rotary:
        attributes["do_rotary"] = 1
    return Case(f"gqa_{name}", MS, "GroupQueryAttention", inputs,
                dict(num_heads=heads, kv_num_heads=kv_heads, **attributes), outputs)


def gqa_cases():
    yield gqa_case("prompt")
    yield gqa_case("packed", packed=True)
    yield gqa_case("rotary", rotary=True)
    yield gqa_case("packed_rotary_interleaved", packed=True, rotary=True, rotary_interleaved=1)
    yield gqa_case("step", tokens=1, past=4)
    yield gqa_case("step_rotary", tokens=1, past=4, rotary=True)
    yield gqa_case("step_ragged", tokens=1, past=4, lengths=[4, 2], rotary=True)
    yield gqa_case("steps", tokens=2, past=3, batch=1, rotary=True)
    yield gqa_case("window", tokens=6, local_window_size=2)
    yield gqa_case("step_window", tokens=1, past=6, local_window_size=3)
    yield gqa_case("softcap", softcap=2.0)
    yield gqa_case("scale", scale=0.3)
    yield gqa_case("smooth", smooth_softmax=1)
    yield gqa_case("sink", extra={11: floats(4, seed=9)})
    yield gqa_case("bias", extra={10: floats(1, 4, 3, 3, seed=8)})
    yield gqa_case("scores", outputs=(True,) * 4, qk_output=1, batch=1)
    yield gqa_case("probabilities", outputs=(True,) * 4, qk_output=2, batch=1)


def mha_cases():
    b, s, t, h, d = 2, 3, 5, 2, 8
    q, k, v = floats(b, s, h * d), floats(b, t, h * d, seed=1), floats(b, t, h * d, seed=2)
    heads = dict(num_heads=h)
    yield Case("mha", MS, "MultiHeadAttention", [q, k, v], heads)
    yield Case("mha_bias", MS, "MultiHeadAttention", [q, k, v, floats(3 * h * d)], heads)
    yield Case("mha_lengths", MS, "MultiHeadAttention", [q, k, v, None, np.array([3, 5], np.int32)], heads)
    yield Case("mha_mask", MS, "MultiHeadAttention", [q, k, v, None, ints(b, t, high=2, dtype=np.int32)], heads)
    yield Case("mha_mask_filter", MS, "MultiHeadAttention", [q, k, v, None, ints(b, t, high=2, dtype=np.int32)],
               heads | dict(mask_filter_value=-1.0))
    yield Case("mha_attention_bias", MS, "MultiHeadAttention", [q, k, v, None, None, floats(1, h, s, t)], heads)
    yield Case("mha_causal", MS, "MultiHeadAttention", [q, k[:, :s].copy(), v[:, :s].copy()],
               heads | dict(unidirectional=1, scale=0.2))
    yield Case("mha_value_width", MS, "MultiHeadAttention", [q, k, floats(b, t, h * 4)], heads)
    past = [floats(b, h, 4, d, seed=s) for s in (5, 6)]
    yield Case("mha_past", MS, "MultiHeadAttention", [q, k[:, :s].copy(), v[:, :s].copy(), None, None, None, *past],
               heads, (True, True, True))
    yield Case("mha_past_causal", MS, "MultiHeadAttention",
               [q, k[:, :s].copy(), v[:, :s].copy(), None, None, None, *past], heads | dict(unidirectional=1),
               (True, True, True))
    yield Case("mha_present", MS, "MultiHeadAttention", [q, k, v], heads, (True, True, True))
    yield Case("mha_cross", MS, "MultiHeadAttention", [q, floats(b, h, t, d), floats(b, h, t, d, seed=1)], heads)


def attention_cases():
    b, s, width, h, d = 2, 4, 6, 2, 8
    x, weights, bias = floats(b, s, width), floats(width, 3 * h * d), floats(3 * h * d)
    heads = dict(num_heads=h)
    yield Case("attention", MS, "Attention", [x, weights, bias], heads, constants=(1, 2))
    yield Case("attention_causal", MS, "Attention", [x, weights, bias], heads | dict(unidirectional=1), constants=(1, 2))
    yield Case("attention_lengths", MS, "Attention", [x, weights, bias, np.array([2, 4], np.int32)], heads,
               constants=(1, 2))
    yield Case("attention_mask", MS, "Attention", [x, weights, bias, ints(b, s, high=2, dtype=np.int32)], heads,
               constants=(1, 2))
    yield Case("attention_mask_3d", MS, "Attention", [x, weights, bias, ints(b, s, s, high=2, dtype=np.int32)], heads,
               constants=(1, 2))
    yield Case("attention_sizes", MS, "Attention", [x, floats(width, 2 * 16 + 8), floats(40)],
               heads | dict(qkv_hidden_sizes=[16, 16, 8]), constants=(1, 2))
    yield Case("attention_past", MS, "Attention", [x, weights, bias, None, floats(2, b, h, 3, d)],
               heads | dict(unidirectional=1), (True, True), constants=(1, 2))
    yield Case("attention_bias", MS, "Attention", [x, weights, bias, None, None, floats(b, h, s, s)], heads, constants=(1, 2))
    yield Case("qattention", MS, "QAttention",
               [ints(b, s, width, high=100, dtype=u8), ints(width, 3 * h * d, low=-100, high=100, dtype=i8), bias,
                scale(0.02), scale(0.01), np.array([2, 4], np.int32), np.array(7, u8), np.array(0, i8)],
               heads, constants=(1,))
    yield Case("qattention_columns", MS, "QAttention",
               [ints(b, s, width, high=100, dtype=u8), ints(width, 3 * h * d, high=100, dtype=u8), bias, scale(0.02),
                np.abs(floats(3 * h * d)) * f32(0.01), None, np.array(7, u8), ints(3 * h * d, high=9, dtype=u8)], heads)


def rotary_cases():
    b, s, h, d = 2, 3, 2, 8
    positions = ints(b, s, high=6)
    for interleaved in (0, 1):
        angles = [floats(7, d // 2, seed=i) for i in (1, 2)]
        at = dict(interleaved=interleaved)
        yield Case(f"rotary_4d_{interleaved}", MS, "RotaryEmbedding", [floats(b, h, s, d), positions, *angles], at)
        yield Case(f"rotary_3d_{interleaved}", MS, "RotaryEmbedding", [floats(b, s, h * d), positions, *angles], at,
                   constants=(2, 3))
        yield Case(f"rotary_offset_{interleaved}", MS, "RotaryEmbedding",
                   [floats(b, s, h * d), np.array([2], np.int64), *angles], at, constants=(2, 3))
    yield Case("rotary_partial", MS, "RotaryEmbedding",
               [floats(b, h, s, d), positions, *(floats(7, 2, seed=i) for i in (1, 2))],
               dict(rotary_embedding_dim=4, num_heads=h))


def norm_cases():
    b, s, w = 2, 3, 8
    x, skip, gamma, beta, bias = (floats(b, s, w), floats(b, s, w, seed=1), floats(w), floats(w, seed=1),
                                  floats(w, seed=2))
    yield Case("skip_layer_norm", MS, "SkipLayerNormalization", [x, skip, gamma, beta, bias], {}, (True, False, False, True))
    yield Case("skip_layer_norm_plain", MS, "SkipLayerNormalization", [x, skip, gamma], dict(epsilon=1e-3))
    yield Case("skip_layer_norm_broadcast", MS, "SkipLayerNormalization", [x, floats(s, w), gamma, beta], {})
    yield Case("skip_rms_norm", MS, "SkipSimplifiedLayerNormalization", [x, skip, gamma, bias], {},
               (True, False, False, True))
    yield Case("skip_rms_norm_plain", MS, "SkipSimplifiedLayerNormalization", [x, skip, gamma], dict(epsilon=1e-3))
    yield Case("simplified_layer_norm", "", "SimplifiedLayerNormalization", [x, gamma], dict(axis=-1, epsilon=1e-4))
    ids, segments = ints(b, s, high=9, dtype=np.int32), ints(b, s, high=2, dtype=np.int32)
    tables = [floats(9, w), floats(5, w, seed=1), floats(2, w, seed=2)]
    mask = np.array([[1, 1, 0], [1, 0, 0]], np.int32)
    yield Case("embed_layer_norm", MS, "EmbedLayerNormalization", [ids, segments, *tables, gamma, beta, mask], {},
               (True, True), constants=(2, 3, 4, 5, 6))
    yield Case("embed_layer_norm_no_segments", MS, "EmbedLayerNormalization",
               [ids, None, tables[0], tables[1], None, gamma, beta, None, ints(b, s, high=5, dtype=np.int32)],
               dict(mask_index_type=0), (True, False, True), constants=(2, 3, 5, 6))
    yield Case("embed_layer_norm_no_mask", MS, "EmbedLayerNormalization", [ids, segments, *tables, gamma, beta], {},
               (True, True), constants=(2, 3, 4, 5, 6))
    numbers = [ints(*each.shape, high=200, dtype=np.uint8, seed=i) for i, each in enumerate([*tables, gamma, beta])]
    scales = [np.array(0.01 * (i + 1), np.float32) for i in range(5)]
    zeros = [np.array(100 + i, np.uint8) for i in range(5)]
    yield Case("q_embed_layer_norm", MS, "QEmbedLayerNormalization", [ids, segments, *numbers, mask, *scales, *zeros], {},
               (True, True), constants=range(2, 7))
    numbers[2] = segments = scales[2] = zeros[2] = None
    yield Case("q_embed_layer_norm_no_segments", MS, "QEmbedLayerNormalization",
               [ids, segments, *numbers, None, *scales, *zeros], {}, (True, True), constants=(2, 3, 5, 6))


def activation_cases():
    x, bias = floats(3, 8, scale=2), floats(8, seed=1)
    yield Case("fast_gelu", MS, "FastGelu", [x])
    yield Case("fast_gelu_bias", MS, "FastGelu", [x, bias])
    yield Case("gelu", MS, "Gelu", [x])
    yield Case("bias_gelu", MS, "BiasGelu", [x, bias])
    yield Case("quick_gelu", MS, "QuickGelu", [x], dict(alpha=1.5))


def fused_cases():
    a, b = floats(2, 3, 4), floats(2, 4, 5)
    yield Case("fused_matmul", MS, "FusedMatMul", [a, b], dict(alpha=0.5))
    yield Case("fused_matmul_transposed", MS, "FusedMatMul", [floats(2, 4, 3), floats(2, 5, 4)],
               dict(transA=1, transB=1))
    yield Case("fused_matmul_batch", MS, "FusedMatMul", [floats(3, 2, 4), floats(4, 2, 5)],
               dict(transBatchA=1, transBatchB=1))
    x, w, bias = floats(1, 2, 5, 5), floats(3, 2, 3, 3), floats(3)
    for activation, parameters in (("Relu", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.5]), ("Tanh", []),
                                   ("Sigmoid", []), ("HardSigmoid", [0.3, 0.4])):
        yield Case(f"fused_conv_{activation}", MS, "FusedConv", [x, w, bias],
                   dict(activation=activation, activation_params=parameters, pads=[1, 1, 1, 1]))
    yield Case("fused_conv_sum", MS, "FusedConv", [x, w, bias, floats(1, 3, 3, 3)], dict(activation="Relu"))
    yield Case("fused_gemm", MS, "FusedGemm", [floats(3, 4), floats(4, 5), floats(5)],
               dict(activation="LeakyRelu", activation_alpha=0.3, alpha=0.5, beta=2.0))
    yield Case("trilu", MS, "Trilu", [floats(4, 5), np.array(1, np.int64)], dict(upper=0))
    yield Case("pad", MS, "Pad", [floats(2, 3), np.array([0, 1, 2, 0], np.int64), scale(1.5)], dict(mode="constant"))
    yield Case("unique", MS, "Unique", [np.array([2, 1, 1, 3, 4, 3], f32)], {}, (True, True, True))
    yield Case("inverse", MS, "Inverse", [floats(2, 3, 3)])
    yield Case("grid_sample", MS, "GridSample", [floats(1, 2, 4, 4), floats(1, 3, 3, 2, scale=0.4)],
               dict(mode="bilinear", padding_mode="zeros", align_corners=0))


def qlinear_cases():
    for kind, low, high in ((u8, 0, 256), (i8, -128, 128)):
        name = np.dtype(kind).name
        a, b = (ints(3, 4, low=low, high=high, seed=s, dtype=kind) for s in (0, 1))
        zero = np.array(3, kind)
        for op in ("Add", "Mul"):
            yield Case(f"qlinear_{op}_{name}", MS, f"QLinear{op}",
                       [a, scale(0.11), zero, b, scale(0.23), np.array(5, kind), scale(0.41), np.array(9, kind)])
        yield Case(f"qlinear_sigmoid_{name}", MS, "QLinearSigmoid", [a, scale(0.03), zero, scale(1 / 256), zero],
                   constants=(1, 2, 3, 4))
        yield Case(f"qlinear_leaky_relu_{name}", MS, "QLinearLeakyRelu", [a, scale(0.1), zero, scale(0.15), zero],
                   dict(alpha=0.2), constants=(1, 2, 3, 4))
        yield Case(f"qlinear_concat_{name}", MS, "QLinearConcat",
                   [scale(0.2), zero, a, scale(0.1), zero, b, scale(0.3), np.array(0, kind)], dict(axis=1),
                   constants=(0, 1, 3, 4, 6, 7))
        yield Case(f"qlinear_softmax_{name}", MS, "QLinearSoftmax",
                   [a, scale(0.05), zero, scale(1 / 256), np.array(low, kind)], dict(axis=-1, opset=13),
                   constants=(1, 2, 3, 4))
        image = ints(1, 2, 5, 5, low=low, high=high, dtype=kind)
        for last in (0, 1):
            yield Case(f"qlinear_average_pool_{name}_{last}", MS, "QLinearAveragePool",
                       [image, scale(0.1), zero, scale(0.137), np.array(1, kind)],
                       dict(kernel_shape=[2, 2], channels_last=last, pads=[1, 0, 0, 1]), constants=(1, 2, 3, 4))
            yield Case(f"qlinear_global_average_pool_{name}_{last}", MS, "QLinearGlobalAveragePool",
                       [image, scale(0.1), zero, scale(0.137), np.array(1, kind)], dict(channels_last=last),
                       constants=(1, 2, 3, 4))
        yield Case(f"qlinear_where_{name}", MS, "QLinearWhere",
                   [ints(3, 4, high=2, dtype=np.bool_), a, scale(0.1), zero, b, scale(0.2), zero, scale(0.15), zero],
                   constants=(2, 3, 5, 6, 7, 8))


def dynamic_quantize_lstm_cases():
    hidden, inside = 5, 4
    for (direction, d), dtype in itertools.product({"forward": 1, "reverse": 1, "bidirectional": 2}.items(), (i8, u8)):
        low = -64 if dtype is i8 else 0
        w = ints(d, inside, 4 * hidden, low=low, high=low + 128, dtype=dtype)
        r = ints(d, hidden, 4 * hidden, low=low, high=low + 128, seed=1, dtype=dtype)
        states = [floats(d, 2, hidden, seed=2), floats(d, 2, hidden, seed=3)]
        for columns in (False, True):
            shape = (d, 4 * hidden) if columns else (d,)
            scales = [(np.abs(floats(*shape, seed=s)) + f32(0.5)) * f32(0.01) for s in (4, 5)]
            zeros = np.full(shape, 0 if dtype is i8 else 60, dtype)
            biases, peepholes = floats(d, 8 * hidden, seed=6), floats(d, 3 * hidden, seed=7)
            inputs = [floats(3, 2, inside), w, r, biases, None, *states, peepholes, scales[0], zeros, scales[1], zeros]
            yield Case(f"dynamic_quantize_lstm_{direction}_{np.dtype(dtype).name}_{columns}", MS, "DynamicQuantizeLSTM",
                       inputs, dict(hidden_size=hidden, direction=direction), (True, True, True), (1, 2, 8, 9, 10, 11))


def integer_product_cases():
    # Weights of 7 bits: on CPUs without VNNI, ONNX Runtime's u8 x s8 products saturate in 16 bits with wider ones.
    a, w = ints(3, 4, high=256, dtype=u8), ints(4, 5, low=-64, high=64, dtype=i8)
    a_zero, w_zero = np.array(100, u8), np.array(3, i8)
    columns = np.abs(floats(5)) + f32(0.1)
    yield Case("matmul_integer_to_float", MS, "MatMulIntegerToFloat",
               [a, w, scale(0.1), columns, a_zero, ints(5, high=4, dtype=i8), floats(5)])
    yield Case("matmul_integer_to_float_plain", MS, "MatMulIntegerToFloat", [a, w, scale(0.1), scale(0.2)])
    yield Case("dynamic_quantize_matmul", MS, "DynamicQuantizeMatMul", [floats(3, 4), w, scale(0.1), w_zero, floats(5)])
    yield Case("dynamic_quantize_matmul_columns", MS, "DynamicQuantizeMatMul", [floats(3, 4), w, columns])
    yield from dynamic_quantize_lstm_cases()
    c = ints(5, low=-999, high=999, dtype=np.int32)
    yield Case("qgemm", MS, "QGemm", [a, scale(0.1), a_zero, w, scale(0.02), w_zero, c, scale(0.7), np.array(9, u8)])
    yield Case("qgemm_float", MS, "QGemm",
               [a.T.copy(), scale(0.1), a_zero, w, columns, ints(5, high=4, dtype=i8), c],
               dict(transA=1, alpha=0.5))
    yield Case("quantize_u16", MS, "QuantizeLinear", [floats(3, 4, scale=900), scale(0.1), np.array(300, np.uint16)])
    yield Case("dequantize_i16", MS, "DequantizeLinear",
               [ints(3, 4, low=-9999, high=9999, dtype=np.int16), columns[:4].copy(), ints(4, dtype=np.int16)],
               dict(axis=1))


def gather_cases():
    indices = ints(2, 3, high=6)
    for bits in (4, 8):
        table = ints(6, 32 * bits // 8, high=256, dtype=u8)
        scales, zeros = np.abs(floats(6, 2)) + f32(0.1), ints(6, -(-2 * bits // 8), high=256, dtype=u8)
        attributes = dict(block_size=16, bits=bits, gather_axis=0, quantize_axis=1)
        yield Case(f"gather_block_{bits}", MS, "GatherBlockQuantized", [table, indices, scales], attributes,
                   constants=(0, 2))
        yield Case(f"gather_block_zeros_{bits}", MS, "GatherBlockQuantized", [table, indices, scales, zeros], attributes,
                   constants=(0, 2, 3))


def cases():
    yield from matmul_nbits_cases()
    yield from gqa_cases()
    yield from mha_cases()
    yield from attention_cases()
    yield from rotary_cases()
    yield from norm_cases()
    yield from activation_cases()
    yield from fused_cases()
    yield from qlinear_cases()
    yield from integer_product_cases()
    yield from gather_cases()
