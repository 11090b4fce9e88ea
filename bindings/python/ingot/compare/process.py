"""The near end of a runner process."""

import json
import os
import pathlib
import select
import subprocess
import tempfile

_FOLDER = pathlib.Path(__file__).resolve().parent
RUNNER, PACKAGE = str(_FOLDER / "runner"), str(_FOLDER.parents[1])


class EngineFailed(RuntimeError):
    """The engine, or its process, did not do what was asked; the message says why."""


class Runner:
    """An engine in its own process. Use it as a context: the process ends with it."""

    def __init__(self, engine, python, environment=None, timeout=900):
        self.engine, self._timeout, self._pending = engine, timeout, b""
        self._log = tempfile.TemporaryFile()
        settings = dict(os.environ)
        # The runner appends Ingot's folder itself: first in line it would hide the interpreter's own packages.
        settings["PYTHONPATH"] = os.pathsep.join(each for each in settings.get("PYTHONPATH", "").split(os.pathsep) if each and each != PACKAGE)
        settings.update(environment or {})
        self._process = subprocess.Popen([python, RUNNER, engine, PACKAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._log, env=settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, do, **request):
        """The answer to a request. Raises EngineFailed with the engine's own words."""
        try:
            self._process.stdin.write(json.dumps(dict(request, do=do)).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise EngineFailed(self._last_words()) from None
        answer = json.loads(self._line(do))
        if "error" in answer:
            raise EngineFailed(answer["error"])
        return answer

    def close(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _line(self, do):
        while b"\n" not in self._pending:
            if not select.select([self._process.stdout], [], [], self._timeout)[0]:
                self._process.kill()
                raise EngineFailed("no answer to '%s' in %d s" % (do, self._timeout))
            data = os.read(self._process.stdout.fileno(), 1 << 16)
            if not data:
                raise EngineFailed(self._last_words())
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _last_words(self):
        code = self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return "the process ended with code %d%s" % (code, ": " + lines[-1] if lines else "")
