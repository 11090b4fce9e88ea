"""Sessions that serve at once while a measured plan is built behind them."""

import gc
import os
import pathlib
import subprocess
import sys
import threading

import ingot
import numpy as np
import pytest
from conftest import make_model
from onnx import TensorProto, helper

X = np.random.default_rng(3).standard_normal((32, 64), dtype=np.float32)


@pytest.fixture(autouse=True)
def own_database(tmp_path, monkeypatch):
    monkeypatch.setenv("INGOT_CACHE_DIR", str(tmp_path / "cache"))


def layered(layers, last="Identity", domain=""):
    """Bytes of `layers` products of different widths, each followed by Tanh; inputs are X."""
    rng, nodes, weights, value = np.random.default_rng(1), [], [], "x"
    for i in range(layers):
        width = 64 + 16 * (i + 1)
        weights += [("a%d" % i, rng.standard_normal((64, width), dtype=np.float32) / 8),
                    ("b%d" % i, rng.standard_normal((width, 64), dtype=np.float32) / 8)]
        nodes += [helper.make_node("MatMul", [value, "a%d" % i], ["h%d" % i]), helper.make_node("MatMul", ["h%d" % i, "b%d" % i], ["s%d" % i]),
                  helper.make_node("Tanh", ["s%d" % i], ["t%d" % i])]
        value = "t%d" % i
    nodes.append(helper.make_node(last, [value], ["y"], domain=domain))
    ports = [("x", TensorProto.FLOAT, [32, 64])], [("y", TensorProto.FLOAT, [32, 64])]
    return make_model(nodes, *ports, weights, domains=[domain] if domain else []).SerializeToString()


def warming(model, **options):
    return ingot.InferenceSession(model, providers=[("IngotExecutionProvider", dict(options, warmup="background"))])


def test_no_run_is_lost_or_changed_while_the_plan_changes():
    session = warming(layered(6))
    expected, = session.run(None, {"x": X})
    over, answers, errors = threading.Event(), [], []

    def serve():
        more = 10
        while more:
            more -= over.is_set()
            try:
                answers.append(session.run(None, {"x": X})[0])
            except Exception as error:  # counted
                errors.append(error)

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    told = session.warm_up(None)
    over.set()
    for thread in threads:
        thread.join()
    assert told["state"] == "taken" and told["report"]["tuning"]["measured"] > 0
    assert not errors and len(answers) >= 40
    for answer in answers:
        np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-5)
    assert session.plan.report["tuning"] and "measured" in session.plan.text()


def test_a_session_that_goes_away_ends_its_build():
    session = warming(layered(12), tune="full")
    session.run(None, {"x": X})
    assert session.warm_up()["state"] == "building"
    del session
    gc.collect()


def test_a_build_is_stopped_on_request():
    session = warming(layered(12), tune="full")
    session.stop_warm_up()
    assert session.warm_up(None)["state"] == "stopped"
    assert session.run(None, {"x": X})[0].shape == (32, 64)


def test_a_build_calls_operators_of_python():
    threads = set()

    def infer(attributes, inputs):
        threads.add(threading.get_ident())
        return [inputs[0]]

    ingot.register_custom_operator("test", "Twice", infer, lambda attributes, inputs: [inputs[0] * 2])
    session = warming(layered(2, "Twice", "test"))
    assert session.warm_up(None)["state"] == "taken"
    assert len(threads) == 2
    plain = ingot.InferenceSession(layered(2))
    np.testing.assert_allclose(session.run(None, {"x": X})[0], 2 * plain.run(None, {"x": X})[0], rtol=0, atol=1e-5)


def test_a_build_that_fails_says_why_and_changes_nothing():
    main = threading.get_ident()

    def infer(attributes, inputs):
        if threading.get_ident() != main:
            raise RuntimeError("no such device on this thread")
        return [inputs[0]]

    ingot.register_custom_operator("test", "Shy", infer, lambda attributes, inputs: [inputs[0]])
    session = warming(layered(2, "Shy", "test"))
    told = session.warm_up(None)
    assert told["state"] == "failed" and "no such device on this thread" in told["reason"]
    assert session.run(None, {"x": X})[0].shape == (32, 64)


def test_a_script_may_end_while_a_build_goes_on(tmp_path):
    (tmp_path / "model.onnx").write_bytes(layered(12))
    script = ("import ingot; s = ingot.InferenceSession('model.onnx', providers=[('IngotExecutionProvider', "
              "{'warmup': 'background', 'tune': 'full'})]); s.me = s; print(s.warm_up()['state'])")
    environment = dict(os.environ, PYTHONPATH=str(pathlib.Path(ingot.__file__).resolve().parents[1]))
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "building\n", "")


def test_the_second_process_finds_the_measured_plan_in_the_cache():
    states = []
    for _ in range(2):
        states.append(warming(layered(2), engine_cache_enable=True).warm_up(None)["state"])
    assert states == ["taken", "cached"]


def test_a_plan_has_nothing_to_warm_up():
    session = ingot.InferenceSession(ingot.build(layered(1)))
    assert session.warm_up(None)["state"] == "none"


def test_other_words_list_the_valid_ones():
    with pytest.raises(ValueError, match="off, background"):
        ingot.InferenceSession(layered(1), providers=[("IngotExecutionProvider", {"warmup": "foreground"})])


def test_sessions_of_onnxruntime_serve_while_the_measured_plan_is_built(capfd, monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime")
    from plugin import plugin_session

    model = layered(4)
    expected = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": X})[0]
    ingot.set_default_logger_severity(1)
    try:
        session = plugin_session(model, {"threads": "1", "warmup": "background"})
        said, answers = "", 0
        for _ in range(100_000):
            np.testing.assert_allclose(session.run(None, {"x": X})[0], expected, rtol=0, atol=1e-5)
            said += capfd.readouterr().err
            answers += 1
            if "the plan built in the background serves" in said:
                break
        assert "the plan built in the background serves" in said
        np.testing.assert_allclose(session.run(None, {"x": X})[0], expected, rtol=0, atol=1e-5)
    finally:
        ingot.set_default_logger_severity(2)
    del session
    stopped = plugin_session(layered(12), {"threads": "1", "warmup": "background", "tune": "full"})
    stopped.run(None, {"x": X})
    with pytest.raises(Exception, match="off, background"):
        plugin_session(model, {"warmup": "foreground"})
