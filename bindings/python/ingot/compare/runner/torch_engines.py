"""PyTorch: eager, TorchScript and torch.compile. All need the model's source, `module:function`.

The function takes nothing and gives a torch.nn.Module whose arguments are the ONNX model's inputs in their order.
"""

import importlib
import os
import sys

from unavailable import Unavailable


class Eager:
    def __init__(self, _):
        self._device = "cpu"

    def start(self):
        import torch

        return torch.__version__

    def prepare(self, module, example):
        return module

    def load(self, model, device, precision, threads, feeds, torch):
        import torch as library

        if not torch:
            raise Unavailable("needs the model's source: --torch module:function")
        if precision == "int8":
            raise Unavailable("int8 of PyTorch needs a quantised module; give one by --torch")
        if device == "cuda" and not library.cuda.is_available():
            raise Unavailable("this PyTorch sees no CUDA device")
        if threads:
            library.set_num_threads(threads)
        self._device = device
        kind = {"fp32": library.float32, "bf16": library.bfloat16, "fp16": library.float16}[precision]
        example = [library.from_numpy(value).to(device) for value in feeds.values()]
        example = [value.to(kind) if value.is_floating_point() else value for value in example]
        with library.inference_mode():
            ready = self.prepare(_module(torch).eval().to(device).to(kind), example)

        def call():
            with library.inference_mode():
                outputs = _flat(ready(*example))
                return [value.float().cpu().numpy() if value.is_floating_point() else value.cpu().numpy() for value in outputs]

        return call

    def facts(self):
        return {"plan_bytes": None, "fallbacks": None}


class Script(Eager):
    def prepare(self, module, example):
        import torch

        return torch.jit.freeze(torch.jit.trace(module, example))


class Compiled(Eager):
    def prepare(self, module, example):
        import torch

        return torch.compile(module)


def _module(source):
    name, _, function = source.partition(":")
    if not function:
        raise ValueError("--torch is written module:function, got %r" % source)
    sys.path.insert(0, os.getcwd())
    return getattr(importlib.import_module(name), function)()


def _flat(value):
    """Tensors of a module's answer: a tensor, tuples, lists, dictionaries and records of them."""
    if hasattr(value, "detach"):
        return [value]
    items = value.values() if hasattr(value, "values") else value if isinstance(value, (tuple, list)) else []
    return [tensor for each in items for tensor in _flat(each)]
