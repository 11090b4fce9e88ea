"""Runs every fuzz target of a build on its seeds (tests/fuzz/<target>/), then for the seconds asked."""
import argparse
import subprocess
import sys
from pathlib import Path

from report import Report

LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=1024", "-print_final_stats=0"]


def run(program: Path, root: Path, seconds: int, corpus: Path) -> tuple[bool, str]:
    target = program.name.removeprefix("ingot_").removesuffix("_fuzz")
    seeds = sorted(path for path in (root / "tests/fuzz" / target).glob("*") if path.is_file())
    if seconds == 0:
        if not seeds:
            return False, f"{target} has no seeds in tests/fuzz/{target}"
        command = [program, *LIMITS, *seeds]
    else:
        corpus.mkdir(parents=True, exist_ok=True)
        command = [program, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={corpus}/", corpus,
                   *([root / "tests/fuzz" / target] if seeds else [])]
    result = subprocess.run(list(map(str, command)), cwd=root, capture_output=True, text=True, errors="replace")
    again = " ".join(map(str, command)) if len(command) < 12 else f"{program} tests/fuzz/{target}/*"
    print(f"  {program.name}: {len(seeds)} seeds, {'ok' if result.returncode == 0 else 'FAILED: ' + again}", flush=True)
    return result.returncode == 0, result.stderr[-4000:]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    report = Report("fuzz")
    for program in sorted(arguments.build.rglob("ingot_*_fuzz")):
        if not program.is_file():
            continue
        ok, text = run(program.resolve(), root, arguments.seconds, root / "build/corpus" / program.name)
        report.add(program.name, "passed" if ok else "failed", text)
        if not ok:
            print(text)
    report.write(arguments.report)
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
