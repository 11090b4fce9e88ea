"""ingot.onnxruntime.InferenceSession: a real session, its chain, its report."""

import logging
import os
import re

import ingot
import ingot.onnxruntime
import numpy as np
import onnx
import onnxruntime
import pytest
from ingot.onnxruntime import available, plugin

X = {"x": np.ones((2, 8), np.float32)}
WITHOUT_GPU = pytest.mark.skipif(not available._graphics(), reason="this machine has a GPU")
WITHOUT_PLUGIN = pytest.mark.skipif(not available.plugin_devices("CPU")[1], reason="the plugin library is there")


def session_of(model, **arguments):
    return ingot.onnxruntime.InferenceSession(model.SerializeToString(), **arguments)


def test_it_is_a_real_session_and_says_in_one_line_what_serves_it(mlp, caplog):
    with caplog.at_level(logging.INFO, "ingot"):
        session = session_of(mlp)
    assert isinstance(session, onnxruntime.InferenceSession)
    expected = onnxruntime.InferenceSession(mlp.SerializeToString()).run(None, X)[0]
    np.testing.assert_allclose(session.run(None, X)[0], expected, rtol=1e-5, atol=1e-6)
    line, = [record.getMessage() for record in caplog.records]
    assert line.startswith("taken: ") and line == session.report


@WITHOUT_GPU
def test_each_provider_before_the_one_taken_has_its_reason(mlp):
    report = session_of(mlp).report
    for label in ("TensorrtExecutionProvider: ", "IngotExecutionProvider on CUDA: ", "CUDAExecutionProvider: "):
        assert "not taken: " + label in report


def test_placement_names_every_node_and_its_provider(mlp):
    placement = session_of(mlp).placement()
    assert placement and set(placement.values()) <= {"IngotExecutionProvider", "CPUExecutionProvider"}


def test_plans_run_on_as_many_threads_as_the_session(mlp):
    def threads_of(count):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = count
        before = len(os.listdir("/proc/self/task"))
        session = session_of(mlp, sess_options=options, providers=["IngotExecutionProvider"])
        return len(os.listdir("/proc/self/task")) - before, session

    assert threads_of(1)[0] == 0
    assert threads_of(5)[0] == 2 * 4  # ONNX Runtime's workers and the plan's


def test_a_chain_fixed_by_the_user_is_respected(mlp):
    session = session_of(mlp, providers=["CPUExecutionProvider"], strict=True)
    assert set(session.placement().values()) == {"CPUExecutionProvider"}
    assert "not taken" not in session.report


@WITHOUT_GPU
def test_strict_refuses_a_missing_provider_and_says_why(mlp):
    with pytest.raises(ingot.EPFail, match="CUDAExecutionProvider: "):
        session_of(mlp, providers=["CUDAExecutionProvider", "CPUExecutionProvider"], strict=True)
    session_of(mlp, providers=["CUDAExecutionProvider", "CPUExecutionProvider"]).run(None, X)


@WITHOUT_GPU
@WITHOUT_PLUGIN
def test_a_missing_plugin_library_is_a_reason_and_no_error(mlp):
    session = session_of(mlp, providers=["IngotExecutionProvider"])
    assert "IngotExecutionProvider on the CPU: library missing" in session.report
    assert set(session.placement().values()) == {"CPUExecutionProvider"}
    with pytest.raises(ingot.EPFail, match="library missing"):
        session_of(mlp, providers=["IngotExecutionProvider"], strict=True)


@WITHOUT_GPU
def test_the_tensorrt_line_is_taken_as_it_stands(mlp, tmp_path):
    session = session_of(mlp, providers=["TensorrtExecutionProvider"],
                         provider_options=[{"trt_fp16_enable": True, "trt_engine_cache_enable": True, "trt_engine_cache_path": str(tmp_path / "c")}])
    session.run(None, X)
    assert "trt_fp16_enable: precision" in session.report and "on the CPU: " not in session.report
    assert set(session.placement().values()) == {"IngotExecutionProvider"}
    assert list((tmp_path / "c").iterdir())


