"""What clang-tidy has passed already, by content: a file is known while it, its headers, its command and the settings are as they were.

Two kinds of entries in the folder, as ccache has them: `<path and settings>.headers` names what the file included when it
was last checked; `<digest of all their contents>.passed` exists for what passed. Trees and clones may share a folder.
"""
import hashlib
from pathlib import Path


class TidyCache:
    def __init__(self, folder: Path, root: Path, settings: str):
        """`settings`: whatever else a result hangs on, such as clang-tidy's version and configuration."""
        self.folder, self.root, self.settings = folder, root, settings
        self._digests: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def knows(self, path: str, command: str) -> bool:
        """Whether the file passed as it is now."""
        headers = self._headers_file(path, command)
        if not headers.exists():
            return False
        result = self._result_file(path, command, headers.read_text().split("\n"))
        return result is not None and result.exists()

    def remember(self, path: str, command: str, headers: list[str]) -> None:
        """The file passed; `headers`: files of the tree that it includes, relative to the root."""
        names = sorted(set(headers) - {path})
        self._write(self._headers_file(path, command), "\n".join(names))
        result = self._result_file(path, command, names)
        if result is not None:
            self._write(result, path)

    def _headers_file(self, path: str, command: str) -> Path:
        return self.folder / (_digest(self.settings, path, self._anywhere(command)) + ".headers")

    def _result_file(self, path: str, command: str, headers: list[str]) -> Path | None:
        parts = [self.settings, path, self._anywhere(command)]
        for name in [path, *filter(None, headers)]:
            content = self._content(name)
            if content is None:
                return None
            parts += [name, content]
        return self.folder / (_digest(*parts) + ".passed")

    def _anywhere(self, command: str) -> str:
        """The command without the place of the tree."""
        return command.replace(str(self.root), ".")

    def _content(self, name: str) -> str | None:
        if name not in self._digests:
            path = self.root / name
            if not path.is_file():
                return None
            self._digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self._digests[name]

    def _write(self, path: Path, text: str) -> None:
        draft = path.with_name(f"{path.name}.{id(path)}")
        draft.write_text(text)
        draft.replace(path)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()
