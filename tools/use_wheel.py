"""Uses an installed ingot package: build a model, save the plan, run both, call the command, run under ONNX Runtime."""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper
from report import Report


def model() -> bytes:
    graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"])], "g",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def use(folder: Path) -> None:
    import ingot

    x = np.array([[0, 1, 2, 3], [4, 4, 4, 4]], np.float32)
    expected = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    y, = ingot.InferenceSession(model()).run(None, {"x": x})
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    (folder / "m.onnx").write_bytes(model())
    command = [sys.executable, "-c", "import ingot.command as c, sys; sys.exit(c.main())"]
    subprocess.run([*command, "build", str(folder / "m.onnx"), "-o", str(folder / "m.plan")], check=True,
                   capture_output=True, text=True)
    y, = ingot.InferenceSession(str(folder / "m.plan")).run(None, {"x": x[:1]})
    np.testing.assert_allclose(y, expected[:1], rtol=1e-6)
    import ingot.onnxruntime

    session = ingot.onnxruntime.InferenceSession(model(), providers=["IngotExecutionProvider"], strict=True)
    np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, rtol=1e-6)
    assert (Path(ingot.__file__).parent / "ingot-tuning" / "zen4.jsonl").is_file(), "the wheel has no measurements of kernels"
    stray = [path.name for path in Path(ingot.__file__).parents[1].iterdir()
             if not path.name.startswith(("ingot", "bin", "__pycache__"))]
    assert not stray, f"the wheel puts {stray} beside the package"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()
    report = Report("wheel")
    try:
        with tempfile.TemporaryDirectory() as folder:
            use(Path(folder))
        report.add("install_and_use", "passed")
    except Exception as error:
        text = f"{error}\n{getattr(error, 'stderr', '')}"
        print(text)
        report.add("install_and_use", "failed", text)
    report.write(arguments.report)
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
