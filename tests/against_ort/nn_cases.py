"""Older opsets and attribute corners of convolution, pooling, norms, resizing, recurrent layers and matrix work."""

import itertools

import numpy as np
from case import Case, floats, ints


def case(name, op, inputs, attributes=None, opset=17, constants=(), outputs=(True,)):
    return Case(f"{op.lower()}_{name}_{opset}", "", op, inputs, attributes or {}, outputs, tuple(constants), opset)


def windows():
    x, w = floats(2, 4, 9, 10), floats(6, 2, 3, 2)
    for i, (pad, stride) in enumerate(itertools.product(("SAME_UPPER", "SAME_LOWER", "VALID"), (1, 2))):
        attributes = {"auto_pad": pad, "strides": [stride, 3 - stride]}
        yield case(f"auto_pad{i}", "Conv", [x, w, floats(6)], attributes | {"group": 2}, 11, (1, 2))
        yield case(f"auto_pad_dynamic{i}", "Conv", [w, x[:1, :2, :3, :2]], attributes, 11, (1,))
        for op in ("MaxPool", "AveragePool", "LpPool"):
            yield case(f"auto_pad{i}", op, [x], attributes | {"kernel_shape": [3, 2]}, 11)
        yield case(f"auto_pad{i}", "ConvTranspose", [x, floats(4, 3, 3, 3)], attributes, 11, (1,))
    yield case("1d", "Conv", [floats(2, 3, 12), floats(4, 3, 3)], {"dilations": [2], "pads": [1, 3]}, 7)
    yield case("3d", "Conv", [floats(1, 2, 5, 6, 4), floats(4, 1, 2, 3, 2)], {"group": 2, "strides": [2, 1, 2]}, 11)
    for i, (ceil, include) in enumerate(itertools.product((0, 1), (0, 1))):
        attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 0], "ceil_mode": ceil}
        yield case(f"ceil{i}", "AveragePool", [x], attributes | {"count_include_pad": include}, 19)
        yield case(f"ceil{i}", "MaxPool", [x], attributes | {"storage_order": include}, 12, outputs=(True, True))
    yield case("dilated", "MaxPool", [x], {"kernel_shape": [2, 3], "dilations": [3, 2]}, 12)
    yield case("old", "AveragePool", [x], {"kernel_shape": [2, 2], "pads": [1, 0, 0, 1]}, 7)
    yield case("p3", "GlobalLpPool", [x], {"p": 3}, 7)
    transposed = {"strides": [2, 3], "dilations": [2, 1], "output_padding": [1, 2], "group": 2}
    yield case("padded", "ConvTranspose", [x, floats(4, 3, 3, 2), floats(6)], transposed | {"pads": [1, 0, 2, 1]}, 11)
    shaped = {"strides": [2, 2], "output_shape": [18, 20]}
    yield case("shape", "ConvTranspose", [x, floats(4, 3, 3, 3)], shaped, 11, (1,))


def norms():
    x, channel = floats(2, 3, 4, 5), [floats(3, seed=i) for i in range(3)]
    statistics = [*channel, np.abs(floats(3, seed=9)) + 0.5]
    for opset in (7, 9, 14, 15):
        yield case("dynamic", "BatchNormalization", [x, *statistics], {"epsilon": 0.01}, opset)
        yield case("folded", "BatchNormalization", [x, *statistics], {"epsilon": 0.01}, opset, (1, 2, 3, 4))
    yield case("old", "InstanceNormalization", [x, *channel[:2]], {}, 7)
    yield case("odd", "LRN", [x], {"size": 5, "alpha": 0.1, "beta": 0.5, "bias": 2.0}, 7)
    for p, axis in itertools.product((1, 2), (0, -1)):
        yield case(f"p{p}_{axis}".replace("-", "m"), "LpNormalization", [x], {"p": p, "axis": axis}, 7)
    yield case("axes", "MeanVarianceNormalization", [x], {"axes": [0, 1]}, 9)
    for op, axis in itertools.product(("Softmax", "LogSoftmax", "Hardmax"), (0, 1, 2, 3, -2)):
        name = f"axis{axis}".replace("-", "m")
        yield case(name, op, [x], {"axis": axis}, 11)
        yield case(name, op, [x], {"axis": axis}, 13)
    yield case("axis1", "LayerNormalization", [x, floats(3, 4, 5), floats(5)], {"axis": 1}, 17, (), (True, True, True))


