"""Operators of foreign domains, written in Python."""

import ctypes
import json

import numpy as np

from . import _ingot, dtypes


def register_custom_operator(domain, op_type, infer, eval):  # noqa: A002 - the field's word
    """Makes nodes of `domain`::`op_type` runnable in this process.

    infer(attributes, [(dtype, shape), ...]) -> [(dtype, shape), ...] with NumPy dtypes; sizes of -1 are unknown.
    eval(attributes, [array, ...]) -> [array, ...].
    """

    def infer_types(attributes, inputs):
        known = [(dtypes.numpy_dtype(number) if number else None, shape) for number, shape in inputs]
        return [(dtypes.number_of_dtype(dtype), list(shape)) for dtype, shape in infer(json.loads(attributes), known)]

    def eval_tensors(attributes, inputs, allocate):
        arrays = [_array(number, shape, address) for number, shape, address in inputs]
        for index, result in enumerate(eval(json.loads(attributes), arrays)):
            result = np.ascontiguousarray(result)
            number = dtypes.number_of_dtype(result.dtype)
            address = allocate(index, number, list(result.shape))
            if result.nbytes:
                ctypes.memmove(address, result.ctypes.data, result.nbytes)

    _ingot.register_custom_operator(domain, op_type, infer_types, eval_tensors)


def _array(number, shape, address):
    if not number:
        return None
    dtype = dtypes.numpy_dtype(number)
    count = int(np.prod(shape, dtype=np.int64))
    if count == 0:
        return np.empty(shape, dtype)
    memory = (ctypes.c_byte * (count * dtype.itemsize)).from_address(address)
    array = np.frombuffer(memory, dtype).reshape(shape)
    array.flags.writeable = False
    return array
