"""Scripts written for ONNX Runtime print the same after `import ingot as onnxruntime`."""

import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent / "scripts"


def output_of(text, model):
    done = subprocess.run([sys.executable, "-c", text, model], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", sorted(path.name for path in FOLDER.glob("*.py")))
def test_script_prints_what_it_prints_under_onnxruntime(script, mlp_path):
    text = (FOLDER / script).read_text()
    changed = text.replace("import onnxruntime", "import ingot").replace("from onnxruntime.capi", "from ingot.capi")
    changed = changed.replace("import ingot\n", "import ingot as onnxruntime\n")
    assert changed != text
    ours, theirs = output_of(changed, mlp_path), output_of(text, mlp_path)
    assert ours == theirs
