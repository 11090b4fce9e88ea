"""Whether an ONNX file computes in integers, read from the operators of its nodes; needs no package."""

import mmap
import os

# Operators that quantised models are made of, whatever quantised them.
INTEGER = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger",
           "QGemm", "QAttention", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulNBits", "QLinearAdd", "QLinearMul"}
GRAPH, NODE, OPERATOR = 7, 1, 4  # ModelProto.graph, GraphProto.node, NodeProto.op_type
FUNCTION, FUNCTION_NODE = 25, 7  # ModelProto.functions, FunctionProto.node


def is_quantised(path):
    """False for what is no ONNX file."""
    if os.path.getsize(path) == 0:
        return False
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return any(operator in INTEGER for operator in _operators(data))
        except (IndexError, ValueError):
            return False


def _operators(data):
    for field, begin, end in _messages(data, 0, len(data)):
        if field not in (GRAPH, FUNCTION):
            continue
        for inner, node_begin, node_end in _messages(data, begin, end):
            if inner != (NODE if field == GRAPH else FUNCTION_NODE):
                continue
            for leaf, text_begin, text_end in _messages(data, node_begin, node_end):
                if leaf == OPERATOR:
                    yield data[text_begin:text_end].decode("utf-8", "replace")


def _messages(data, at, end):
    """(field, begin, end) of the length-delimited fields in data[at:end]."""
    while at < end:
        tag, at = _number(data, at)
        kind = tag & 7
        if kind == 0:
            _, at = _number(data, at)
        elif kind == 2:
            size, at = _number(data, at)
            if at + size > end:
                raise ValueError("a field reaches past its message")
            yield tag >> 3, at, at + size
            at += size
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError("wire type %d" % kind)


def _number(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")
