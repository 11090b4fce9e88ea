"""The command line as people come to it: from trtexec, and with slips of the pen."""

import json
import os
import pathlib
import subprocess

import ingot
import pytest

PROGRAM = pathlib.Path(ingot.__file__).resolve().parents[2] / "bin" / "ingot"
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="the command line is not built")


def ingot_command(*words, **environment):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=120, check=False,
                          env=dict(os.environ, **environment))


def test_the_words_of_trtexec_build_and_measure(mlp_path, tmp_path):
    plan = tmp_path / "m.plan"
    done = ingot_command("build", "--onnx=" + mlp_path, "--saveEngine=%s" % plan, "--minShapes=x:1x8", "--optShapes=x:4x8", "--maxShapes=x:16x8")
    assert done.returncode == 0 and plan.exists(), done.stderr
    done = ingot_command("bench", "--loadEngine=%s" % plan, "--shapes=x:4x8", "--duration=0.01", "--warmUp=0", "--dumpProfile", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["runs"] >= 10, done.stderr
    assert ingot_command("build", mlp_path, "--bf16", "-o", plan, "--json").returncode == 0


@pytest.mark.parametrize("words, said", [
    (["--onnx=m.onnx", "--saveEngine=m.plan"], "ingot build --onnx"),
    (["bench", "m.onnx", "--useSpinWait"], "--useSpinWait of trtexec is here: --spins"),
    (["bench", "m.onnx", "--useCudaGraph"], "--useCudaGraph of trtexec is here: nothing"),
    (["build", "m.onnx", "--best"], "--precision names one"),
    (["build", "m.onnx", "--timingCacheFile=t.cache"], "--tuning-db"),
    (["build", "m.onnx", "--precison", "fp32"], "did you mean --precision?"),
    (["bench", "m.onnx", "--shape", "x:1x8"], "did you mean --shapes?"),
    (["bench", "m.onnx", "--warmUp=200"], "trtexec counts in milliseconds"),
])
def test_a_wrong_command_line_says_what_was_probably_meant(words, said):
    done = ingot_command(*words)
    assert done.returncode == 2 and said in done.stdout + done.stderr


def test_an_option_that_is_like_no_other_gets_no_guess():
    done = ingot_command("build", "m.onnx", "--xyzzy")
    assert done.returncode == 2 and "did you mean" not in done.stderr


def test_device_code_is_embedded_listed_and_used_only_when_allowed(mlp_path, tmp_path):
    if "NVRTC             found" not in ingot_command("doctor").stdout:
        pytest.skip("NVRTC is missing")
    plan = tmp_path / "m.plan"
    words = ["build", mlp_path, "--device", "null", "--precision", "fp16", "--embed-device-code", "sm_90", "-o", plan]
    done = ingot_command(*words)
    assert done.returncode != 0 and "--optShapes x:" in done.stderr
    assert ingot_command(*words, "--optShapes=x:4x8").returncode == 0
    listed = json.loads(ingot_command("inspect", plan, "--json").stdout)["device_code"]
    assert [each["architecture"] for each in listed] == ["sm_90"] and listed[0]["machine_code_bytes"] > 0 and listed[0]["ptx_bytes"] > 0
    assert "device code sm_90: " in ingot_command("inspect", plan).stdout
    assert "not used without --allow-device-code" in ingot_command("run", plan).stdout
    assert "0 from the plan" in ingot_command("run", plan, "--allow-device-code").stdout  # the null device needs none
    for given, said in ((0, "not allowed"), (1, "allowed"), (True, "allowed")):
        session = ingot.InferenceSession(str(plan), providers=[("IngotExecutionProvider", {"allow_device_code": given})])
        assert json.loads(session._session.json())["device"]["preparation"]["device_code"] == said


def test_device_code_without_nvrtc_is_an_error_that_says_what_is_missing(mlp_path, tmp_path):
    if "NVRTC             found" not in ingot_command("doctor").stdout:
        pytest.skip("nothing to hide: there is no NVRTC, or no support for GPUs")
    c_library = next(line.split()[-1] for line in open("/proc/self/maps", encoding="utf-8") if "libc.so" in line)
    for version in (12, 13):
        (tmp_path / ("libnvrtc.so.%d" % version)).symlink_to(c_library)
    done = ingot_command("build", mlp_path, "--device", "cuda", "--fp16", "--embed-device-code", "sm_90", "--optShapes=x:4x8",
                         INGOT_CUDA_LIBRARIES=str(tmp_path))
    assert done.returncode != 0 and "NVRTC is missing" in done.stderr and "lacks nvrtcVersion" in done.stderr
