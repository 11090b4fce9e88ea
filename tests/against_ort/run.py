"""Compares ingot with ONNX Runtime on cases of the operators that ONNX's own test data do not cover."""

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77  # CTest's SKIP_RETURN_CODE
GROUPS = ("ml_cases", "microsoft_cases", "nn_cases")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", type=Path, required=True, help="the program ingot_conformance")
    parser.add_argument("--filter", default="", help="regular expression that a case's name must contain")
    parser.add_argument("--keep", type=Path, help="folder to leave the cases in")
    arguments = parser.parse_args()
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        print(f"skipped: {error}")
        return SKIPPED
    sys.path.insert(0, str(Path(__file__).parent))
    with tempfile.TemporaryDirectory() as temporary:
        data = arguments.keep or Path(temporary)
        folder = data / "against_ort"
        folder.mkdir(parents=True)
        refused = 0
        for group in GROUPS:
            for case in importlib.import_module(group).cases():
                if not re.search(arguments.filter, case.name):
                    continue
                try:
                    case.write(folder)
                except Exception as error:  # a case that ONNX Runtime refuses tests nothing
                    refused += 1
                    print(f"ONNX Runtime refuses {case.name}: {str(error).splitlines()[0][:200]}")
        (data / "expected.txt").write_text("")
        command = [arguments.runner, "--data", data, "--folder", "against_ort", "--expected", data / "expected.txt"]
        return 1 if subprocess.run(command, check=False).returncode or refused else 0


if __name__ == "__main__":
    sys.exit(main())
