"""Runs clang-tidy on the files named, else on those changed lately and then the others, as long as the budget lasts.

A file that passed with the same content, headers, command and settings is not checked again (tidy_cache.py).
"""
import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from report import Report
from tidy_cache import TidyCache

TIDY = "clang-tidy-14"


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


def commands_of(build: Path, root: Path) -> dict[str, str]:
    """Compile command by file, for the files of the tree that git knows: what a build generates is not ours to name."""
    known = set(git(root, "ls-files", "-co", "--exclude-standard"))
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = Path(entry["file"])
        if path.is_relative_to(root) and str(path.relative_to(root)) in known:
            commands.setdefault(str(path.relative_to(root)), entry["command"])
    return commands


def headers_of(build: Path, root: Path, command: str) -> list[str]:
    """Files of the tree that a compilation reads, by the compiler's own word."""
    words = shlex.split(command)
    words[words.index("-o"):words.index("-o") + 2] = []
    listed = subprocess.run([*words, "-MM"], cwd=build, capture_output=True, text=True, check=True).stdout
    found = [Path(build, word).resolve() for word in listed.replace("\\\n", " ").split()[1:]]
    return [str(path.relative_to(root)) for path in found if path.is_relative_to(root)]


def settings_of(root: Path) -> str:
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    return version + (root / ".clang-tidy").read_text()


class Checker:
    def __init__(self, root: Path, build: Path, cache: TidyCache, end: float):
        self.root, self.build, self.cache, self.end = root, build, cache, end
        self.commands = commands_of(build, root)

    def check(self, path: str) -> tuple[str, str]:
        """(known, late, passed or failed; what clang-tidy said)."""
        command = self.commands.get(path)
        if command is None:
            return "failed", f"{path}: not compiled by {self.build}\n"
        if self.cache.knows(path, command):
            return "known", ""
        if time.monotonic() > self.end:
            return "late", ""
        result = subprocess.run([TIDY, "--quiet", "-p", str(self.build), path], cwd=self.root, capture_output=True, text=True)
        if result.returncode:
            return "failed", result.stdout or result.stderr
        self.cache.remember(path, command, headers_of(self.build, self.root, command))
        return "passed", ""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=0, help="seconds after which no further file is begun; 0: no end")
    parser.add_argument("--cache", type=Path, default=Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ingot-tidy")
    parser.add_argument("--advise", action="store_true", help="findings are printed and counted as skipped, and fail nothing")
    parser.add_argument("--report", type=Path, default=Path("build/reports/tidy.xml"))
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    end = time.monotonic() + (arguments.budget or float("inf"))
    checker = Checker(root, arguments.build.resolve(), TidyCache(arguments.cache, root, settings_of(root)), end)
    files = arguments.files or ordered(root, sorted(checker.commands))
    counts = dict.fromkeys(("passed", "failed", "known", "late"), 0)
    report = Report("tidy")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for path, (status, text) in zip(files, pool.map(checker.check, files)):
            counts[status] += 1
            if status != "late":
                refused = "skipped" if arguments.advise else "failed"
                report.add(path, refused if status == "failed" else "passed", text)
            if status == "failed":
                print(text, flush=True)
    told = (f"clang-tidy: {counts['passed'] + counts['failed']} of {len(files)} files checked, {counts['known']} unchanged "
            f"since they passed, {counts['late']} not reached in the time; {counts['failed']} with findings")
    print("  " + told, flush=True)
    if counts["late"]:
        report.add(f"{counts['late']} files not reached", "skipped", told)
    report.write(arguments.report)
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
