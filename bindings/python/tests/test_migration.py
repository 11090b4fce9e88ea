"""Scripts for the TensorRT provider run with another import line."""

import logging
import os
import pathlib
import re
import subprocess
import sys

import ingot
import numpy as np
import pytest
from ingot import tensorrt_options

SCRIPT = """
import ingot as ort
import numpy as np
session = ort.InferenceSession("model.onnx", providers=['TensorrtExecutionProvider'], provider_options=[{'trt_fp16_enable': True, 'trt_engine_cache_enable': True, 'trt_engine_cache_path': './trt_cache'}])
print(session.run(None, {"x": np.ones((2, 8), np.float32)})[0].shape, session.plan.report["cache"]["state"])
"""


def test_the_script_makes_its_cache_and_a_second_process_loads_it(mlp_path, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(open(mlp_path, "rb").read())
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(ingot.__file__).resolve().parents[1])}
    runs = [subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
            for _ in range(2)]
    assert [run.stdout for run in runs] == ["(2, 4) built\n", "(2, 4) loaded\n"], runs[0].stderr
    assert len(list((folder / "trt_cache").glob("*.plan"))) == 1
    for run in runs:
        line, = run.stderr.strip().splitlines()
        assert "served by Ingot" in line and re.search("trt_fp16_enable: precision.*here (bf16|fp32)", line)


def test_unknown_names_list_the_valid_ones_nearest_first(mlp):
    model = mlp.SerializeToString()
    with pytest.raises(ValueError, match="valid: TensorrtExecutionProvider, "):
        ingot.InferenceSession(model, providers=["TensorRTExecutionProvider"])
    with pytest.raises(ingot.InvalidArgument, match="valid: trt_fp16_enable, "):
        ingot.InferenceSession(model, providers=[("TensorrtExecutionProvider", {"trt_fp16_enabled": True})])


def test_profiles_become_shapes(mlp):
    options = {"trt_profile_min_shapes": "x:1x8", "trt_profile_opt_shapes": "x:2x8", "trt_profile_max_shapes": "x:4x8"}
    session = ingot.InferenceSession(mlp.SerializeToString(), providers=[("TensorrtExecutionProvider", options), "CPUExecutionProvider"])
    session.run(None, {"x": np.zeros((4, 8), np.float32)})
    with pytest.raises(ingot.InvalidArgument, match="maximum"):
        session.run(None, {"x": np.zeros((5, 8), np.float32)})


def test_a_path_without_the_switch_keeps_nothing_as_under_tensorrt(mlp_path, tmp_path):
    ingot.InferenceSession(mlp_path, providers=[("TensorrtExecutionProvider", {"trt_engine_cache_path": str(tmp_path / "c")})])
    assert not (tmp_path / "c").exists()


def test_defaults_are_not_remarked_and_every_option_has_a_meaning():
    for name, (default, meaning) in tensorrt_options.TABLE.items():
        assert tensorrt_options.translate({name: default})[1] == []
        assert meaning
    assert tensorrt_options.translate({"trt_dla_enable": False, "trt_int8_enable": 0})[1] == []


def test_a_stream_is_used_where_there_is_a_gpu():
    translated, remarks = tensorrt_options.translate({"user_compute_stream": "64", "has_user_compute_stream": "1"}, gpu=True)
    assert translated == {"user_compute_stream": "64"} and len(remarks) == 2
    assert tensorrt_options.translate({"user_compute_stream": "64"})[0] == {}


def test_other_providers_are_served_and_named_in_one_line(mlp, caplog):
    with caplog.at_level(logging.INFO, "ingot"):
        ingot.InferenceSession(mlp.SerializeToString(), providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
    assert [record.getMessage() for record in caplog.records] == ["CUDAExecutionProvider is served by Ingot on the CPU"]
    caplog.clear()
    ingot.InferenceSession(mlp.SerializeToString(), providers=["CPUExecutionProvider"])
    assert not caplog.records


DOCUMENT = (pathlib.Path(__file__).resolve().parents[3] / "docs" / "migrate.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", DOCUMENT, re.DOTALL)
PYTHON = [text for kind, text in BLOCKS if kind == "python"]


@pytest.fixture
def folder(mlp_path, tmp_path):
    place = tmp_path / "work"
    place.mkdir()
    (place / "model.onnx").write_bytes(open(mlp_path, "rb").read())
    return place


def environment():
    package = pathlib.Path(ingot.__file__).resolve().parents[1]
    return {**os.environ, "PYTHONPATH": str(package), "PATH": "%s:%s" % (package.parent / "bin", os.environ["PATH"])}


@pytest.mark.parametrize("text", [text for text in PYTHON if "import ingot" in text or "CPUExecutionProvider" in text])
def test_python_of_the_document_runs_as_it_stands(text, folder):
    done = subprocess.run([sys.executable, "-c", text + "\nassert y.shape in ((2, 4), (4, 4))"], cwd=folder, env=environment(),
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", PYTHON)
def test_python_of_the_document_is_python(text):
    compile(text, "docs/migrate.md", "exec")


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "bash"])
def test_commands_of_the_document_run_as_they_stand(text, folder):
    if not (pathlib.Path(ingot.__file__).resolve().parents[2] / "bin" / "ingot").exists():
        pytest.skip("the command line is not built")
    done = subprocess.run(["bash", "-ec", text], cwd=folder, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_document_has_the_table_of_options():
    assert tensorrt_options.markdown() in DOCUMENT
