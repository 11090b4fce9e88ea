#!/usr/bin/env python3
"""Stores small plans of this release, with inputs and outputs, in tests/compat/<version>/. Run once per release.

The models cover what a plan file can hold: packed weights and symbolic sizes, fused groups, bodies of control flow,
recurrent layers and string constants. Plans are made for AVX2, so that any CPU of the tests runs them.
"""

import pathlib

import ingot
import numpy as np
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLOAT, INT64, BOOL, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING


def info(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(nodes, "compat", inputs, outputs, [numpy_helper.from_array(w, name) for name, w in weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def perceptron(rng):
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Sigmoid", ["h"], ["s"]),
             helper.make_node("Mul", ["h", "s"], ["y"])]
    weights = [("w", rng.standard_normal((8, 4), dtype=np.float32)), ("b", rng.standard_normal(4, dtype=np.float32))]
    feed = {"x": rng.standard_normal((3, 8), dtype=np.float32)}
    return model(nodes, [info("x", FLOAT, ["batch", 8])], [info("y", FLOAT, ["batch", 4])], weights), feed


def convolutions(rng):
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["a"], ["b"]),
             helper.make_node("Conv", ["b", "d"], ["c"], group=8, pads=[1, 1, 1, 1], strides=[2, 2]),
             helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[1, 1]),
             helper.make_node("GlobalAveragePool", ["p"], ["g"]), helper.make_node("Softmax", ["g"], ["y"], axis=1)]
    weights = [("w", rng.standard_normal((8, 3, 3, 3), dtype=np.float32)),
               ("d", rng.standard_normal((8, 1, 3, 3), dtype=np.float32))]
    feed = {"x": rng.standard_normal((2, 3, 9, 11), dtype=np.float32)}
    return model(nodes, [info("x", FLOAT, ["n", 3, "h", "w"])], [info("y", FLOAT, None)], weights), feed


def control_flow(rng):
    then = helper.make_graph([helper.make_node("Add", ["acc", "x"], ["t"])], "then", [], [info("t", FLOAT, None)])
    other = helper.make_graph([helper.make_node("Sub", ["acc", "x"], ["e"])], "else", [], [info("e", FLOAT, None)])
    body = helper.make_graph(
        [helper.make_node("Mod", ["i", "two"], ["odd"]), helper.make_node("Cast", ["odd"], ["is_odd"], to=BOOL),
         helper.make_node("If", ["is_odd"], ["next"], then_branch=then, else_branch=other),
         helper.make_node("Identity", ["go"], ["still"]), helper.make_node("Identity", ["next"], ["scan"])],
        "body", [info("i", INT64, []), info("go", BOOL, []), info("acc", FLOAT, ["n"])],
        [info("still", BOOL, []), info("next", FLOAT, None), info("scan", FLOAT, None)])
    nodes = [helper.make_node("Loop", ["count", "", "x"], ["last", "all"], body=body)]
    feed = {"x": rng.standard_normal(5, dtype=np.float32), "count": np.array(4, np.int64)}
    return model(nodes, [info("x", FLOAT, ["n"]), info("count", INT64, [])],
                 [info("last", FLOAT, ["n"]), info("all", FLOAT, None)], [("two", np.array(2, np.int64))]), feed


def recurrent(rng):
    nodes = [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h", "c"], hidden_size=6, direction="bidirectional")]
    weights = [("w", rng.standard_normal((2, 24, 5), dtype=np.float32)),
               ("r", rng.standard_normal((2, 24, 6), dtype=np.float32)),
               ("b", rng.standard_normal((2, 48), dtype=np.float32))]
    feed = {"x": rng.standard_normal((7, 2, 5), dtype=np.float32)}
    outputs = [info("y", FLOAT, None), info("h", FLOAT, None), info("c", FLOAT, None)]
    return model(nodes, [info("x", FLOAT, ["time", "n", 5])], outputs, weights), feed


def strings(rng):
    nodes = [helper.make_node("StringConcat", ["a", "suffix"], ["y"])]
    feed = {"a": np.array(["ä", "", "plan"], object)}
    return model(nodes, [info("a", STRING, ["n"])], [info("y", STRING, ["n"])],
                 [("suffix", np.array(["_ß"], object))]), feed


def main():
    folder = ROOT / "tests" / "compat" / ingot.__version__
    folder.mkdir(parents=True, exist_ok=True)
    for make in (perceptron, convolutions, control_flow, recurrent, strings):
        content, feed = make(np.random.default_rng(0))
        plan = ingot.build(content, device="cpu", isa="avx2")
        plan.save(folder / (make.__name__ + ".plan"))
        session = ingot.InferenceSession(plan)
        results = {"out_" + port.name: value for port, value in zip(session.get_outputs(), session.run(None, feed))}
        arrays = {**{"in_" + name: value for name, value in feed.items()}, **results}
        np.savez_compressed(folder / (make.__name__ + ".npz"),
                            **{name: value.astype(str) if value.dtype == object else value for name, value in arrays.items()})


if __name__ == "__main__":
    main()
