"""Element types: ONNX numbers, ONNX Runtime's type strings and NumPy dtypes."""

import math
import re

import numpy as np

try:
    import ml_dtypes
except ImportError:  # bfloat16 and smaller floats are then unsigned integers of their width
    ml_dtypes = None


def _small(name, fallback):
    return np.dtype(getattr(ml_dtypes, name)) if ml_dtypes is not None and hasattr(ml_dtypes, name) else np.dtype(fallback)


STRING = 8
# number: (ONNX name, NumPy dtype, elements per stored item)
_ROWS = {
    1: ("float", np.dtype(np.float32)),
    2: ("uint8", np.dtype(np.uint8)),
    3: ("int8", np.dtype(np.int8)),
    4: ("uint16", np.dtype(np.uint16)),
    5: ("int16", np.dtype(np.int16)),
    6: ("int32", np.dtype(np.int32)),
    7: ("int64", np.dtype(np.int64)),
    8: ("string", np.dtype(object)),
    9: ("bool", np.dtype(np.bool_)),
    10: ("float16", np.dtype(np.float16)),
    11: ("double", np.dtype(np.float64)),
    12: ("uint32", np.dtype(np.uint32)),
    13: ("uint64", np.dtype(np.uint64)),
    14: ("complex64", np.dtype(np.complex64)),
    15: ("complex128", np.dtype(np.complex128)),
    16: ("bfloat16", _small("bfloat16", np.uint16)),
    17: ("float8e4m3fn", _small("float8_e4m3fn", np.uint8)),
    18: ("float8e4m3fnuz", _small("float8_e4m3fnuz", np.uint8)),
    19: ("float8e5m2", _small("float8_e5m2", np.uint8)),
    20: ("float8e5m2fnuz", _small("float8_e5m2fnuz", np.uint8)),
    21: ("uint4", _small("uint4", np.uint8)),
    22: ("int4", _small("int4", np.int8)),
    23: ("float4e2m1", _small("float4_e2m1fn", np.uint8)),
    24: ("float8e8m0", _small("float8_e8m0fnu", np.uint8)),
    25: ("uint2", _small("uint2", np.uint8)),
    26: ("int2", _small("int2", np.int8)),
}
# Elements of these share bytes, low bits first.
PACKED_BITS = {21: 4, 22: 4, 23: 4, 25: 2, 26: 2}

_NUMBER_BY_NAME = {name: number for number, (name, _) in _ROWS.items()}
_NUMBER_BY_DTYPE = {}
for _number, (_name, _dtype) in _ROWS.items():
    _NUMBER_BY_DTYPE.setdefault(_dtype, _number)


def numpy_dtype(number):
    """The NumPy dtype of an ONNX element type."""
    return _ROWS[number][1]


def byte_size(number, shape):
    """Of a dense tensor; strings have none."""
    bits = 0 if number == STRING else PACKED_BITS.get(number, numpy_dtype(number).itemsize * 8)
    return (math.prod(shape) * bits + 7) // 8


def type_text(number):
    """tensor(float) and the like."""
    return "tensor(%s)" % _ROWS[number][0]


def number_of_dtype(dtype):
    """The ONNX element type of a NumPy dtype; raises TypeError when there is none."""
    dtype = np.dtype(dtype)
    if dtype.kind in "USO":
        return STRING
    try:
        return _NUMBER_BY_DTYPE[dtype.newbyteorder("=")]
    except KeyError:
        raise TypeError("elements of type %s have no ONNX type" % dtype) from None


def number_of_type(text):
    """The element type of tensor(...), or None for other types."""
    match = re.fullmatch(r"tensor\((\w+)\)", text)
    return _NUMBER_BY_NAME[match.group(1)] if match else None


def pack(array, bits):
    """Elements of 4 or 2 bits, one per byte, as packed bytes."""
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    per_byte = 8 // bits
    flat = np.concatenate([flat, np.zeros(-len(flat) % per_byte, np.uint8)]).reshape(-1, per_byte)
    packed = np.zeros(len(flat), np.uint8)
    for index in range(per_byte):
        packed |= flat[:, index] << (index * bits)
    return packed


def unpack(packed, bits, count, dtype):
    """The inverse of pack; signed types are sign-extended."""
    per_byte = 8 // bits
    parts = np.stack([(packed >> (index * bits)) & ((1 << bits) - 1) for index in range(per_byte)], axis=-1)
    flat = parts.reshape(-1)[:count].astype(np.uint8)
    if np.dtype(dtype) == np.dtype(np.int8) or "int" in str(dtype) and "u" not in str(dtype):
        sign = 1 << (bits - 1)
        flat = ((flat.astype(np.int16) ^ sign) - sign).astype(np.int8)
    return flat.view(dtype) if np.dtype(dtype).itemsize == 1 else flat.astype(dtype)
