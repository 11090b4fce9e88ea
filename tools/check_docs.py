"""Checks that links in documents resolve, every dependency is explained, and every knob is documented."""
import re
import sys
from pathlib import Path

from source_files import source_files

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DEPENDENCIES = "docs/dependencies.md"
KNOBS = "docs/knobs.md"


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def check_links(root: Path, path: Path) -> list[str]:
    found = []
    for target in LINK.findall((root / path).read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        goal = (root / path).parent / file if file else root / path
        if not goal.exists():
            found.append(f"{path}: link to {target}, which does not exist")
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text()):
            found.append(f"{path}: {file or path} has no heading #{anchor}")
    return found


def dependencies(root: Path) -> dict[str, str]:
    """Name -> where it is asked for."""
    named = {}
    for line in (root / "tools/packages.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            named |= {package: "tools/packages.txt" for package in line.split(":", 1)[1].split()}
    for file in ("tools/requirements-test.txt", "tools/models.txt"):
        for line in (root / file).read_text().splitlines():
            if line and not line.startswith("#"):
                named[re.split(r"[=<>\[ ]", line)[0]] = file
    return named


def check_dependencies(root: Path) -> list[str]:
    text = (root / DEPENDENCIES).read_text()
    explained = set(re.findall(r"`([^`]+)`", text))
    return [f"{DEPENDENCIES}: no line explains `{name}` ({file})" for name, file in dependencies(root).items()
            if name not in explained]


def check_knobs(root: Path) -> list[str]:
    declared = set(re.findall(r'"(INGOT_[A-Z_]+)"', (root / "src/base/knobs.cc").read_text()))
    documented = set(re.findall(r"^\| `(INGOT_[A-Z_]+)`", (root / KNOBS).read_text(), re.MULTILINE))
    return [f"{KNOBS}: {name} is not documented" for name in sorted(declared - documented)] + [
        f"{KNOBS}: {name} is no knob of src/base/knobs.cc" for name in sorted(documented - declared)]


def problems(root: Path) -> list[str]:
    found = []
    for path in source_files(root, (".md",)):
        found += check_links(root, path)
    return found + check_dependencies(root) + check_knobs(root)


if __name__ == "__main__":
    found = problems(Path.cwd())
    print("\n".join(found))
    sys.exit(1 if found else 0)
