"""Checks the built libraries: they export the C interface only, and the runtime library holds nothing of the compiler."""
import argparse
import re
import subprocess
import sys

COMPILER_NAMESPACE = re.compile(r"\bingot::(ir|onnx|passes|lower|compiler|tune|precision|service|debug)::")


def symbols(path: str, *options: str) -> list[tuple[str, str]]:
    """(kind letter of nm, demangled name) of everything defined."""
    lines = subprocess.run(["nm", "-C", "--defined-only", *options, path], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return [tuple(line.split(" ", 2)[1:]) for line in lines if re.match(r"[0-9a-f]+ \w ", line)]


def problems(runtime: str, whole: str, archives: list[str]) -> list[str]:
    found = []
    for library in (runtime, whole):
        exported = [name for _, name in symbols(library, "-D")]
        found += [f"{library} exports {name}" for name in exported if not name.startswith("ingot_")]
        if "ingot_version" not in exported:
            found.append(f"{library} does not export ingot_version")
    compiler = {name for archive in archives for kind, name in symbols(archive) if kind in "TDB"}
    inside = {name for _, name in symbols(runtime)}
    if not inside:
        found.append(f"{runtime} has no symbol table to check")
    found += [f"{runtime} holds {name} of the compiler" for name in sorted(inside)
              if name in compiler or COMPILER_NAMESPACE.search(name)]
    if not any(COMPILER_NAMESPACE.search(name) for _, name in symbols(whole)):
        found.append(f"{whole} holds no compiler: this check would see none anywhere")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", required=True)
    parser.add_argument("--whole", required=True)
    parser.add_argument("--compiler-archives", nargs="+", required=True)
    arguments = parser.parse_args()
    found = problems(arguments.runtime, arguments.whole, arguments.compiler_archives)
    print("\n".join(found))
    sys.exit(1 if found else 0)
