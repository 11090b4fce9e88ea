"""Which nodes IngotExecutionProvider takes when it cannot take the whole model. ONNX Runtime assigns nothing of a part
that is not convex, so a part that is placed at all is."""

import numpy as np
import pytest
from conftest import make_model
from onnx import TensorProto, helper
from plugin import VERSION, cpu_session, placement, plugin_session
from test_models import assert_close

INGOT, CPU = "IngotExecutionProvider", "CPUExecutionProvider"
SQUARE = (3, 3)


def foreign(read, made):
    """A node that Ingot has no operator for and ONNX Runtime's CPU provider has."""
    return helper.make_node("CDist", [read, read], [made], domain="com.microsoft", metric="euclidean")


def square_model(nodes, outputs):
    return make_model(nodes, [("x", TensorProto.FLOAT, SQUARE)], [(name, TensorProto.FLOAT, SQUARE) for name in outputs],
                      domains=["com.microsoft"]).SerializeToString()


def parts_of_ingot(session):
    return sorted(sorted(ops) for provider, ops in placement(session) if provider == INGOT)


def assert_agrees(model):
    session = plugin_session(model, whole=False)
    feed = {"x": np.random.default_rng(1).random(SQUARE, dtype=np.float32)}
    assert_close(session.run(None, feed), cpu_session(model).run(None, feed))
    return session


def test_a_string_operator_at_the_front_goes_to_the_cpu_provider():
    model = make_model(
        [helper.make_node("Cast", ["s"], ["x"], to=TensorProto.FLOAT), helper.make_node("Mul", ["x", "x"], ["a"]),
         helper.make_node("Add", ["a", "x"], ["y"])], [("s", TensorProto.STRING, [2])], [("y", TensorProto.FLOAT, [2])])
    session = plugin_session(model.SerializeToString(), whole=False)
    assert sorted(placement(session)) == [(CPU, ["Cast"]), (INGOT, ["Mul", "Add"])]
    assert session.run(None, {"s": np.array(["1.5", "2"], object)})[0].tolist() == [3.75, 6.0]


def test_branches_around_a_foreign_node_are_two_parts():
    session = assert_agrees(square_model(
        [helper.make_node("Tanh", ["x"], ["a"]), foreign("a", "b"), helper.make_node("Exp", ["x"], ["c"]),
         helper.make_node("Add", ["b", "c"], ["y"])], ["y"]))
    assert parts_of_ingot(session) == [["Add", "Exp"], ["Tanh"]]  # Exp waits for Add: it needs no part of its own


def test_a_foreign_node_beside_the_path_divides_nothing():
    session = assert_agrees(square_model(
        [helper.make_node("Tanh", ["x"], ["a"]), helper.make_node("Exp", ["a"], ["b"]), foreign("a", "z"),
         helper.make_node("Add", ["a", "b"], ["y"])], ["y", "z"]))
    assert parts_of_ingot(session) == [["Add", "Exp", "Tanh"]]


def test_control_flow_with_a_foreign_body_is_left_whole():
    def body(name, node):
        return helper.make_graph([node], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, SQUARE)])

    def model(then):
        return make_model(
            [helper.make_node("Exp", ["x"], ["e"]),
             helper.make_node("If", ["c"], ["i"], then_branch=body("t", then), else_branch=body("f", helper.make_node("Neg", ["e"], ["f"]))),
             foreign("i", "y")],
            [("x", TensorProto.FLOAT, SQUARE), ("c", TensorProto.BOOL, [])], [("y", TensorProto.FLOAT, SQUARE)],
            domains=["com.microsoft"]).SerializeToString()

    whole = [["Exp", "If"]] if VERSION >= (1, 27) else [["Exp"]]  # only bodies read "e", which fails in older ones
    for then, taken in ((foreign("e", "t"), [["Exp"]]), (helper.make_node("Abs", ["e"], ["t"]), whole)):
        session = plugin_session(model(then), whole=False)
        assert parts_of_ingot(session) == taken
        for choice in (False, True):
            feed = {"x": np.random.default_rng(1).random(SQUARE, dtype=np.float32), "c": np.array(choice)}
            assert_close(session.run(None, feed), cpu_session(model(then)).run(None, feed))


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_are_divided_into_convex_parts(seed):
    rng = np.random.default_rng(seed)
    values, nodes = ["x"], []
    for index in range(16):
        first, second = rng.choice(values), rng.choice(values)
        made = "v%d" % index
        nodes.append(foreign(first, made) if rng.random() < 0.3 else helper.make_node("Mul", [first, second], [made]))
        values.append(made)
    read = {name for node in nodes for name in node.input}
    model = square_model(nodes, [name for name in values[1:] if name not in read])
    session = assert_agrees(model)
    assert {op for provider, ops in placement(session) if provider == CPU for op in ops} == {"CDist"}


def test_a_model_without_anything_to_take_is_left_and_said(capfd):
    session = assert_agrees(square_model([foreign("x", "y")], ["y"]))
    assert parts_of_ingot(session) == []
    assert "takes nothing of this model: Ingot: no operator CDist" in capfd.readouterr().err
