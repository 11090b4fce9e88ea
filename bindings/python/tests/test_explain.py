"""What `ingot explain` tells of a plan."""

import json
import pathlib
import subprocess

import ingot
import numpy as np
import onnx
import pytest


def command(*arguments):
    program = pathlib.Path(ingot.__file__).resolve().parents[2] / "bin" / "ingot"
    if not program.exists():
        pytest.skip("the command line is not built")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


def test_every_step_has_its_nodes_its_kernel_and_its_time(mlp, mlp_path):
    explained = json.loads(command("explain", mlp_path, "--rounds", 3, "--json").stdout)
    assert explained["counts"]["onnx_nodes"] == len(mlp.graph.node)
    assert explained["counts"]["launches"] < explained["counts"]["launches_before_fusion"]
    for step in explained["steps"]:
        assert step["nodes"] and step["median_ns"] > 0
        assert [each["kernel"] for each in step["candidates"] if each.get("chosen")] == [step["kernel"]]


def test_without_rounds_nothing_is_timed(mlp_path):
    explained = json.loads(command("explain", mlp_path, "--rounds", 0, "--json").stdout)
    assert "total_ns" not in explained and "machine" not in explained
    assert all(step["flops"] >= 0 for step in explained["steps"])


def test_a_built_plan_is_explained_like_its_model(mlp_path, tmp_path):
    plan = tmp_path / "m.plan"
    ingot.build(mlp_path).save(str(plan))
    from_plan, from_model = (json.loads(command("explain", path, "--rounds", 0, "--json").stdout) for path in (plan, mlp_path))
    assert from_plan["counts"] == from_model["counts"]
    assert from_plan["steps"] == from_model["steps"]


def test_piped_text_is_plain(mlp_path):
    shown = command("explain", mlp_path, "--rounds", 2)
    assert shown.returncode == 0 and "\x1b" not in shown.stdout + shown.stderr
    assert "ONNX nodes ->" in shown.stdout and "launches per run" in shown.stdout


def test_one_step_lists_every_kernel_with_its_verdict(mlp_path):
    shown = command("explain", mlp_path, "--step", 0, "--rounds", 0).stdout
    assert "chosen" in shown and "from ONNX node" in shown


def test_a_step_that_does_not_exist_is_an_error(mlp_path):
    shown = command("explain", mlp_path, "--step", 99, "--rounds", 0)
    assert shown.returncode == 1 and "steps" in shown.stderr


def test_the_page_holds_all_it_needs_and_escapes_names(mlp, tmp_path):
    mlp.graph.node[0].name = "<script>alert(1)</script>"
    onnx.save(mlp, tmp_path / "m.onnx")
    page = tmp_path / "page.html"
    assert command("explain", tmp_path / "m.onnx", "--rounds", 1, "--html", page).returncode == 0
    text = page.read_text()
    assert "&lt;script&gt;alert" in text and "<script>alert" not in text
    assert "http" not in text and "src=" not in text


def test_the_count_of_nodes_is_no_metadata_of_the_model(mlp_path):
    assert "onnx.nodes" not in ingot.InferenceSession(mlp_path).get_modelmeta().custom_metadata_map


def test_a_trace_has_the_steps_of_each_run_within_that_run(mlp_path, tmp_path):
    trace = tmp_path / "trace.json"
    done = command("bench", mlp_path, "--duration", 0, "--warmUp", 0, "--nthreads", 2, "--profile", trace, "--shapes", "x:512x8")
    assert done.returncode == 0, done.stderr
    events = json.loads(trace.read_text())["traceEvents"]
    names = {each["tid"]: each["args"]["name"] for each in events if each["ph"] == "M"}
    assert names[0] == "runs" and names[1] == "caller"
    runs = [each for each in events if each.get("cat") == "Run"]
    steps = [each for each in events if each.get("cat") == "Node"]
    assert [each["name"] for each in runs] == ["run %d" % i for i in range(5)]
    assert {each["args"]["run"] for each in steps} == set(range(5)) and {each["tid"] for each in steps} == {1}
    for step in steps:
        run = runs[step["args"]["run"]]
        assert run["ts"] <= step["ts"] and step["ts"] + step["dur"] <= run["ts"] + run["dur"] + 1
    for task in (each for each in events if each.get("cat") == "Task"):
        inside = [each for each in steps if each["args"]["run"] == task["args"]["run"] and each["args"]["step"] == task["args"]["step"]]
        assert len(inside) == 1 and inside[0]["ts"] <= task["ts"] + 1


