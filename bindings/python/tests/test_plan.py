"""Plans: build, save, load, compare; custom operators."""

import ingot
import numpy as np
import pytest
from conftest import make_model
from onnx import TensorProto, helper


def test_a_saved_plan_runs_as_the_model_does(mlp_path, tmp_path):
    plan = ingot.build(mlp_path)
    plan.save(tmp_path / "mlp.plan")
    x = {"x": np.ones((2, 8), np.float32)}
    expected = ingot.InferenceSession(mlp_path).run(None, x)[0]
    for source in (str(tmp_path / "mlp.plan"), (tmp_path / "mlp.plan").read_bytes(), plan):
        np.testing.assert_array_equal(ingot.InferenceSession(source).run(None, x)[0], expected)
    assert ingot.Plan.load(tmp_path / "mlp.plan", verify=True).diff(plan) == ""


def test_the_same_model_builds_the_same_bytes(mlp_path, tmp_path):
    for name in ("a", "b"):
        ingot.build(mlp_path).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("position", [3, 9, 60, 300, 900])
def test_a_flipped_bit_is_noticed(mlp_path, tmp_path, position):
    ingot.build(mlp_path).save(tmp_path / "p")
    content = bytearray((tmp_path / "p").read_bytes())
    content[position] ^= 4
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(ingot.Fail):
        ingot.Plan.load(tmp_path / "p", verify=True)


def test_progress_is_told_and_may_stop_the_build(mlp_path):
    stages = []
    ingot.build(mlp_path, progress=lambda stage, done, total: stages.append(stage) or True)
    assert stages
    with pytest.raises(ingot.Cancelled):
        ingot.build(mlp_path, progress=lambda *_: False)
    with pytest.raises(ZeroDivisionError):
        ingot.build(mlp_path, progress=lambda *_: 1 / 0)


def test_max_shapes_refuse_larger_runs(mlp_path):
    session = ingot.InferenceSession(ingot.build(mlp_path, maxShapes="x:4x8"))
    session.run(None, {"x": np.zeros((4, 8), np.float32)})
    with pytest.raises(ingot.InvalidArgument, match="maximum"):
        session.run(None, {"x": np.zeros((5, 8), np.float32)})


def test_respecialising_keeps_the_numbers(mlp_path):
    x = {"x": np.ones((2, 8), np.float32)}
    slow = ingot.build(mlp_path, isa="reference")
    fast = slow.respecialize()
    np.testing.assert_allclose(ingot.InferenceSession(fast).run(None, x)[0], ingot.InferenceSession(slow).run(None, x)[0], rtol=1e-5)


def test_custom_operators_written_in_python_run():
    model = make_model([helper.make_node("Twice", ["x"], ["y"], domain="test.custom", factor=3.0)],
                       [("x", TensorProto.FLOAT, ["n"])], [("y", TensorProto.FLOAT, ["n"])], domains=["test.custom"])
    with pytest.raises(ingot.NotImplemented, match="Twice"):
        ingot.InferenceSession(model.SerializeToString())
    ingot.register_custom_operator("test.custom", "Twice", lambda attributes, inputs: [inputs[0]],
                                   lambda attributes, inputs: [inputs[0] * np.float32(attributes["factor"])])
    y = ingot.InferenceSession(model.SerializeToString()).run(None, {"x": np.ones(3, np.float32)})[0]
    assert y.tolist() == [3, 3, 3]
