"""Runs clang-tidy on the files named, else on those changed lately and then others as long as the budget lasts."""
import argparse
import hashlib
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from report import Report


def git(root: Path, *arguments: str) -> list[str]:
    result = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    return result.stdout.split() if result.returncode == 0 else []


def ordered(root: Path, compiled: list[str]) -> list[str]:
    """Changed files first, the rest in an order that differs from commit to commit."""
    base = git(root, "merge-base", "HEAD", "origin/main") or git(root, "rev-parse", "HEAD~1")
    head = git(root, "rev-parse", "HEAD")
    if base == head:
        base = git(root, "rev-parse", "HEAD~1")
    changed = set(git(root, "diff", "--name-only", *base[:1])) if base else set()
    seed = head[0] if head else ""
    rest = sorted(set(compiled) - changed, key=lambda path: hashlib.sha256((seed + path).encode()).digest())
    return [path for path in compiled if path in changed] + rest


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=180, help="seconds after which no further file is begun")
    parser.add_argument("--report", type=Path, default=Path("build/reports/tidy.xml"))
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    entries = json.loads((arguments.build / "compile_commands.json").read_text())
    compiled = sorted({str(Path(entry["file"]).relative_to(root)) for entry in entries
                       if Path(entry["file"]).is_relative_to(root)})
    files = arguments.files or ordered(root, compiled)
    end = time.monotonic() + arguments.budget

    def tidy(path: str) -> tuple[str, str]:
        if time.monotonic() > end and not arguments.files:
            return "late", ""
        result = subprocess.run(["clang-tidy-14", "--quiet", "-p", str(arguments.build), path], cwd=root,
                                capture_output=True, text=True)
        return ("failed" if result.returncode else "passed"), result.stdout

    report = Report("tidy")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for path, (status, text) in zip(files, pool.map(tidy, files)):
            if status == "late":
                continue
            report.add(path, status, text)
            if status == "failed":
                print(text, flush=True)
    print(f"  clang-tidy: {len(report.cases)} of {len(files)} files", flush=True)
    report.write(arguments.report)
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