def test_a_trace_has_the_steps_of_a_device_on_a_track_of_their_own(mlp_path, tmp_path):
    trace = tmp_path / "trace.json"
    done = command("bench", mlp_path, "--device", "null", "--duration", 0, "--warmUp", 0, "--profile", trace)
    assert done.returncode == 0, done.stderr
    events = json.loads(trace.read_text())["traceEvents"]
    tracks = {each["args"]["name"]: each["tid"] for each in events if each["ph"] == "M"}
    steps = [each for each in events if each.get("cat") == "Node"]
    runs = {each["name"]: each for each in events if each.get("cat") == "Run"}
    assert set(tracks) == {"runs", "caller", "null"}
    assert {each["args"]["run"] for each in steps} == set(range(5)) and {each["tid"] for each in steps} == {tracks["null"]}
    for step in steps:
        assert step["dur"] > 0 and step["ts"] >= runs["run %d" % step["args"]["run"]]["ts"]


def test_layers_of_a_device_have_times_rates_and_a_share_of_its_best(mlp_path):
    told = json.loads(command("bench", mlp_path, "--device", "null", "--precision", "fp16", "--duration", 0, "--warmUp", 0,
                              "--shapes", "x:16x8", "--layers", "--json").stdout)
    layer = told["steps"][0]
    assert layer["name"] == "matmul" and layer["duration_ns"] > 0
    assert layer["bytes"] == 2 * (16 * 8 + 8 * 4 + 4 + 16 * 4)
    assert layer["gflops"] == pytest.approx(layer["flops"] / layer["duration_ns"])
    assert layer["gbps"] == pytest.approx(layer["bytes"] / layer["duration_ns"])
    assert layer["roofline"] > 0 and layer["bound"] in ("memory", "compute")
    shown = command("bench", mlp_path, "--device", "null", "--duration", 0, "--warmUp", 0, "--layers").stdout
    assert "arithmetic" in shown and "FLOP/s" in shown


def test_tf32_is_off_unless_it_is_asked_for(mlp_path, tmp_path):
    for flags, on in (((), False), (("--tf32",), True)):
        plan = tmp_path / "m.plan"
        assert command("build", mlp_path, "-o", plan, "--device", "null", *flags).returncode == 0
        assert json.loads(command("inspect", plan, "--json").stdout)["options"].get("tf32") == ("true" if on else None)
        told = json.loads(command("bench", plan, "--duration", 0, "--warmUp", 0, "--json").stdout)
        assert told["device"]["tf32"] is on
    session = ingot.InferenceSession(mlp_path, providers=[("IngotExecutionProvider", {"device": "null", "tf32": True})])
    assert session.run(None, {"x": np.zeros((2, 8), np.float32)})[0].shape == (2, 4)
    with pytest.raises(ingot.errors.InvalidArgument):
        ingot.build(mlp_path, device="null", tf32="perhaps")


def test_a_trace_that_cannot_be_written_is_an_error(mlp_path, tmp_path):
    done = command("bench", mlp_path, "--duration", 0, "--warmUp", 0, "--profile", tmp_path / "none" / "trace.json")
    assert done.returncode == 1 and "cannot write" in done.stderr


@pytest.mark.parametrize("word", ["--threads", "--nthreads"])
def test_bench_runs_a_plan_with_the_threads_asked_for(word, mlp_path, tmp_path):
    plan = tmp_path / "mlp.plan"
    assert command("build", mlp_path, "-o", plan).returncode == 0
    for threads in (1, 3):
        done = command("bench", plan, "--duration", 0, "--warmUp", 0, word, threads, "--json")
        assert json.loads(done.stdout)["threads"] == threads, done.stderr
    refused = command("bench", plan, word, "many")
    assert refused.returncode != 0 and "--threads: Value many" in refused.stderr
