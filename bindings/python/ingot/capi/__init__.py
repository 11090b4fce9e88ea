"""Where ONNX Runtime's scripts look for exceptions."""

from . import onnxruntime_pybind11_state  # noqa: F401  # an attribute, as of ONNX Runtime's package