def test_every_other_name_is_onnxruntimes_own(mlp):
    options = ingot.onnxruntime.SessionOptions()
    assert type(options) is onnxruntime.SessionOptions and "OrtValue" in dir(ingot.onnxruntime)
    x = ingot.onnxruntime.OrtValue.ortvalue_from_numpy(X["x"])
    assert session_of(mlp, sess_options=options).run_with_ort_values(["y"], {"x": x})[0].shape() == [2, 4]
    with pytest.raises(AttributeError, match="no_such_name"):
        ingot.onnxruntime.no_such_name


def test_a_chain_of_all_that_is_available_begins_with_what_serves(mlp):
    names = ingot.onnxruntime.get_available_providers()
    assert set(names) <= {"IngotExecutionProvider", *onnxruntime.get_available_providers()}
    session = session_of(mlp, providers=names)
    assert set(session.placement().values()) == set(session_of(mlp).placement().values())
    np.testing.assert_allclose(session.run(None, X)[0], onnxruntime.InferenceSession(mlp.SerializeToString()).run(None, X)[0], rtol=1e-5, atol=1e-6)


@WITHOUT_GPU
def test_the_optimised_model_is_one_that_holds_the_plan(mlp, mlp_path, tmp_path):
    path = tmp_path / "optimised.onnx"
    for _ in range(2):  # it is replaced
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(path)
        session = session_of(mlp, sess_options=options)
        assert "optimized_model_filepath: %s holds the plans" % path in session.report
    assert [node.op_type for node in onnx.load(path).graph.node] == ["EPContext"]
    again = ingot.onnxruntime.InferenceSession(path, strict=True)
    np.testing.assert_array_equal(again.run(None, X)[0], session.run(None, X)[0])
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = mlp_path
    with pytest.raises(ValueError, match="the model itself"):
        ingot.onnxruntime.InferenceSession(mlp_path, sess_options=options)


def test_unknown_names_list_the_valid_ones_nearest_first(mlp):
    with pytest.raises(ValueError, match="valid: CUDAExecutionProvider, "):
        session_of(mlp, providers=["CudaExecutionProvider"])
    with pytest.raises(ingot.InvalidArgument, match="valid: trt_fp16_enable, "):
        session_of(mlp, providers=[("TensorrtExecutionProvider", {"trt_fp16": 1})])
    with pytest.raises(ValueError, match="valid: CUDAExecutionProvider, "):
        session_of(mlp, providers=["cuda"])


def test_a_wrong_option_of_ingot_is_an_error_and_no_fallback(mlp):
    with pytest.raises(ingot.InvalidArgument, match="^unknown provider option 'precison'; valid: precision, "):
        session_of(mlp, providers=[("IngotExecutionProvider", {"precison": "fp32"}), "CPUExecutionProvider"])
    with pytest.raises(ingot.InvalidArgument, match="precision 'fp8' is not one of"):
        session_of(mlp, providers=[("IngotExecutionProvider", {"precision": "fp8"})])


def test_an_onnx_runtime_that_is_too_old_is_refused_with_the_version_needed():
    for version in ("1.23.2", "1.9.0", "0.5.0"):
        with pytest.raises(ImportError, match="needs onnxruntime 1.24 or newer, this is %s" % re.escape(version)):
            plugin.check_version(version)
    for version in ("1.24.0", "1.100.0", "2.0.0", "1.33.0.dev20270101", onnxruntime.__version__):
        plugin.check_version(version)


def test_errors_of_a_run_are_not_hidden_by_a_second_run_elsewhere(mlp):
    session = session_of(mlp)
    assert not session._enable_fallback
    with pytest.raises(Exception, match="[Gg]ot|dimension"):
        session.run(None, {"x": np.ones((2, 9), np.float32)})
