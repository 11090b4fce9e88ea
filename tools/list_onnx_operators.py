"""Writes src/onnx/convert/operators.txt: every operator of the installed onnx package, with the versions of its schema.

Run it with an onnx newer than the file to see which converters are missing (the test Completeness names them).
"""
import argparse
from collections import defaultdict
from pathlib import Path

DOMAINS = ("", "ai.onnx.ml")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path,
                        default=Path(__file__).resolve().parent.parent / "src/onnx/convert/operators.txt")
    arguments = parser.parse_args()
    import onnx

    versions = defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain in DOMAINS:
            mark = "x" if schema.deprecated else ""
            versions[schema.domain or "ai.onnx", schema.name].append((schema.since_version, mark))
    lines = [f"# Made by tools/list_onnx_operators.py from onnx {onnx.__version__}: domain, operator, versions (x: deprecated)."]
    for (domain, name), since in sorted(versions.items()):
        lines.append(" ".join([domain, name, *(f"{version}{mark}" for version, mark in sorted(since))]))
    arguments.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
