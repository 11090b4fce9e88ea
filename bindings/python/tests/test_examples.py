"""The projects in examples/ build against an installation and print the same as NumPy."""

import os
import pathlib
import shutil
import subprocess
import sys

import ingot
import numpy as np
import onnxruntime
import pytest
from conftest import ROOT, make_model
from onnx import TensorProto, helper

EXAMPLES = ROOT / "examples"
BUILD = pathlib.Path(ingot.__file__).parents[2]  # .../build/release/python/ingot/__init__.py
pytestmark = pytest.mark.skipif(not (BUILD / "cmake_install.cmake").exists() or not shutil.which("cmake"),
                                reason="the package is not that of a build folder")


def run(*command, **others):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=300, **others)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expected(batches=(2,)):
    w, b = (np.arange(32, dtype=np.float32).reshape(8, 4) - 16) / 32, np.array([0.5, -0.5, 1, 0], np.float32)
    rows = [row for batch in batches for row in np.maximum(np.arange(8 * batch).reshape(batch, 8) / 8 @ w + b, 0)]
    return "".join("".join("%.4f " % value for value in row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    run(sys.executable, EXAMPLES / "make_model.py", path)
    return path


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    for component in ("compiler", "onnxruntime", "dev"):
        run("cmake", "--install", BUILD, "--prefix", folder, "--component", component)
    return folder


def build(name, folder, *arguments):
    run("cmake", "-G", "Ninja", "-S", EXAMPLES / name, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", *arguments)
    run("cmake", "--build", folder)
    return folder / "example"


@pytest.mark.parametrize("name, batches", [("c", (2,)), ("cpp", (1, 2))])
def test_programs_on_an_installation_run_the_model(name, batches, prefix, model, tmp_path):
    program = build(name, tmp_path, "-DCMAKE_PREFIX_PATH=%s" % prefix)
    assert run(program, model) == expected(batches)


@pytest.mark.parametrize("name", ["python", "onnxruntime_python"])
def test_scripts_run_the_model(name, model):
    assert run(sys.executable, EXAMPLES / name / "run.py", model) == expected()


@pytest.fixture(scope="module")
def host(prefix, tmp_path_factory):
    """ONNX Runtime's library, the environment in which a program linked to it starts, and the provider's library."""
    capi = pathlib.Path(onnxruntime.__file__).parent / "capi"
    library = next(capi.glob("libonnxruntime.so.*"))
    folder = tmp_path_factory.mktemp("lib")
    (folder / "libonnxruntime.so.1").symlink_to(library)  # its name for the linker, which the wheel lacks
    return library, dict(os.environ, LD_LIBRARY_PATH=str(folder)), next(prefix.glob("lib*/**/libingot_onnxruntime.so"))


@pytest.mark.parametrize("name, batches", [("onnxruntime_c", (2,)), ("onnxruntime_cpp", (1, 2))])
def test_programs_on_onnxruntime_run_the_model_on_the_provider(name, batches, host, model, tmp_path):
    library, environment, plugin = host
    program = build(name, tmp_path / "build", "-DONNXRUNTIME_LIBRARY=%s" % library)
    assert run(program, plugin, model, env=environment) == expected(batches)
    strings = make_model([helper.make_node("StringConcat", ["x", "x"], ["y"])], [("x", TensorProto.STRING, [2])],
                         [("y", TensorProto.STRING, [2])])
    (tmp_path / "strings.onnx").write_bytes(strings.SerializeToString())
    refused = subprocess.run([str(program), str(plugin), str(tmp_path / "strings.onnx")], capture_output=True, text=True, env=environment)
    assert refused.returncode == 1 and "fallback to CPU EP has been explicitly disabled" in refused.stderr


def test_the_program_in_cpp_reports_what_is_wrong_with_an_option_or_a_library(host, model, tmp_path):
    library, environment, plugin = host
    program = build("onnxruntime_cpp", tmp_path / "build", "-DONNXRUNTIME_LIBRARY=%s" % library)

    def refusal(*arguments):
        done = subprocess.run([str(each) for each in (program, *arguments)], capture_output=True, text=True, env=environment)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    assert run(program, plugin, model, "optShapes", "x:2x8", env=environment) == expected((1, 2))
    assert "unknown provider option 'precisoin'; valid: precision, " in refusal(plugin, model, "precisoin", "fp32")
    assert "libother.so" in refusal(tmp_path / "libother.so", model)
