"""Checks a built archive: AVX instructions stay in functions of an ISA namespace or of internal linkage.

The linker keeps one copy of an inline function for all callers. A copy with instructions that a lesser CPU lacks would
end the process there, so a weak function outside namespaces such as avx2 and avx512 may hold none.
"""
import re
import subprocess
import sys

WIDE = re.compile(r"%[yz]mm|\bv[a-z0-9]+\s.*%xmm|%k[1-7]\b|\btile")
ISA_NAMESPACE = re.compile(r"::(avx2|avx512|amx)[a-z0-9_]*::")


def weak_functions(archive: str) -> set[str]:
    lines = subprocess.run(["nm", "--defined-only", archive], check=True, capture_output=True, text=True).stdout
    return {parts[2] for line in lines.splitlines() if len(parts := line.split()) == 3 and parts[1] in "WwVv"}


def leaks(archive: str) -> list[str]:
    weak, found, name = weak_functions(archive), set(), ""
    listing = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", archive], stdout=subprocess.PIPE, text=True)
    for line in listing.stdout:
        if line.endswith(">:\n"):
            name = line[line.index("<") + 1:-3]
        elif name in weak and name not in found and WIDE.search(line):
            found.add(name)
    if listing.wait() != 0:
        raise RuntimeError(f"objdump cannot read {archive}")
    readable = subprocess.run(["c++filt"], input="\n".join(sorted(found)), capture_output=True, text=True).stdout
    return [text for text in readable.splitlines() if not ISA_NAMESPACE.search(text)]


def main() -> int:
    found = [(archive, text) for archive in sys.argv[1:] for text in leaks(archive)]
    for archive, text in found:
        print(f"{archive}: {text} holds AVX instructions and is shared with code for every CPU")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
