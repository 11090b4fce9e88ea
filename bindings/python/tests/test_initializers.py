"""Values in place of initializers, and inputs with defaults."""

import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import make_model
from onnx import TensorProto, external_data_helper, helper

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


def in_files(model, *locations):
    """The model with each initializer's content in a file of its own, and these files' contents."""
    contents = []
    for tensor, location in zip(model.graph.initializer, locations):
        contents.append(b"head" + tensor.raw_data)
        external_data_helper.set_external_data(tensor, location, offset=4, length=len(tensor.raw_data))
        tensor.ClearField("raw_data")
    return model.SerializeToString(), contents


@pytest.mark.parametrize("warmup", ["off", "background"])
def test_files_of_external_data_are_told_apart_by_their_folders(warmup):
    nodes = [helper.make_node("MatMul", ["x", "v"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    square = np.arange(16, dtype=np.float32).reshape(4, 4)
    model = make_model(nodes, [("x", TensorProto.FLOAT, ["batch", 4])], [("y", TensorProto.FLOAT, ["batch", 3])],
                       [("v", square), ("w", WEIGHTS)])
    data, contents = in_files(model, "one/m.bin", "./two/m.bin")
    options = ingot.SessionOptions()
    options.add_external_initializers_from_files_in_memory(["one/m.bin", "two/m.bin"], contents, list(map(len, contents)))
    made = ingot.InferenceSession(data, options, providers=[("IngotExecutionProvider", {"warmup": warmup})])
    np.testing.assert_allclose(made.run(None, {"x": X})[0], X @ square @ WEIGHTS, rtol=1e-3)


def test_a_file_in_memory_that_is_too_short_is_an_error():
    data, contents = in_files(product(), "m.bin")
    options = ingot.SessionOptions()
    options.add_external_initializers_from_files_in_memory(["m.bin"], contents, [20])
    with pytest.raises(ingot.Fail, match="m.bin.*offset 4 of a file of 20"):
        session(ingot, data, options)


def test_names_that_the_model_lacks_matter_for_external_initializers_alone():
    def act(runtime):
        value = runtime.OrtValue.ortvalue_from_numpy(WEIGHTS)
        options = runtime.SessionOptions()
        options.add_initializer("other", value)
        result = session(runtime, product().SerializeToString(), options).run(None, {"x": X})[0]
        options.add_external_initializers(["other"], [value])
        with pytest.raises(Exception, match="other"):
            session(runtime, product().SerializeToString(), options)
        return result

    expected, actual = both(act)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_an_initializer_keeps_its_type():
    options = ingot.SessionOptions()
    options.add_initializer("w", ingot.OrtValue.ortvalue_from_numpy(WEIGHTS.astype(np.float64)))
    with pytest.raises(ingot.InvalidArgument, match="initializer w is of f32, not f64"):
        session(ingot, product().SerializeToString(), options)


def test_strings_may_be_given():
    model = make_model([helper.make_node("Identity", ["w"], ["y"])], [], [("y", TensorProto.STRING, [2])])
    model.graph.initializer.append(helper.make_tensor("w", TensorProto.STRING, [2], [b"a", b"b"]))
    options = ingot.SessionOptions()
    options.add_initializer("w", ingot.OrtValue.ortvalue_from_numpy(np.array(["c", "d"], dtype=object)))
    assert session(ingot, model.SerializeToString(), options).run(None, {})[0].tolist() == ["c", "d"]


def test_the_optimised_model_is_a_plan_that_sessions_open(tmp_path):
    options = ingot.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    made = session(ingot, product().SerializeToString(), options)
    (tmp_path / "kept").write_bytes((tmp_path / "optimised.onnx").read_bytes())
    again = session(ingot, tmp_path / "kept")
    np.testing.assert_array_equal(again.run(None, {"x": X})[0], made.run(None, {"x": X})[0])


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
