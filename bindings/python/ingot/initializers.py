"""Values in place of a model's initializers.

An ONNX file is a protobuf message: bytes appended to it are merged into it, and of several initializers with one name
the last one counts. So a replacement is a graph of nothing but initializers, appended.
"""

import os

from . import dtypes
from .values import from_value

# Field numbers of ModelProto, GraphProto and TensorProto.
_MODEL_GRAPH, _GRAPH_INITIALIZER = 7, 5
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_STRINGS, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 6, 8, 9


def _varint(number):
    result = bytearray()
    while number > 127:
        result.append(number & 127 | 128)
        number >>= 7
    result.append(number)
    return bytes(result)


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _tensor(name, value):
    parts = [_number(_TENSOR_DIMS, size) for size in value.shape()]
    parts += [_number(_TENSOR_TYPE, value.dtype()), _bytes(_TENSOR_NAME, name.encode())]
    if value.dtype() == dtypes.STRING:
        parts += [_bytes(_TENSOR_STRINGS, each.encode()) for each in from_value(value).reshape(-1)]
    else:
        parts.append(_bytes(_TENSOR_RAW, bytes(memoryview(value))))
    return b"".join(parts)


def replaced(model, values, folder=""):
    """`model` (a path or bytes) with the tensors of {name: library value} as initializers: (bytes, folder of its data)."""
    if not isinstance(model, (bytes, bytearray, memoryview)):
        path = os.fspath(model)
        if not os.path.exists(path):
            return path, folder  # the library says so
        folder = folder or os.path.dirname(path) or "."
        with open(path, "rb") as file:
            model = file.read()
    graph = b"".join(_bytes(_GRAPH_INITIALIZER, _tensor(name, value)) for name, value in values.items())
    return bytes(model) + _bytes(_MODEL_GRAPH, graph), folder
