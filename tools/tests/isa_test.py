import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import planted  # noqa: F401  finds the tools

import check_isa

@unittest.skipUnless(shutil.which("g++") and shutil.which("objdump"), "needs g++ and binutils")
class Isa(unittest.TestCase):
    def leaks(self, source: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "x.cc").write_text(source)
            subprocess.run(["g++", "-O0", "-w", "-c", "x.cc", "-o", "x.o"], cwd=folder, check=True)
            return check_isa.leaks(f"{folder}/x.o")

    def test_a_shared_inline_function_with_wide_registers_is_a_leak(self):
        source = """
            typedef float V __attribute__((vector_size(64)));
            #pragma GCC push_options
            #pragma GCC target("avx512f")
            template <class T> T twice(const T& x) { return x + x; }
            void use(V* x) { *x = twice(*x); }
            #pragma GCC pop_options"""
        self.assertEqual(len(self.leaks(source)), 1)

    def test_the_same_in_an_isa_namespace_or_internal_is_none(self):
        for wrap in ("namespace ingot { namespace avx512 { %s } }", "namespace { %s } void (*keep)(V*) = use;"):
            body = "template <class T> T twice(const T& x) { return x + x; } void use(V* x) { *x = twice(*x); }"
            source = ("typedef float V __attribute__((vector_size(64)));\n#pragma GCC push_options\n"
                      '#pragma GCC target("avx512f")\n' + wrap % body + "\n#pragma GCC pop_options")
            self.assertEqual(self.leaks(source), [])


if __name__ == "__main__":
    unittest.main()