def resizing():
    x = floats(1, 2, 5, 7)
    empty, scales = np.zeros(0, np.float32), np.array([1, 1, 2, 1.5], np.float32)
    for mode in ("nearest", "linear"):
        yield case(mode, "Upsample", [x], {"mode": mode, "scales": scales.tolist()}, 7)
        yield case(mode, "Upsample", [x, np.array([1, 1, 2, 3], np.float32)], {"mode": mode}, 9, (1,))
        yield case(mode, "Resize", [x, scales], {"mode": mode}, 10, (1,))
        yield case(f"{mode}_dynamic", "Resize", [x, scales], {"mode": mode}, 10)
    coordinates = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    for opset, mode, coordinate in itertools.product((11, 13, 19), ("nearest", "linear", "cubic"), coordinates):
        sizes = np.array([1, 2, 3, 11], np.int64)
        attributes = {"mode": mode, "coordinate_transformation_mode": coordinate}
        yield case(f"{mode}_{coordinate}", "Resize", [x, empty, empty, sizes], attributes, opset, (1, 2, 3))
    for i, nearest in enumerate(("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")):
        sizes = np.array([1, 2, 10, 3], np.int64)
        yield case(f"rounding{i}", "Resize", [x, empty, empty, sizes], {"nearest_mode": nearest}, 13, (1, 2, 3))
    for mode in ("linear", "cubic"):
        sizes = np.array([2, 13], np.int64)
        attributes = {"mode": mode, "antialias": 1, "axes": [2, 3]}
        yield case(f"antialias_{mode}", "Resize", [x, None, None, sizes], attributes, 18, (3,))
    rois = np.array([[0, 0, 4, 4], [1, 2, 6, 3.5]], np.float32)
    bins = {"output_height": 2, "output_width": 3, "spatial_scale": 0.7}
    for opset, ratio in itertools.product((10, 16), (0, 2)):
        inputs = [floats(2, 3, 8, 8), rois, np.array([1, 0], np.int64)]
        yield case(f"ratio{ratio}", "RoiAlign", inputs, bins | {"sampling_ratio": ratio}, opset)
    regions = np.array([[0, 0, 0, 7, 7], [1, 2, 1, 5, 6]], np.float32)
    yield case("bins", "MaxRoiPool", [floats(2, 3, 8, 8), regions], {"pooled_shape": [3, 2], "spatial_scale": 0.8}, 7)
    for mode, padding, align in itertools.product(
        ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (0, 1)
    ):
        attributes = {"mode": mode, "padding_mode": padding, "align_corners": align}
        yield case(f"{mode}_{padding}{align}", "GridSample", [x, floats(1, 4, 3, 2)], attributes, 16)


def recurrent():
    x, directions = floats(5, 2, 3), {"forward": 1, "reverse": 1, "bidirectional": 2}
    lengths = np.array([5, 3], np.int32)
    for (op, gates), (direction, d) in itertools.product({"RNN": 1, "GRU": 3, "LSTM": 4}.items(), directions.items()):
        weights = [floats(d, gates * 4, 3), floats(d, gates * 4, 4, seed=1), floats(d, 2 * gates * 4)]
        states = [floats(d, 2, 4, seed=2)]
        if op == "LSTM":
            states += [floats(d, 2, 4, seed=3), floats(d, 12, seed=4)]
        outputs = (True,) * (3 if op == "LSTM" else 2)
        attributes = {"hidden_size": 4, "direction": direction}
        yield case(direction, op, [x, *weights, lengths, *states], attributes, 14, (1, 2, 3), outputs)
        yield case(f"{direction}_bare", op, [x, *weights[:2]], attributes, 7, (1, 2), outputs)
        if op == "GRU":
            reset = attributes | {"linear_before_reset": 1}
            yield case(f"{direction}_reset", op, [x, *weights, lengths, *states], reset, 14, (1, 2, 3), outputs)
    functions = {"activations": ["HardSigmoid", "ScaledTanh"], "activation_alpha": [0.3, 0.8]}
    functions["activation_beta"] = [0.4, 0.7]
    yield case("functions", "GRU", [x, floats(1, 12, 3), floats(1, 12, 4)], functions | {"hidden_size": 4}, 7, (1, 2))


