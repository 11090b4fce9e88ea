"""Operators beside ONNX Runtime where ONNX's own cases are silent."""

import numpy as np
import onnxruntime
import pytest
from conftest import make_model
from onnx import TensorProto, helper

import ingot


def outputs_of(runtime, model, feeds):
    return runtime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, feeds)


@pytest.mark.parametrize("boolean", [True, False])
@pytest.mark.parametrize("probabilities", [True, False])
def test_a_query_that_sees_no_key_attends_to_nothing(boolean, probabilities):
    shown = np.ones((3, 5), bool)
    shown[1] = False
    mask = shown if boolean else np.where(shown, 0, -np.inf).astype(np.float32)
    inputs = [(name, TensorProto.FLOAT, [1, 2, length, 4]) for name, length in (("q", 3), ("k", 5), ("v", 5))]
    inputs.append(("mask", TensorProto.BOOL if boolean else TensorProto.FLOAT, [3, 5]))
    outputs = [("y", TensorProto.FLOAT, [1, 2, 3, 4])] + [("p", TensorProto.FLOAT, [1, 2, 3, 5])] * probabilities
    node = helper.make_node("Attention", ["q", "k", "v", "mask"], ["y", "", "", "p"][: 4 if probabilities else 1],
                            qk_matmul_output_mode=3)
    model = make_model([node], inputs, outputs, opset=23).SerializeToString()
    random = np.random.default_rng(0)
    feeds = {name: random.random(shape, dtype=np.float32) for name, _, shape in inputs[:3]}
    ours, theirs = (outputs_of(runtime, model, {**feeds, "mask": mask}) for runtime in (ingot, onnxruntime))
    assert (ours[0][:, :, 1] == 0).all()
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, atol=1e-6)
