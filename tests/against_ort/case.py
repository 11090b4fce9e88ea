"""One case: a model of a few nodes, inputs, and what ONNX Runtime makes of them, in the layout of ONNX's test data."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSETS = {"": 21, "ai.onnx.ml": 3, "com.microsoft": 1}
TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.float16): TensorProto.FLOAT16,
    np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int16): TensorProto.INT16,
    np.dtype(np.uint16): TensorProto.UINT16,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.bool_): TensorProto.BOOL,
    np.dtype(object): TensorProto.STRING,
}


@dataclass
class Case:
    """A node `op` of `domain`. Inputs are arrays, or None where absent; `constants` names those kept in the model.

    Inputs are called i0, i1, ... and outputs o0, o1, ...; `outputs` lists which outputs exist (False: left out).
    """

    name: str
    domain: str
    op: str
    inputs: list
    attributes: dict = field(default_factory=dict)
    outputs: tuple = (True,)
    constants: tuple = ()
    opset: int = 0
    extra_opsets: dict = field(default_factory=dict)

    def model(self) -> onnx.ModelProto:
        names = ["" if value is None else f"i{i}" for i, value in enumerate(self.inputs)]
        while names and not names[-1]:
            names.pop()
        produced = [f"o{i}" if wanted else "" for i, wanted in enumerate(self.outputs)]
        given = {key: value for key, value in self.attributes.items() if not isinstance(value, list) or value}
        node = helper.make_node(self.op, names, produced, domain=self.domain, name="node", **given)
        graph_inputs, initializers = [], []
        for i, value in enumerate(self.inputs):
            if value is None:
                continue
            if i in self.constants:
                initializers.append(tensor_of(value, f"i{i}"))
            else:
                # Sizes stay open, so that nothing depends on knowing them.
                shape = [None] * value.ndim if i % 2 else list(value.shape)
                graph_inputs.append(helper.make_tensor_value_info(f"i{i}", TYPES[value.dtype], shape))
        graph_outputs = [onnx.ValueInfoProto(name=name) for name in produced if name]
        graph = helper.make_graph([node], self.name, graph_inputs, graph_outputs, initializers)
        opsets = OPSETS | self.extra_opsets
        if self.opset:
            opsets[self.domain] = self.opset
        imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
        return helper.make_model(graph, opset_imports=imports, ir_version=10)

    def write(self, folder: Path) -> None:
        """Raises whatever ONNX Runtime raises when it refuses the case."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        # Threads decide which sequences its quantised LSTM takes, and scales, together.
        options.intra_op_num_threads = 1
        model = self.model()
        data = folder / f"test_{self.name}" / "test_data_set_0"
        data.mkdir(parents=True)
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        feeds = {f"i{i}": v for i, v in enumerate(self.inputs) if v is not None and i not in self.constants}
        results = session.run(None, feeds)
        for i, value in enumerate(feeds.values()):
            (data / f"input_{i}.pb").write_bytes(tensor_of(value, "").SerializeToString())
        for i, value in enumerate(results):
            described = session.get_outputs()[i]
            if isinstance(value, np.ndarray):
                content = tensor_of(value, described.name)
                model.graph.output[i].CopyFrom(
                    helper.make_tensor_value_info(described.name, content.data_type, [None] * value.ndim)
                )
                (data / f"output_{i}.pb").write_bytes(content.SerializeToString())
            else:
                raise TypeError(f"{self.name}: output {i} is no tensor")
        (data.parent / "model.onnx").write_bytes(model.SerializeToString())


def tensor_of(value: np.ndarray, name: str) -> TensorProto:
    if value.dtype == object or value.dtype.kind in "US":
        return helper.make_tensor(
            name, TensorProto.STRING, value.shape, [str(text).encode() for text in value.ravel().tolist()]
        )
    return numpy_helper.from_array(value, name)


def floats(*shape: int, seed: int = 0, scale: float = 1.0, dtype=np.float32) -> np.ndarray:
    return (np.random.default_rng(seed + sum(shape)).standard_normal(shape) * scale).astype(dtype)


def ints(*shape: int, low: int = 0, high: int = 10, seed: int = 0, dtype=np.int64) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).integers(low, high, shape).astype(dtype)
