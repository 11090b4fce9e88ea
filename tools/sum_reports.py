"""Prints the time of every stage, every failure, and the closing line of `./dev test`. Fails when anything failed."""
import sys
from collections import Counter
from pathlib import Path

from report import read_cases


def sum_reports(folder: Path) -> tuple[Counter, list[str]]:
    """Counts by status and the failures by name. A stage that ended badly without a failed case is one failure."""
    counts, failures, failed_suites = Counter(), [], set()
    for path in sorted(folder.glob("*.xml")):
        try:
            cases = read_cases(path)
        except Exception as error:  # a runner that died while writing
            cases = [(f"unreadable report ({error})", "failed")]
        for name, status in cases:
            counts[status] += 1
            if status == "failed":
                failures.append(f"{path.stem}: {name}")
                failed_suites.add(path.stem)
    stages = folder / "stages.txt"
    for line in stages.read_text().splitlines() if stages.exists() else []:
        name, status, _ = line.split()
        if status != "ok" and name not in failed_suites:
            counts["failed"] += 1
            failures.append(f"stage {name}: {status}")
    return counts, failures


def main() -> int:
    folder = Path(sys.argv[1])
    stages = folder / "stages.txt"
    if stages.exists():
        print("stage                     time  result")
        for line in stages.read_text().splitlines():
            name, status, seconds = line.split()
            print(f"{name:<22} {int(seconds):>5} s  {status}")
    counts, failures = sum_reports(folder)
    for failure in failures[:100]:
        print(f"FAILED {failure}")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 1 if failures or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
