import shutil
import subprocess
import tempfile
import unittest

import planted  # noqa: F401  finds the tools

import check_symbols

API = 'extern "C" int ingot_version() { return 1; }\n'
COMPILER = "namespace ingot::ir { int graph() { return 2; } }\n"


@unittest.skipUnless(shutil.which("g++") and shutil.which("nm"), "needs g++ and binutils")
class Symbols(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.build("compiler.o", COMPILER, "-c")

    def build(self, name: str, source: str, *options: str) -> str:
        path = f"{self.folder}/{name}"
        subprocess.run(["g++", "-std=c++17", "-fPIC", "-x", "c++", "-", *options, "-o", path], input=source, text=True, check=True)
        return path

    def problems(self, runtime: str, whole: str) -> list[str]:
        script = f"{self.folder}/map"
        with open(script, "w") as file:
            file.write("{ global: ingot_*; local: *; };")
        libraries = [self.build(f"{i}.so", source, "-shared", f"-Wl,--version-script={script}")
                     for i, source in enumerate((runtime, whole))]
        return check_symbols.problems(*libraries, [f"{self.folder}/compiler.o"])

    def test_sound_libraries_have_no_fault(self):
        self.assertEqual(self.problems(API, API + COMPILER), [])

    def test_a_runtime_that_holds_compiler_code_is_a_fault(self):
        found = self.problems(API + COMPILER, API + COMPILER)
        self.assertEqual(len(found), 1)
        self.assertIn("holds ingot::ir::graph()", found[0])

    def test_a_whole_library_without_compiler_is_a_fault(self):
        self.assertIn("holds no compiler", self.problems(API, API)[0])

    def test_an_export_beside_the_interface_is_a_fault(self):
        runtime = self.build("runtime.so", API + "int stray() { return 0; }\n", "-shared")
        whole = self.build("whole.so", API + COMPILER, "-shared")
        found = check_symbols.problems(runtime, whole, [f"{self.folder}/compiler.o"])
        self.assertTrue(any("exports stray()" in fault for fault in found), found)


if __name__ == "__main__":
    unittest.main()
