"""Checks file names, and what the library may not do by itself: print, end the process, read the environment."""
import re
import sys
from pathlib import Path

from source_files import CPP, source_files

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "impl"}
FORBIDDEN = [
    (re.compile(r"\bgetenv\s*\("), "reads the environment (only base/knobs may)",
     {"src/base/knobs.cc", "src/base/environment_testing.h"}),
    (re.compile(r"\bstd::(cout|cerr|clog)\b|\bf?printf\s*\(|\bfmt::print\b|\bputs\s*\("),
     "prints (only base/log may)", {"src/base/log.cc"}),
    (re.compile(r"\bstd::(abort|exit|_Exit|quick_exit|terminate)\s*\(|(?<![\w:.>])(abort|exit|_exit)\s*\("),
     "ends the process", set()),
]
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def check_name(path: Path) -> list[str]:
    words = set(re.split(r"[_\-.]", path.stem)) | set(path.parts[:-1])
    found = [f"{path}: '{word}' names no idea; say what the file holds" for word in sorted(words & VAGUE)]
    if path.suffix in CPP + (".py",) and not re.fullmatch(r"[a-z0-9_]+(-inl)?", path.stem):
        found.append(f"{path}: source files are named in snake_case")
    return found


def problems(root: Path) -> list[str]:
    found = []
    for path in source_files(root):
        if path.parts[0] in ("third_party",):
            continue
        found += check_name(path)
        if path.parts[0] != "src" or path.suffix not in CPP or re.search(r"_(test|bench|fuzz)$", path.stem):
            continue
        code = COMMENT_OR_STRING.sub("", (root / path).read_text(errors="replace"))
        found += [f"{path}: {what}" for pattern, what, allowed in FORBIDDEN
                  if str(path) not in allowed and pattern.search(code)]
    return found


if __name__ == "__main__":
    found = problems(Path.cwd())
    print("\n".join(found))
    sys.exit(1 if found else 0)
