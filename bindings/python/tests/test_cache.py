"""The plan cache from Python and from the command line."""

import json
import os
import pathlib
import subprocess
import sys

import ingot
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

X = {"x": np.ones((2, 8), np.float32)}
LOAD = """
import sys, ingot
plan = ingot.build(sys.argv[1], engine_cache_path=sys.argv[2])
print(plan.report["cache"]["state"], ingot.InferenceSession(plan).get_inputs()[0].name)
"""


def cached(path, folder):
    return ingot.InferenceSession(path, providers=[("IngotExecutionProvider", {"engine_cache_enable": True, "engine_cache_path": str(folder)})])


def test_a_second_process_loads_what_the_first_built(mlp_path, tmp_path):
    states = [subprocess.run([sys.executable, "-c", LOAD, mlp_path, str(tmp_path / "c")], capture_output=True, text=True, check=True).stdout
              for _ in range(2)]
    assert states == ["built x\n", "loaded x\n"]


def test_eight_processes_at_once_build_once(mlp_path, tmp_path):
    processes = [subprocess.Popen([sys.executable, "-c", LOAD, mlp_path, str(tmp_path / "c")], stdout=subprocess.PIPE, text=True)
                 for _ in range(8)]
    states = sorted(each.communicate(timeout=120)[0] for each in processes)
    assert states == ["built x\n"] + ["loaded x\n"] * 7
    assert len(list((tmp_path / "c").iterdir())) == 1


def test_retrained_weights_give_their_own_answer(mlp, mlp_path, tmp_path):
    before = cached(mlp_path, tmp_path / "c").run(None, X)[0]
    weights = numpy_helper.to_array(mlp.graph.initializer[0])
    mlp.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights * 2, mlp.graph.initializer[0].name))
    onnx.save(mlp, mlp_path)
    after = cached(mlp_path, tmp_path / "c").run(None, X)[0]
    np.testing.assert_array_equal(after, ingot.InferenceSession(mlp_path).run(None, X)[0])
    assert not np.array_equal(before, after)


def test_nothing_is_kept_unless_asked_for(mlp_path, tmp_path, monkeypatch):
    monkeypatch.setenv("INGOT_CACHE_DIR", str(tmp_path / "c"))
    ingot.InferenceSession(mlp_path)
    assert not (tmp_path / "c").exists()
    ingot.build(mlp_path, engine_cache_enable=True)
    assert len(list((tmp_path / "c").iterdir())) == 1


def test_custom_operators_are_never_kept(tmp_path):
    from conftest import make_model
    from onnx import TensorProto, helper
    ingot.register_custom_operator("test.cache", "Same", lambda attributes, inputs: [inputs[0]], lambda attributes, inputs: [inputs[0]])
    model = make_model([helper.make_node("Same", ["x"], ["y"], domain="test.cache")], [("x", TensorProto.FLOAT, ["n"])],
                       [("y", TensorProto.FLOAT, ["n"])], domains=["test.cache"])
    plan = ingot.build(model.SerializeToString(), engine_cache_path=str(tmp_path / "c"))
    assert plan.report["cache"]["state"] == "off" and not (tmp_path / "c").exists()


def command(*arguments):
    program = pathlib.Path(ingot.__file__).resolve().parents[2] / "bin" / "ingot"
    if not program.exists():
        pytest.skip("the command line is not built")
    return subprocess.run([program, *arguments], capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})


def test_the_command_lists_verifies_and_prunes(mlp_path, tmp_path):
    folder = str(tmp_path / "c")
    for _ in range(2):
        assert command("run", mlp_path, "--engine-cache-path", folder).returncode == 0
    listed = json.loads(command("cache", "list", "--path", folder, "--json").stdout)
    assert [each["model"] for each in listed["entries"]] == ["mlp.onnx"] and listed["entries"][0]["fault"] == ""
    assert "1 of 1 files are sound" in command("cache", "verify", "--path", folder).stdout
    path = tmp_path / "c" / listed["entries"][0]["file"]
    path.write_bytes(path.read_bytes()[:-1])
    damaged = command("cache", "verify", "--path", folder)
    assert damaged.returncode == 3 and "truncated" in damaged.stdout
    assert json.loads(command("cache", "prune", "--path", folder, "--json").stdout)["removed"] == [path.name]
    assert not path.exists()


def test_the_command_knows_of_compiled_device_code(tmp_path):
    folder = tmp_path / "device"
    folder.mkdir(mode=0o700)
    (folder / ("a" * 32 + ".code")).write_bytes(b"no code")
    (folder / "notes.txt").write_text("mine")
    code = json.loads(command("cache", "list", "--path", str(tmp_path), "--json").stdout)["device_code"]
    assert code["files"] == 1 and code["damaged"][0]["file"] == "device/" + "a" * 32 + ".code"
    assert command("cache", "verify", "--path", str(tmp_path)).returncode == 3
    assert json.loads(command("cache", "prune", "--path", str(tmp_path), "--json").stdout)["device_code"]["files"] == 0
    assert [each.name for each in folder.iterdir()] == ["notes.txt"]


def test_the_flag_may_be_turned_off(mlp_path, tmp_path):
    done = command("run", mlp_path, "--engine-cache-path", str(tmp_path / "c"), "--engine-cache-enable=false")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "c").exists()
