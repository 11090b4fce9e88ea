"""The files of the project: those that git tracks or would track; below a folder without git, all."""
import subprocess
from pathlib import Path

CPP = (".cc", ".h", ".hpp", ".c", ".cu")


def source_files(root: Path, suffixes: tuple[str, ...] = ()) -> list[Path]:
    """Existing files below root, relative to it, sorted; empty suffixes mean every file."""
    if (root / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, check=True,
                                capture_output=True, text=True).stdout.split("\0")
        files = [Path(name) for name in listed if name and (root / name).is_file()]
    else:
        files = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return sorted({path for path in files if not suffixes or path.suffix in suffixes})
