"""What users of ONNX Runtime's TensorRT provider complain of (docs/migrate.md, last table), as far as no other file tests it."""

import gc
import os
import re
import subprocess
import sys

import ingot
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from test_migration import DOCUMENT, environment

COMPLAINTS = re.findall(r"^\| (.*?) \| .*? \|$", DOCUMENT.partition("| complaint | here |")[2], re.M)


def test_each_of_the_eighteen_has_its_line():
    assert len(COMPLAINTS) == 18 and len(set(COMPLAINTS)) == 18


def test_a_session_that_does_as_asked_says_nothing(mlp_path):
    script = "import ingot, numpy as np; ingot.InferenceSession(%r).run(None, {'x': np.ones((2, 8), np.float32)})" % mlp_path
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_profile_names_inputs_alone_and_another_name_is_an_error_that_says_so(mlp):
    with pytest.raises(ingot.InvalidArgument, match="h.*input"):
        ingot.InferenceSession(mlp.SerializeToString(), providers=[("IngotExecutionProvider", {"maxShapes": "h:4x4"})])


def test_what_builders_and_sessions_took_is_given_back(mlp):
    def resident():
        gc.collect()
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def serve(times):
        for _ in range(times):
            ingot.InferenceSession(mlp.SerializeToString()).run(None, {"x": np.ones((1 << 12, 8), np.float32)})

    serve(30)
    before = resident()
    serve(300)
    assert resident() - before < 16 << 20  # 300 outputs alone would be 20 MB, 300 arenas more


def test_a_model_over_2_gb_runs_and_its_weights_are_mapped(tmp_path):
    # A file with a hole: weights of 2 GiB and a little, the last row 0, 1, 2 ...
    rows, width = (1 << 31) // 1024 + 1024, 256
    with open(tmp_path / "w.bin", "wb") as file:
        file.truncate(rows * 1024)
        file.seek((rows - 1) * 1024)
        file.write(np.arange(width, dtype=np.float32).tobytes())
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[rows, width], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "w.bin"), ("offset", "0"), ("length", str(rows * 1024))):
        weights.external_data.add(key=key, value=value)
    graph = helper.make_graph([helper.make_node("Gather", ["w", "i"], ["y"])], "g", [helper.make_tensor_value_info("i", TensorProto.INT64, ["n"])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", width])], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "big.onnx")
    session = ingot.InferenceSession(str(tmp_path / "big.onnx"), providers=["CPUExecutionProvider"])
    y = session.run(None, {"i": np.array([rows - 1, 0], np.int64)})[0]
    np.testing.assert_array_equal(y, [np.arange(width), np.zeros(width)])
    with open("/proc/self/status", encoding="ascii") as file:
        anonymous = next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
    assert anonymous < 1 << 20  # KiB


def test_verify_names_the_first_node_where_16_bits_differ_too_much(mlp_path):
    here = environment()
    if not os.path.exists(here["PATH"].partition(":")[0] + "/ingot"):
        pytest.skip("the command line is not built")
    done = subprocess.run(["ingot", "verify", mlp_path, "--shapes", "x:4x8", "--precision", "bf16", "--tolerance", "1e-7"],
                          env=dict(here, INGOT_PYTHON=sys.executable), capture_output=True, text=True, timeout=120)
    assert done.returncode == 3 and re.search(r"first diverging node: .*\(Gemm\), output h", done.stdout), done.stdout + done.stderr
