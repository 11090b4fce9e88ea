"""The engines of the comparison by name.

Each has start() (imports it, gives its version; raises where it is not installed), load(...) (builds for one device and
precision and gives a call without arguments that runs once on the feeds and gives outputs), and facts(). What an engine
does not do raises with a sentence that a reader of the report can use.
"""

from ingot_engine import Ingot
from onnxruntime_engine import OnnxRuntime, TensorRt
from openvino_engine import OpenVino
from torch_engines import Eager, Script, Compiled

ENGINES = {
    "pytorch-eager": Eager,
    "torchscript": Script,
    "torch-compile": Compiled,
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "tensorrt": TensorRt,
    "ingot": Ingot,
}
