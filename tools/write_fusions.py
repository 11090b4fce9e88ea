"""Writes docs/fusions.md from tools/fusions.txt and the definitions of the passes; with --check says what is stale."""
import re
import sys
from pathlib import Path

TABLE, PAGE = "tools/fusions.txt", "docs/fusions.md"
STATES = ("done", "partly", "not")
GROUPS = {
    "layers": "Products, convolutions and what follows them",
    "reductions": "Reductions and activations written out",
    "pointwise": "Pointwise operators",
    "attention": "Attention",
    "horizontal": "Operators side by side (horizontal fusion)",
    "structure": "Movement and structure",
    "quantisation": "Quantisation",
}
HEAD = """# Fusions

Written by `tools/write_fusions.py` from `tools/fusions.txt` and the definitions of the passes; edits are lost.

Two kinds, and names differ between texts: *vertical* fusion joins an operator with what follows it (some call the merge of
convolution, bias and activation horizontal), *horizontal* fusion joins operators side by side on one input (some call that
vertical). The build report lists every refusal with its reason; `--disable-pass NAME` leaves a pass out.
"""


def rows(root: Path) -> list[dict]:
    found = []
    for line in (root / TABLE).read_text().splitlines():
        if line and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            found.append(dict(zip(("group", "pattern", "state", "pass", "test", "remark"), cells + [""] * 6)))
    return found


def passes(root: Path) -> dict[str, tuple[str, str]]:
    """Name -> (what holds after it, why it stands where it does), as src/passes defines them."""
    found = {}
    text = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    for path in sorted((root / "src/passes").glob("*.cc")):
        for name, doc, place in re.findall(r'return \{\s*"(\w+)",\s*' + text + r",\s*" + text + ",", path.read_text()):
            found[name] = tuple("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', part)).strip() for part in (doc, place))
    return found


def order(root: Path) -> list[str]:
    names = re.findall(r"(\w+)\(\)[,}]", (root / "src/passes/pipeline.cc").read_text())
    return list(dict.fromkeys(names))


def tests(root: Path) -> set[str]:
    found = set()
    for folder in ("src", "tests"):
        for path in (root / folder).rglob("*_test.cc"):
            found |= {f"{suite}.{name}" for suite, name in re.findall(r"TEST\((\w+), (\w+)\)", path.read_text())}
    return found


def faults(root: Path) -> list[str]:
    known, defined, found = tests(root), passes(root), []
    suites = {name.split(".")[0] for name in known}
    for row in rows(root):
        what = f"{TABLE}: '{row['pattern']}'"
        if row["group"] not in GROUPS:
            found.append(f"{what}: there is no group {row['group']}")
        if row["state"] not in STATES:
            found.append(f"{what}: the state is one of {', '.join(STATES)}")
        if row["pass"] and row["pass"] not in defined:
            found.append(f"{what}: there is no pass {row['pass']}")
        suite, _, name = row["test"].partition(".")
        if row["test"] and not (suite in suites if name == "*" else row["test"] in known):
            found.append(f"{what}: there is no test {row['test']}")
    return found


def page(root: Path) -> str:
    lines = [HEAD]
    all_rows = rows(root)
    counts = {state: sum(row["state"] == state for row in all_rows) for state in STATES}
    lines.append(f"Of {len(all_rows)} patterns {counts['done']} are done, {counts['partly']} partly, {counts['not']} not.\n")
    for group, title in GROUPS.items():
        lines += [f"## {title}", "", "| pattern | state | pass | test | remark |", "|---|---|---|---|---|"]
        for row in all_rows:
            if row["group"] == group:
                code = [f"`{row[key]}`" if row[key] else "" for key in ("pass", "test")]
                lines.append(f"| {row['pattern']} | {row['state']} | {code[0]} | {code[1]} | {row['remark']} |")
        lines.append("")
    lines += ["## Passes, in the order they first run", "", "| pass | what holds after it | place |", "|---|---|---|"]
    defined = passes(root)
    lines += [f"| `{name}` | {defined[name][0]} | {defined[name][1]} |" for name in order(root) if name in defined]
    return "\n".join(lines) + "\n"


def problems(root: Path) -> list[str]:
    found = faults(root)
    target = root / PAGE
    if not found and (not target.exists() or target.read_text() != page(root)):
        found.append(f"{PAGE} is not what tools/write_fusions.py writes: run it")
    return found


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    found = faults(root)
    for fault in found:
        print(fault)
    if not found:
        (root / PAGE).write_text(page(root))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
