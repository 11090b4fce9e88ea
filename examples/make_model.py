"""Writes the model of the examples: y = relu(x w + b), x f32[batch, 8], y f32[batch, 4]."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

w = (np.arange(32, dtype=np.float32).reshape(8, 4) - 16) / 32
b = np.array([0.5, -0.5, 1, 0], np.float32)
graph = helper.make_graph(
    [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Relu", ["h"], ["y"])], "example",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
    [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), sys.argv[1])
