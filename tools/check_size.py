"""Checks file lengths: above 400 lines is reported, above 700 fails unless tools/size_exceptions.txt gives a reason."""
import sys
from collections import Counter
from pathlib import Path

from source_files import CPP, source_files

SOFT, HARD = 400, 700
SUFFIXES = CPP + (".py", ".cmake", ".md")


def exceptions(root: Path) -> dict[str, str]:
    path = root / "tools/size_exceptions.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


def lengths(root: Path) -> dict[str, int]:
    files = [path for path in source_files(root, SUFFIXES) if path.parts[0] != "third_party"]
    files += [Path("dev")] if (root / "dev").exists() else []
    return {str(path): (root / path).read_text(errors="replace").count("\n") for path in files}


def problems(root: Path) -> list[str]:
    allowed = exceptions(root)
    sizes = lengths(root)
    found = [f"{path}: {count} lines, over the hard limit of {HARD}" for path, count in sizes.items()
             if count > HARD and not allowed.get(path, "").strip()]
    found += [f"tools/size_exceptions.txt: {path} needs no exception" for path in allowed if sizes.get(path, 0) <= HARD]
    return found


def summary(root: Path) -> str:
    totals, tests = Counter(), Counter()
    sizes = lengths(root)
    for path, count in sizes.items():
        parts = Path(path).parts
        module = "/".join(parts[:2]) if len(parts) > 2 else parts[0] if len(parts) > 1 else "."
        (tests if "_test." in path or parts[0] == "tests" else totals)[module] += count
    lines = [f"  {module:<22} {totals[module]:>7} + {tests[module]} in tests" for module in sorted(totals | tests)]
    lines += [f"  {path}: {count} lines, over the soft limit of {SOFT}" for path, count in sizes.items() if count > SOFT]
    return "\n".join(lines + [f"  total {sum(sizes.values())} lines"])


if __name__ == "__main__":
    found = problems(Path.cwd())
    print(summary(Path.cwd()))
    print("\n".join(found))
    sys.exit(1 if found else 0)
