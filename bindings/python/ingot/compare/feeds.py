"""Inputs of a comparison: from files, else random."""

import numpy as np

_KINDS = {"float": "float32", "double": "float64", "float16": "float16", "int8": "int8", "int16": "int16", "int32": "int32",
          "int64": "int64", "uint8": "uint8", "uint16": "uint16", "uint32": "uint32", "uint64": "uint64", "bool": "bool"}


def parse_shapes(text):
    """"x:1x3x224x224,y:4" as {"x": (1, 3, 224, 224), "y": (4,)}."""
    shapes = {}
    for item in filter(None, (text or "").split(",")):
        name, colon, sizes = item.rpartition(":")
        if not colon or not all(each.isdigit() for each in sizes.split("x") if sizes):
            raise ValueError("shapes are written name:1x3x224x224, got %r" % item)
        shapes[name] = tuple(int(each) for each in sizes.split("x")) if sizes else ()
    return shapes


def make_feeds(inputs, shapes=None, files=None, seed=0):
    """{name: array} for inputs as a runner lists them. Sizes that are not known are 1.

    Reals are in [0, 1); integers are 0 or 1, which every vocabulary, mask and token type holds.
    """
    shapes, files = dict(shapes or {}), dict(files or {})
    names = [name for name, _, _ in inputs]
    for name in list(shapes) + list(files):
        if name not in names:
            raise ValueError("the model has no input %r; its inputs: %s" % (name, ", ".join(names)))
    rng, feeds = np.random.default_rng(seed), {}
    for name, kind, shape in inputs:
        if name in files:
            feeds[name] = np.load(files[name])
            continue
        if name not in shapes and shape is None:
            raise ValueError("the rank of input %s is not known: give --shapes %s:..." % (name, name))
        sizes = shapes[name] if name in shapes else tuple(each if isinstance(each, int) and each >= 0 else 1 for each in shape)
        word = kind.removeprefix("tensor(").rstrip(")")
        if word not in _KINDS:
            raise ValueError("input %s of type %s: give a file, random values are not made for it" % (name, kind))
        dtype = np.dtype(_KINDS[word])
        feeds[name] = rng.random(sizes).astype(dtype) if dtype.kind == "f" else rng.integers(0, 2, sizes).astype(dtype)
    return feeds
