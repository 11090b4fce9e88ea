"""Checks that clang-format 14 would change no C++ file; `./dev format` makes it so."""
import shutil
import subprocess
import sys
from pathlib import Path

from source_files import CPP, source_files


def problems(root: Path) -> list[str]:
    program = shutil.which("clang-format-14")
    if program is None:
        return ["clang-format-14 is not installed"]
    files = [str(path) for path in source_files(root, CPP) if path.parts[0] != "third_party"]
    if not files:
        return []
    result = subprocess.run([program, "--dry-run", "--Werror", *files], cwd=root, capture_output=True, text=True)
    changed = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "-Wclang-format-violations" in line})
    return [f"{path}: not formatted; run ./dev format" for path in changed] or (
        [result.stderr.strip()] if result.returncode else [])


if __name__ == "__main__":
    found = problems(Path.cwd())
    print("\n".join(found))
    sys.exit(1 if found else 0)
