"""EPContext: plans inside, or beside, ONNX models that ONNX Runtime writes and reads."""

import os
import pathlib
import subprocess
import sys

import ingot.onnxruntime
import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import make_model
from onnx import TensorProto, helper
from plugin import cpu_session, placement, plugin_session
from test_models import assert_close

INFO = "ep_compatibility_info.IngotExecutionProvider"


def feed(batch=3):
    return {"x": np.random.default_rng(batch).standard_normal((batch, 8), dtype=np.float32)}


@pytest.fixture
def model(mlp, tmp_path):
    path = tmp_path / "mlp.onnx"
    onnx.save(mlp, path)
    return str(path)


@pytest.fixture(params=["0", "1"], ids=["beside", "embedded"])
def exported(request, model, tmp_path):
    path = tmp_path / "mlp_ctx.onnx"
    plugin_session(model, ep__context_enable="1", ep__context_embed_mode=request.param, ep__context_file_path=str(path))
    return str(path)


def edit(path, **attributes):
    """Changes attributes of the context nodes of an exported model."""
    exported = onnx.load(path)
    for node in exported.graph.node:
        for attribute in node.attribute:
            if attribute.name in attributes:
                attribute.s = attributes[attribute.name]
    onnx.save(exported, path)


def export_elsewhere(model, path, **options):
    """Exports `model` in a process whose highest ISA level is the reference."""
    code = ("import sys; from plugin import plugin_session; "
            "plugin_session(sys.argv[1], %r, ep__context_enable='1', ep__context_file_path=sys.argv[2])")
    subprocess.run([sys.executable, "-c", code % dict(options, threads="1"), model, path], check=True,
                   env=dict(os.environ, INGOT_ISA="reference", PYTHONPATH=os.pathsep.join(sys.path)))


def test_an_exported_context_reloads(model, exported, tmp_path):
    nodes = onnx.load(exported).graph.node
    assert [node.op_type for node in nodes] == ["EPContext"]
    embedded = next(a.i for a in nodes[0].attribute if a.name == "embed_mode")
    assert bool(list(pathlib.Path(tmp_path).glob("*.ingot"))) == (not embedded)
    for batch in (1, 5):
        assert_close(plugin_session(exported).run(None, feed(batch)), cpu_session(model).run(None, feed(batch)))


def compatibility(info):
    """What the provider answers to an application that asks ONNX Runtime before it loads."""
    ask = onnxruntime.capi.onnxruntime_pybind11_state.get_model_compatibility_for_ep_devices
    return ask(ingot.onnxruntime.register(), info).name


def test_a_context_says_what_it_was_made_for_and_is_optimal_there(exported):
    told = {entry.key: entry.value for entry in onnx.load(exported).metadata_props}[INFO]
    assert told.startswith("ingot %s, kernel interface " % ingot.__version__)
    assert compatibility(told).endswith("_OPTIMAL")
    assert compatibility(told.replace(ingot.__version__, "99.0.0")).endswith("PREFER_RECOMPILATION")
    assert compatibility(told + " with another name").endswith("PREFER_RECOMPILATION")
    assert compatibility("something else").endswith("UNSUPPORTED")


def test_a_context_made_for_another_cpu_is_built_again(model, tmp_path, capfd):
    path = str(tmp_path / "other_ctx.onnx")
    export_elsewhere(model, path)
    assert_close(plugin_session(path).run(None, feed()), cpu_session(model).run(None, feed()))
    assert ", reference, " in capfd.readouterr().err.split(" is built again for ingot ")[0]


def test_a_context_without_its_graph_runs_as_it_is(model, tmp_path, capfd):
    path = str(tmp_path / "other_ctx.onnx")
    export_elsewhere(model, path, no_portable="true")
    assert_close(plugin_session(path).run(None, feed()), cpu_session(model).run(None, feed()))
    assert "cannot be built again" in capfd.readouterr().err


def test_a_damaged_context_is_refused_with_what_is_wrong(model, tmp_path):
    path = str(tmp_path / "mlp_ctx.onnx")
    plugin_session(model, ep__context_enable="1", ep__context_file_path=path)
    plan = next(tmp_path.glob("*.ingot"))
    whole = plan.read_bytes()
    plan.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(Exception, match="(?i)ingot: .*(hash|damaged)"):
        plugin_session(path)
    plan.unlink()
    with pytest.raises(Exception, match=plan.name):
        plugin_session(path)


def test_a_context_outside_the_models_folder_is_refused(model, tmp_path):
    path = str(tmp_path / "mlp_ctx.onnx")
    plugin_session(model, ep__context_enable="1", ep__context_file_path=path)
    for name in (b"../secret.ingot", b"/secret.ingot"):
        edit(path, ep_cache_context=name)
        with pytest.raises(Exception, match="outside the model's folder"):
            plugin_session(path)


def test_parts_of_a_model_are_exported_and_reload(tmp_path):
    model = make_model(
        [helper.make_node("Tanh", ["x"], ["a"]),
         helper.make_node("CDist", ["a", "a"], ["b"], domain="com.microsoft", metric="euclidean"),
         helper.make_node("Add", ["a", "b"], ["y"])],
        [("x", TensorProto.FLOAT, [3, 3])], [("y", TensorProto.FLOAT, [3, 3])], domains=["com.microsoft"])
    path = str(tmp_path / "parts_ctx.onnx")
    plugin_session(model.SerializeToString(), whole=False, ep__context_enable="1", ep__context_file_path=path)
    assert sorted(node.op_type for node in onnx.load(path).graph.node) == ["CDist", "EPContext", "EPContext"]
    session = plugin_session(path, whole=False)
    assert sum(provider == "IngotExecutionProvider" for provider, _ in placement(session)) == 2
    x = {"x": np.random.default_rng(1).random((3, 3), dtype=np.float32)}
    assert_close(session.run(None, x), cpu_session(model.SerializeToString()).run(None, x))
