"""The tuning database from Python and from the command line."""

import json

import ingot
import numpy as np
import onnx
import pytest
from conftest import make_model
from onnx import TensorProto, helper, numpy_helper
from test_explain import command


@pytest.fixture
def conv_path(tmp_path):
    """A 3x3 convolution that direct and Winograd kernels take."""
    model = make_model([helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])], [("x", TensorProto.FLOAT, [1, 32, 14, 14])],
                       [("y", TensorProto.FLOAT, [1, 32, 14, 14])])
    model.graph.initializer.append(numpy_helper.from_array(np.full((32, 32, 3, 3), 0.1, np.float32), "w"))
    path = tmp_path / "conv.onnx"
    onnx.save(model, path)
    return str(path)


def entries(database):
    return json.loads(command("tune", "list", "--db", database, "--json").stdout)["entries"]


def test_a_build_may_be_tuned_from_python(conv_path, tmp_path):
    database = tmp_path / "t.jsonl"
    report = ingot.build(conv_path, tune="quick", tuning_db=str(database), threads=1).report["tuning"]
    if report["problems"] == 0:
        pytest.skip("this CPU has one kernel for a convolution")
    assert report["measured"] == 1 and len(database.read_text().splitlines()) == 1
    assert ingot.build(conv_path, tuning_db=str(database), threads=1).report["tuning"]["found"] == 1


def test_equal_databases_give_equal_plans(conv_path, tmp_path):
    database = str(tmp_path / "t.jsonl")
    for name in ("a", "b"):
        ingot.build(conv_path, tune="quick", tuning_db=database, threads=1).save(str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_wrong_words_are_refused_with_the_right_ones(conv_path):
    with pytest.raises(Exception, match="off, quick, full"):
        ingot.build(conv_path, tune="slow")


def test_a_pinned_kernel_is_taken_until_it_is_unpinned(conv_path, tmp_path):
    database = tmp_path / "t.jsonl"
    step = next(each for each in json.loads(command("explain", conv_path, "--rounds", 0, "--json").stdout)["steps"] if each["operator"] == "conv")
    assert command("tune", "pin", step["problem"], "reference_conv_f32_4x8", "--db", database).returncode == 0
    assert entries(database)[0]["pinned"]
    told = command("explain", conv_path, "--rounds", 0, "--tuning-db", database, "--json").stdout
    pinned = next(each for each in json.loads(told)["steps"] if each["operator"] == "conv")
    assert pinned["kernel"] == "reference_conv_f32_4x8" and "pinned" in pinned["chosen_by"]
    assert command("tune", "unpin", step["problem"], "--db", database).returncode == 0
    assert entries(database) == []


def test_pinning_a_kernel_that_does_not_exist_is_an_error(tmp_path):
    done = command("tune", "pin", "conv", "no_such_kernel", "--db", tmp_path / "t.jsonl")
    assert done.returncode == 1 and "no_such_kernel" in done.stderr


def test_databases_merge_export_and_import(conv_path, tmp_path, monkeypatch):
    monkeypatch.setenv("INGOT_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("a", "b"):
        assert command("tune", "pin", "problem " + name, "reference_conv_f32_4x8", "--db", tmp_path / name).returncode == 0
    assert command("tune", "merge", tmp_path / "a", tmp_path / "b", "--db", tmp_path / "c").returncode == 0
    assert {each["problem"] for each in entries(tmp_path / "c")} == {"problem a", "problem b"}
    assert command("tune", "import", tmp_path / "c").returncode == 0
    assert (tmp_path / "cache" / "tuning.jsonl").read_text() == (tmp_path / "c").read_text()
    assert command("tune", "export", tmp_path / "d").returncode == 0
    assert (tmp_path / "d").read_text() == (tmp_path / "c").read_text()


def test_a_database_that_is_not_there_is_an_error_to_import(tmp_path):
    done = command("tune", "import", tmp_path / "none.jsonl")
    assert done.returncode == 1 and "no tuning database" in done.stderr


def test_the_doctor_counts_what_holds_here(conv_path, tmp_path, monkeypatch):
    monkeypatch.setenv("INGOT_CACHE_DIR", str(tmp_path))
    assert json.loads(command("doctor", "--json").stdout)["tuning"]["entries"] == 0
    line = {"problem": "p", "isa": "avx2", "cpu": "Another CPU", "threads": 1, "kernels": 1, "best": "k"}
    (tmp_path / "tuning.jsonl").write_text(json.dumps(line) + "\n")
    assert command("tune", "pin", "problem", "reference_conv_f32_4x8").returncode == 0
    tuning = json.loads(command("doctor", "--json").stdout)["tuning"]
    assert (tuning["entries"], tuning["usable"]) == (2, 1)


def test_a_build_says_what_it_measured(conv_path, tmp_path):
    done = command("build", conv_path, "-o", tmp_path / "p", "--tune", "quick", "--tuning-db", tmp_path / "t.jsonl")
    assert done.returncode == 0 and "tuning: " in done.stdout, done.stderr


def test_entries_of_other_machines_are_listed_on_request(tmp_path):
    line = {"problem": "p", "isa": "avx2", "cpu": "Another CPU", "threads": 1, "kernels": 1, "best": "k", "ns": {"k": 5.0}}
    (tmp_path / "t").write_text(json.dumps(line) + "\nnonsense\n")
    shown = command("tune", "list", "--db", tmp_path / "t")
    assert "Another CPU" not in shown.stdout and "--all" in shown.stdout and shown.stderr.count("damaged") == 1
    assert "Another CPU" in command("tune", "list", "--all", "--db", tmp_path / "t").stdout
