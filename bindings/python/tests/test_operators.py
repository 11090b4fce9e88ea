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


def test_sequences_keep_what_was_put_in_them():
    """Also when a later step, iteration or run writes over the memory that it was computed in."""
    body = helper.make_graph(
        [helper.make_node("Gather", ["xs", "i"], ["row"], axis=0), helper.make_node("Exp", ["row"], ["item"]),
         helper.make_node("SequenceInsert", ["list", "item"], ["longer"]), helper.make_node("Identity", ["go"], ["on"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_sequence_value_info("list", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []),
         helper.make_tensor_sequence_value_info("longer", TensorProto.FLOAT, None)])
    model = make_model(
        [helper.make_node("SequenceEmpty", [], ["none"]), helper.make_node("Loop", ["n", "", "none"], ["rows"], body=body),
         helper.make_node("ConcatFromSequence", ["rows"], ["joined"], axis=0, new_axis=1),
         helper.make_node("Sin", ["xs"], ["a"]), helper.make_node("Cos", ["xs"], ["b"]),
         helper.make_node("SequenceConstruct", ["a", "b"], ["pair"]), helper.make_node("Tanh", ["b"], ["c"]),
         helper.make_node("Exp", ["c"], ["d"]), helper.make_node("MatMul", ["d", "w"], ["y"])],
        [("xs", TensorProto.FLOAT, [3, 5])], [("joined", TensorProto.FLOAT, None), ("y", TensorProto.FLOAT, [3, 5])],
        [("n", np.array(3)), ("w", np.eye(5, dtype=np.float32))])
    model.graph.output.append(helper.make_tensor_sequence_value_info("pair", TensorProto.FLOAT, None))
    session = ingot.InferenceSession(model.SerializeToString())
    x = np.random.default_rng(1).random((3, 5), np.float32)
    joined, _, pair = session.run(None, {"xs": x})
    session.run(None, {"xs": x + 1})
    np.testing.assert_allclose(joined, np.exp(x), rtol=1e-5)
    np.testing.assert_allclose(pair, [np.sin(x), np.cos(x)], rtol=1e-5)


def test_views_of_a_shape_that_data_decides_keep_their_numbers():
    model = make_model(
        [helper.make_node("Exp", ["x"], ["a"]), helper.make_node("Reshape", ["a", "sizes"], ["view"]),
         helper.make_node("MatMul", ["a", "w"], ["b"]), helper.make_node("MatMul", ["b", "w"], ["c"]),
         helper.make_node("MatMul", ["c", "w"], ["y"])],
        [("x", TensorProto.FLOAT, [4, 6]), ("sizes", TensorProto.INT64, [2])],
        [("y", TensorProto.FLOAT, [4, 6]), ("view", TensorProto.FLOAT, None)], [("w", np.eye(6, dtype=np.float32))])
    session = ingot.InferenceSession(model.SerializeToString())
    x, sizes = np.random.default_rng(1).random((4, 6), np.float32), np.array([3, 8])
    view = session.run(["view"], {"x": x, "sizes": sizes})[0]
    session.run(None, {"x": x + 1, "sizes": sizes})
    np.testing.assert_allclose(view, np.exp(x).reshape(3, 8), rtol=1e-5)
