"""IngotExecutionProvider inside the real ONNX Runtime, with its CPU fallback disabled."""

import concurrent.futures

import ingot.onnxruntime
import numpy as np
import pytest
from conftest import make_model, model_file
from onnx import TensorProto, helper
from plugin import cpu_session, placement, plugin_session
from test_models import CASES, OCR, assert_close, page


def test_registers_once_and_offers_the_cpu_device():
    first, again = ingot.onnxruntime.register(), ingot.onnxruntime.register()
    assert len(first) == len(again) == 1
    assert first[0].ep_name == ingot.onnxruntime.ep_name() == "IngotExecutionProvider"


@pytest.mark.parametrize("wheel, member, name, shapes", CASES, ids=[case[1].split("/")[-1] for case in CASES])
def test_image_models_run_wholly_on_ingot(wheel, member, name, shapes):
    path = model_file(wheel, member)
    session, peer = plugin_session(path), cpu_session(path)
    name = name or session.get_inputs()[0].name
    for shape in shapes:
        x = np.random.default_rng(sum(shape)).random(shape, dtype=np.float32)
        assert_close(session.run(None, {name: x}), peer.run(None, {name: x}))


def test_the_text_detector_runs_wholly_on_ingot():
    path = model_file("rapidocr_onnxruntime", OCR + "ch_PP-OCRv4_det_infer.onnx")
    session, peer = plugin_session(path), cpu_session(path)
    for shape in [(1, 3, 320, 320), (1, 3, 192, 256)]:
        assert_close(session.run(None, {"x": page(shape)}), peer.run(None, {"x": page(shape)}))


def test_magika_runs_wholly_on_ingot():
    path = model_file("magika", "magika/models/standard_v3_3/model.onnx")
    session, peer = plugin_session(path), cpu_session(path)
    for batch in (1, 3):
        x = np.random.default_rng(batch).integers(0, 257, (batch, 2048), dtype=np.int32)
        assert_close(session.run(None, {"bytes": x}), peer.run(None, {"bytes": x}))


def test_silero_with_its_control_flow_runs_wholly_on_ingot():
    path = model_file("silero_vad", "silero_vad/data/silero_vad.onnx")
    session, peer = plugin_session(path), cpu_session(path)
    assert {provider for provider, _ in placement(session)} == {"IngotExecutionProvider"}  # those of bodies too
    for rate, samples in ((16000, 576), (8000, 288)):
        chunk = np.random.default_rng(1).standard_normal((1, samples), dtype=np.float32) * 0.1
        feed = {"input": chunk, "sr": np.array(rate, np.int64), "state": np.zeros((2, 1, 128), np.float32)}
        assert_close(session.run(None, feed), peer.run(None, feed))


def test_concurrent_runs_agree(mlp):
    session, peer = plugin_session(mlp.SerializeToString()), cpu_session(mlp.SerializeToString())

    def run(batch):
        feed = {"x": np.random.default_rng(batch).standard_normal((batch, 8), dtype=np.float32)}
        assert_close(session.run(None, feed), peer.run(None, feed))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(run, list(range(1, 9)) * 20))


def test_an_unknown_option_lists_the_valid_ones(mlp):
    with pytest.raises(Exception, match="'thread'; valid: threads, "):
        plugin_session(mlp.SerializeToString(), {"thread": "1"})


def test_a_bad_value_of_a_build_option_is_an_error_and_no_fallback(mlp):
    with pytest.raises(Exception, match="precision"):
        plugin_session(mlp.SerializeToString(), {"precision": "fp3"})


def test_plans_are_kept_in_the_folder_that_an_option_names(mlp, tmp_path):
    options = {"engine_cache_enable": "1", "engine_cache_path": str(tmp_path / "plans"), "precision": "fp32"}
    plugin_session(mlp.SerializeToString(), options)
    kept = {each.name: each.stat().st_mtime_ns for each in (tmp_path / "plans").glob("*.plan")}
    assert len(kept) == 1
    feed = {"x": np.ones((3, 8), np.float32)}
    again = plugin_session(mlp.SerializeToString(), options)
    assert_close(again.run(None, feed), cpu_session(mlp.SerializeToString()).run(None, feed))
    assert {each.name for each in (tmp_path / "plans").glob("*.plan")} == set(kept)


def test_a_model_of_strings_is_an_error_without_fallback():
    model = make_model([helper.make_node("StringConcat", ["x", "x"], ["y"])], [("x", TensorProto.STRING, [2])],
                       [("y", TensorProto.STRING, [2])])
    with pytest.raises(Exception, match="fallback to CPU EP has been explicitly disabled"):
        plugin_session(model.SerializeToString())
