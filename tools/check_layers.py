"""Checks every #include, and the libraries' DEPENDS, against the module table of ARCHITECTURE.md."""
import re
import sys
from pathlib import Path

from source_files import CPP, source_files

TABLE_HEAD = "| module | holds | may include |"
PUBLIC = "include/ingot"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_table(text: str) -> dict[str, list[str]]:
    """Module -> the modules its row names, in the order of the table."""
    lines = iter(text.splitlines())
    if not any(line.strip() == TABLE_HEAD for line in lines):
        raise ValueError(f"ARCHITECTURE.md has no table headed '{TABLE_HEAD}'")
    table: dict[str, list[str]] = {}
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            break
        modules, _, allowed = (cell.strip() for cell in line.strip().strip("|").split("|"))
        if allowed == "all above":
            names = list(table)
        else:
            names = [name.strip(" `") for name in allowed.removesuffix(" only").split(",") if name.strip() != "-"]
        for module in modules.split(","):
            table[module.strip(" `")] = names
    return table


def closure(table: dict[str, list[str]]) -> dict[str, set[str]]:
    """What each module may include, transitively. A row may only name rows above it."""
    allowed: dict[str, set[str]] = {}
    for module, names in table.items():
        allowed[module] = {module}
        for name in names:
            if name == PUBLIC:
                continue
            if name not in allowed:
                raise ValueError(f"ARCHITECTURE.md: {module} may include {name}, which is no row above it")
            allowed[module] |= allowed[name]
    return allowed


def check_library(path: Path, includes: list[tuple[str, str]], table, allowed) -> list[str]:
    module = path.parts[1]
    if module not in allowed:
        return [f"{path}: folder src/{module} is no module of ARCHITECTURE.md"]
    problems = []
    for bracket, target in includes:
        first = target.split("/")[0]
        if first == "ingot":
            if not any(PUBLIC in table[name] for name in [module]) and module != "api":
                problems.append(f"{path}: {module} includes the public header {target}")
        elif bracket == '"' and first not in allowed:
            problems.append(f'{path}: "{target}" does not start with a module (includes are written from src/)')
        elif first in allowed and first not in allowed[module]:
            problems.append(f"{path}: {module} may not include {first} ({target})")
    return problems


def check_outside(path: Path, includes: list[tuple[str, str]], root: Path, allowed) -> list[str]:
    """Applications and bindings see the public headers and their own files."""
    problems = []
    folder = root.joinpath(*path.parts[:2]).resolve()
    for bracket, target in includes:
        first = target.split("/")[0]
        beside = [(root / path).parent / target, folder / target, root / target]
        own = bracket == '"' and any(file.exists() and file.resolve().is_relative_to(folder) for file in beside)
        if not own and first != "ingot" and (bracket == '"' or first in allowed):
            problems.append(f"{path}: {target} is neither a public header nor a file beside it")
    return problems


def check_cmake(text: str, table: dict[str, list[str]]) -> list[str]:
    problems = []
    for match in re.finditer(r"^ingot_module\((\w+)([^)]*)\)", text, re.MULTILINE):
        depends = re.search(r"DEPENDS((?:\s+[a-z_]+)+)", match[2])
        named = set(depends[1].split()) if depends else set()
        module = match[1]
        if module in table and named - set(table[module]):
            extra = ", ".join(sorted(named - set(table[module])))
            problems.append(f"src/CMakeLists.txt: {module} depends on {extra}, which its row does not name")
    return problems


def problems(root: Path) -> list[str]:
    try:
        table = read_table((root / "ARCHITECTURE.md").read_text())
        allowed = closure(table)
    except (ValueError, OSError) as error:
        return [str(error)]
    found = []
    for path in source_files(root, CPP):
        includes = [(m[1], m[2]) for m in INCLUDE.finditer((root / path).read_text(errors="replace"))]
        if path.parts[0] == "src" and len(path.parts) > 2:
            found += check_library(path, includes, table, allowed)
        elif path.parts[0] in ("apps", "bindings", "examples"):
            found += check_outside(path, includes, root, allowed)
        elif path.parts[0] == "include":
            found += [f"{path}: a public header includes {target}" for bracket, target in includes
                      if bracket == '"' and not target.startswith("ingot/")]
    cmake = root / "src/CMakeLists.txt"
    if cmake.exists():
        found += check_cmake(cmake.read_text(), table)
    return found


if __name__ == "__main__":
    found = problems(Path.cwd())
    print("\n".join(found))
    sys.exit(1 if found else 0)
