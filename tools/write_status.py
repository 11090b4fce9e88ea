"""Writes docs/status.md from what test runners measured into build/reports. A part without a report stays as the document
has it: those of a GPU come from another machine."""
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
    return "\n".join(lines + failing_cases(report)) + "\n"


def failing_cases(report: dict) -> list[str]:
    failing = [case for case in report["cases"] if not case["passed"]]
    if not failing:
        return []
    lines = ["", "Cases that do not pass:", "", "| case | why |", "|---|---|"]
    return lines + [f"| `{case['case']}` | {one_line(case['reason'])} |" for case in failing]


PLACES = {"device": "on the GPU", "both": "on both", "host": "on the host"}
ON_A_GPU = """
Pass and all of a place's cases in fp32. "On the GPU": every step of the case's plan ran there; "on the host": none did, as
they have no device kernel or the build had computed the outputs. Cases that ended before they ran count as failed only.
"""


def conformance_gpu(report: dict) -> str:
    lines = ["## ONNX's backend test cases on a GPU", "", machine(report["device"]), "",
             "| folder | pass | of | " + " | ".join(PLACES.values()) + " |", "|---" * (3 + len(PLACES)) + "|"]
    places = report["places"]
    empty = {"passed": 0, "total": 0}
    for name, folder in [*sorted(places.items()), ("all", summed(places))]:
        counts = [folder.get(place, empty) for place in PLACES]
        lines.append(f"| {name} | {sum(each['passed'] for each in folder.values())} "
                     f"| {sum(each['total'] for each in folder.values())} | "
                     + " | ".join(f"{each['passed']} of {each['total']}" for each in counts) + " |")
    return "\n".join(lines) + "\n" + ON_A_GPU.rstrip("\n") + "\n".join(["", *failing_cases(report)]) + "\n"


def summed(places: dict) -> dict:
    """The counts of all folders, by place."""
    result = {}
    for folder in places.values():
        for place, each in folder.items():
            total = result.setdefault(place, {"passed": 0, "total": 0})
            for key in total:
                total[key] += each[key]
    return result


def machine(device: dict) -> str:
    """The GPU, and the versions of what drives it."""
    parts = [f"{part['name']} {part['detail'].split(', ', 1)[-1]}" for part in device["components"] if part["found"]]
    return f"{device['name']}; {', '.join(parts)}."


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


def gpu_models(report: list[dict]) -> str:
    return table("Real models on a GPU", [{key: value for key, value in row.items() if key != "fails"} for row in report])


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


def sections(text: str) -> dict:
    """The parts of a document by their titles."""
    parts = text.split("\n## ")[1:]
    return {part.split("\n", 1)[0]: "## " + part.rstrip("\n") + "\n" for part in parts}


# report, title, how it is rendered
PARTS = (("conformance.json", "ONNX's backend test cases", conformance),
         ("conformance_gpu.json", "ONNX's backend test cases on a GPU", conformance_gpu),
         ("models.json", "Models", models),
         ("gpu_models.json", "Real models on a GPU", gpu_models),
         ("memory.json", "Memory of activations", memory),
         ("topologies.json", "Topologies with random weights", topologies))


def document(reports: Path, old: str) -> str:
    kept = sections(old)
    parts = [HEAD]
    for name, title, render in PARTS:
        path = reports / name
        if path.exists():
            parts.append(render(json.loads(path.read_text())))
        elif title in kept:
            parts.append(kept[title])
            print(f"{path} is missing: its part stays as it was", file=sys.stderr)
    return "\n".join(parts)


def main() -> int:
    reports, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.write_text(document(reports, target.read_text() if target.exists() else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
