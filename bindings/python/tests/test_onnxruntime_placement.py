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


def body(nodes, inputs, outputs):
    def infos(values):
        return [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in values]

    return helper.make_graph(nodes, "body", infos(inputs), infos(outputs))


def test_bodies_that_read_what_lies_around_them_run_wholly_on_ingot():
    # A Loop that gathers x * i + e, where an If inside it chooses e by what the Loop carries; only bodies read x and e.
    choice = [body([helper.make_node(op, ["e"], [made])], [], [(made, TensorProto.FLOAT, SQUARE)]) for op, made in (("Exp", "t"), ("Neg", "f"))]
    turn = body(
        [helper.make_node("Cast", ["i"], ["s"], to=TensorProto.FLOAT), helper.make_node("Mul", ["x", "s"], ["m"]),
         helper.make_node("If", ["flag"], ["chosen"], then_branch=choice[0], else_branch=choice[1]),
         helper.make_node("Add", ["m", "chosen"], ["row"]), helper.make_node("Not", ["flag"], ["other"]),
         helper.make_node("Identity", ["go"], ["going"])],
        [("i", TensorProto.INT64, []), ("go", TensorProto.BOOL, []), ("flag", TensorProto.BOOL, [])],
        [("going", TensorProto.BOOL, []), ("other", TensorProto.BOOL, []), ("row", TensorProto.FLOAT, SQUARE)])
    model = make_model(
        [helper.make_node("Tanh", ["x"], ["e"]), helper.make_node("Loop", ["n", "", "c"], ["last", "rows"], body=turn)],
        [("x", TensorProto.FLOAT, SQUARE), ("n", TensorProto.INT64, []), ("c", TensorProto.BOOL, [])],
        [("last", TensorProto.BOOL, []), ("rows", TensorProto.FLOAT, ["n", *SQUARE])]).SerializeToString()
    session, peer = plugin_session(model), cpu_session(model)
    assert {provider for provider, _ in placement(session)} == {INGOT}
    for turns in (3, 1, 0):
        feed = {"x": np.random.default_rng(1).random(SQUARE, dtype=np.float32), "n": np.array(turns), "c": np.array(True)}
        (last, rows), theirs = session.run(None, feed), peer.run(None, feed)
        assert last == theirs[0] and rows.shape == theirs[1].shape == (turns, *SQUARE)
        np.testing.assert_allclose(rows, theirs[1], rtol=1e-5, atol=1e-6)


def test_control_flow_with_a_foreign_body_is_left_whole():
    def branch(node):
        return body([node], [], [(node.output[0], TensorProto.FLOAT, SQUARE)])

    def model(then):
        return make_model(
            [helper.make_node("Exp", ["x"], ["e"]),
             helper.make_node("If", ["c"], ["i"], then_branch=branch(then), else_branch=branch(helper.make_node("Neg", ["e"], ["f"]))),
             foreign("i", "y")],
            [("x", TensorProto.FLOAT, SQUARE), ("c", TensorProto.BOOL, [])], [("y", TensorProto.FLOAT, SQUARE)],
            domains=["com.microsoft"]).SerializeToString()

    # Older ones do not hand over "e": ONNX Runtime runs the If, and each body is placed by itself.
    left, whole = ([["Exp"]], [["Exp", "If"]]) if VERSION >= (1, 27) else ([["Exp"], ["If"], ["Neg"]], [["Abs"], ["Exp"], ["If"], ["Neg"]])
    for then, taken in ((foreign("e", "t"), left), (helper.make_node("Abs", ["e"], ["t"]), whole)):
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
