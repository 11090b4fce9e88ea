"""ONNX Runtime's exception names."""

from ..errors import *  # noqa: F401,F403
from ..errors import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, NotImplemented, RuntimeException, EPFail  # noqa: F401
from ..values import OrtValue  # noqa: F401
