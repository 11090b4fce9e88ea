"""A small sound project in a temporary folder, into which each test plants one fault."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SOUND = {
    "ARCHITECTURE.md": "| module | holds | may include |\n|---|---|---|\n| `base` | x | - |\n| `tensor` | x | base |\n"
                       "| `ops` | x | tensor |\n| `api` | x | all above |\n| `apps/cli` | x | `include/ingot` only |\n",
    "src/CMakeLists.txt": "ingot_module(base LINK fmt)\ningot_module(tensor DEPENDS base)\n",
    "src/base/error.h": "#pragma once\n#include <string>\n",
    "src/base/knobs.cc": 'const Knob isa{"INGOT_ISA", "", "x"};\nconst char* value = getenv("x");\n',
    "src/tensor/dim.cc": '#include "base/error.h"\n',
    "src/ops/add.cc": '#include "base/error.h"\n#include "tensor/dim.h"\n',
    "src/api/api.cc": '#include "ingot/ingot.h"\n#include "ops/add.h"\n',
    "apps/cli/main.cc": '#include "flags.h"\n#include "ingot/ingot.h"\n',
    "apps/cli/flags.h": "#pragma once\n",
    "include/ingot/ingot.h": "#pragma once\n#include <stddef.h>\n",
    "tools/packages.txt": "build: cmake\n",
    "tools/requirements-test.txt": "onnx==1.22.0\n",
    "tools/models.txt": "# none\n",
    "docs/dependencies.md": "`cmake` builds, `onnx` tests\n",
    "docs/knobs.md": "# Knobs\n| `INGOT_ISA` | level |\n",
}


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for path, text in SOUND.items():
            self.plant(path, text)

    def plant(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def assert_fault(self, found: list[str], *words: str) -> None:
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])
