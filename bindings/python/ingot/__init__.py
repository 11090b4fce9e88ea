"""Ingot: compiles ONNX models into plans and runs them.

`import ingot as onnxruntime` works for scripts that use ONNX Runtime's most common surface.
"""

import json as _json

from . import _ingot, errors
from .errors import (Cancelled, EPFail, Fail, ForeignPlan, InvalidArgument, InvalidGraph, InvalidPlan, InvalidProtobuf,
                     NoSuchFile, NotImplemented, RuntimeException)
from .options import ExecutionMode, ExecutionOrder, GraphOptimizationLevel, RunOptions, SessionOptions
from .values import OrtValue
from .session import InferenceSession, IOBinding, ModelMetadata, NodeArg
from .plan import Plan, build, build_options
from .custom import register_custom_operator
from . import capi

_ingot.set_error_class(errors.make_error)
SessionIOBinding = IOBinding
__version__ = _ingot.version()


def get_available_providers():
    return ["IngotExecutionProvider", "CPUExecutionProvider"]


def get_all_providers():
    return get_available_providers()


def get_device():
    """What sessions take when they are told no device: "GPU" or "CPU"."""
    return "CPU" if _ingot.device_problem("cuda") else "GPU"


def get_version_string():
    return __version__


def has_collective_ops():
    return False


def preload_dlls(cuda=True, cudnn=True, msvc=True, directory=None):
    """NVIDIA's libraries are looked up when a session needs them."""


def print_debug_info():
    print(_json.dumps(doctor(), indent=2))


def enable_telemetry_events():
    """Nothing is ever sent anywhere."""


def disable_telemetry_events():
    """Nothing is ever sent anywhere."""


def get_build_info():
    return "ingot %s" % __version__


def set_default_logger_severity(severity):
    """0 verbose, 1 info, 2 warning, 3 error, 4 off."""
    _ingot.set_log_level(severity)


def set_default_logger_verbosity(verbosity):
    """There is one level of verbose lines."""


def set_seed(seed):
    """Runs take their seed from RunOptions.seed."""


def doctor():
    """What this machine and installation offer."""
    return _json.loads(_ingot.doctor_json())
