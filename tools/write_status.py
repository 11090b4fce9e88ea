"""Writes docs/status.md from what test runners measured: conformance.json, models.json, memory.json and
topologies.json in build/reports."""
import json
import sys
from pathlib import Path

HEAD = """# Status

Written by `./dev status` from what the tests measured; edits are lost.
"""


def conformance(report: dict) -> str:
    lines = ["## ONNX's backend test cases", "", "| folder | pass | of |", "|---|---|---|"]
    folders = report["folders"]
    lines += [f"| {name} | {each['passed']} | {each['total']} |" for name, each in sorted(folders.items())]
    lines.append(f"| all | {sum(each['passed'] for each in folders.values())} "
                 f"| {sum(each['total'] for each in folders.values())} |")
    failing = [case for case in report["cases"] if not case["passed"]]
    if failing:
        lines += ["", "Cases that do not pass:", "", "| case | why |", "|---|---|"]
        lines += [f"| `{case['case']}` | {one_line(case['reason'])} |" for case in failing]
    return "\n".join(lines) + "\n"


def one_line(text: str) -> str:
    return text.split("\n")[0].replace("|", "\\|")[:160]


def models(report: list[dict]) -> str:
    return table("Models", report)


MEMORY = """
Bytes at one thread. The arena holds activations and scratch of kernels; inputs and outputs lie in the caller's memory and
count on neither side. ONNX Runtime's number is what it held at most during a run, beyond what it held before, in an
allocator that counts the bytes asked for and stands in the place of its arena (`tools/onnxruntime_memory.py`); the least
of four runs. Neither number has what is allocated outside of arena and allocator: here the values of evaluated steps.
"""


def memory(report: list[dict]) -> str:
    return table("Memory of activations", report) + MEMORY


def topologies(report: list[dict]) -> str:
    return table("Topologies with random weights", report)


def table(title: str, report: list[dict]) -> str:
    """Rows of any columns; the first row's keys are the head."""
    if not report:
        return ""
    columns = list(report[0])
    lines = [f"## {title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in report:
        lines.append("| " + " | ".join(one_line(str(row.get(column, ""))) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    reports, target = Path(sys.argv[1]), Path(sys.argv[2])
    parts = [HEAD]
    for name, render in (("conformance.json", conformance), ("models.json", models), ("memory.json", memory),
                         ("topologies.json", topologies)):
        path = reports / name
        if path.exists():
            parts.append(render(json.loads(path.read_text())))
        else:
            print(f"{path} is missing: its part is left out", file=sys.stderr)
    target.write_text("\n".join(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
