"""Values in place of initializers, and inputs with defaults."""

import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import make_model
from onnx import TensorProto, helper

import ingot

WEIGHTS = np.arange(12, dtype=np.float32).reshape(4, 3)
X = np.random.default_rng(3).standard_normal((2, 4), dtype=np.float32)


def product(weights_are_input=False):
    inputs = [("x", TensorProto.FLOAT, ["batch", 4])]
    if weights_are_input:
        inputs.append(("w", TensorProto.FLOAT, [4, 3]))
    return make_model([helper.make_node("MatMul", ["x", "w"], ["y"])], inputs, [("y", TensorProto.FLOAT, ["batch", 3])],
                      [("w", WEIGHTS)])


def both(act):
    """What `act` gives with ONNX Runtime and with Ingot."""
    return act(onnxruntime), act(ingot)


def session(runtime, model, options=None):
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def test_an_initializer_takes_the_value_of_the_session_options():
    def act(runtime):
        options = runtime.SessionOptions()
        value = runtime.OrtValue.ortvalue_from_numpy(WEIGHTS * 3)
        options.add_initializer("w", value)
        return session(runtime, product().SerializeToString(), options).run(None, {"x": X})[0]

    expected, actual = both(act)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_external_initializers_are_given_by_name_without_their_file(tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save_model(product(), path, save_as_external_data=True, location="m.bin", size_threshold=0)
    (tmp_path / "m.bin").unlink()
    options = ingot.SessionOptions()
    options.add_external_initializers(["w"], [ingot.OrtValue.ortvalue_from_numpy(WEIGHTS * 4)])
    np.testing.assert_allclose(session(ingot, path, options).run(None, {"x": X})[0], X @ WEIGHTS * 4, rtol=1e-4)


def test_files_of_external_data_are_given_as_bytes(tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save_model(product(), path, save_as_external_data=True, location="m.bin", size_threshold=0)
    data = (tmp_path / "m.bin").read_bytes()
    options = ingot.SessionOptions()
    options.add_external_initializers_from_files_in_memory(["m.bin"], [data], [len(data)])
    np.testing.assert_allclose(session(ingot, path.read_bytes(), options).run(None, {"x": X})[0], X @ WEIGHTS, rtol=1e-4)


def test_inputs_with_defaults_may_be_given():
    def act(runtime):
        made = session(runtime, product(True).SerializeToString())
        listed = [(each.name, each.type, each.shape) for each in made.get_overridable_initializers()]
        names = [each.name for each in made.get_inputs()]
        runs = [made.run(None, {"x": X})[0], made.run(None, {"x": X, "w": WEIGHTS * 2})[0],
                made.run(["y"], {"x": X, "w": WEIGHTS * 5})[0], made.run(None, {"x": X})[0]]
        return listed, names, runs

    expected, actual = both(act)
    assert actual[:2] == expected[:2] == ([("w", "tensor(float)", [4, 3])], ["x"])
    for one, other in zip(actual[2], expected[2]):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_a_default_of_another_type_is_an_error():
    with pytest.raises(ingot.InvalidArgument, match="w"):
        session(ingot, product(True).SerializeToString()).run(None, {"x": X, "w": WEIGHTS.astype(np.float64)})


def test_metadata_tells_the_graph_s_description():
    model = product()
    model.graph.doc_string = "a product"
    assert session(ingot, model.SerializeToString()).get_modelmeta().graph_description == "a product"