def matrices():
    for i, (a, b) in enumerate(itertools.product((0, 1), (0, 1))):
        left, right = floats(*((5, 3) if a else (3, 5))), floats(*((4, 5) if b else (5, 4)))
        for j, bias in enumerate((floats(4), floats(3, 1), floats(1))):
            attributes = {"transA": a, "transB": b, "alpha": 0.5, "beta": 1.5 if j else 0.0}
            yield case(f"{i}{j}", "Gemm", [left, right, bias], attributes, 7 if j else 11)
    for i, (a, b) in enumerate([((3,), (3,)), ((3,), (2, 3, 4)), ((2, 4, 3), (3,)), ((2, 1, 4, 3), (5, 3, 2))]):
        yield case(f"broadcast{i}", "MatMul", [floats(*a), floats(*b)], {}, 9)
    equations = ["bhid,bhjd->bhij", "ij,jk,kl->il", "...ij,...jk->...ik", "abc,cd->dba", "ab,cd->acbd", "iij->ij",
                 "ab,ab->", "abc,abd->cd", "bij,kj->bki"]
    shapes = [((2, 3, 4, 5), (2, 3, 6, 5)), ((2, 3), (3, 4), (4, 5)), ((2, 1, 3, 4), (1, 5, 4, 2)), ((2, 3, 4), (4, 5)),
              ((2, 3), (4, 5)), ((3, 3, 2),), ((2, 3), (2, 3)), ((2, 3, 4), (2, 3, 5)), ((2, 3, 4), (5, 4))]
    for i, (equation, operands) in enumerate(zip(equations, shapes, strict=True)):
        yield case(f"form{i}", "Einsum", [floats(*shape) for shape in operands], {"equation": equation}, 12)
    x = floats(3, 4, 5)
    for op in ("Sum", "Mean", "Prod", "Min", "Max", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"):
        for keep, opset in itertools.product((0, 1), (7, 11)):
            yield case(f"attribute{keep}", f"Reduce{op}", [np.abs(x) + 0.1], {"axes": [0, 2], "keepdims": keep}, opset)
    for dtype in (np.int32, np.int64):
        for op in ("Sum", "Mean", "Prod", "Min", "Max"):
            name = np.dtype(dtype).name
            yield case(name, f"Reduce{op}", [ints(3, 4, low=-9, dtype=dtype)], {"axes": [1]}, 12)
    for op, last in itertools.product(("ArgMax", "ArgMin"), (0, 1)):
        attributes = {"axis": 1, "select_last_index": last}
        yield case(f"last{last}", op, [ints(4, 6, high=3).astype(np.float32)], attributes, 12)
    yield case("attribute", "TopK", [x], {"k": 3, "axis": 1}, 1, (), (True, True))
    yield case("input", "TopK", [x, np.array([2], np.int64)], {"axis": -1}, 10, (), (True, True))
    tied = [ints(3, 9, high=4), np.array([5], np.int64)]
    yield case("smallest", "TopK", tied, {"largest": 0}, 11, (1,), (True, True))
    for exclusive, reverse in itertools.product((0, 1), (0, 1)):
        attributes = {"exclusive": exclusive, "reverse": reverse}
        yield case(f"{exclusive}{reverse}", "CumSum", [x, np.array(1, np.int64)], attributes, 11)


def cases():
    for group in (windows, norms, resizing, recurrent, matrices):
        yield from group()
