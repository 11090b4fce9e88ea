"""The page of fusions is printed from its table and refuses what does not exist."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import write_fusions

PASS = 'Pass fuse() {\n  return {"fuse",\n          "Nothing follows. "\n          "Really.",\n          "First.",\n          {}};\n}\n'


class Fusions(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        for name in ("src/passes", "tests", "tools", "docs"):
            (self.root / name).mkdir(parents=True)
        (self.root / "src/passes/fuse.cc").write_text(PASS)
        (self.root / "src/passes/pipeline.cc").write_text('{"a", true, {fuse()}}')
        (self.root / "tests/fuse_test.cc").write_text("TEST(Fuse, Works) {}\n")

    def tearDown(self):
        self.folder.cleanup()

    def faults_of(self, line):
        (self.root / write_fusions.TABLE).write_text(line + "\n")
        return write_fusions.faults(self.root)

    def test_good_rows_are_printed_with_the_definition_of_their_pass(self):
        self.assertEqual(self.faults_of("layers | a + b | done | fuse | Fuse.Works |"), [])
        self.assertIn("| a + b | done | `fuse` | `Fuse.Works` |  |", write_fusions.page(self.root))
        self.assertIn("| `fuse` | Nothing follows. Really. | First. |", write_fusions.page(self.root))
        self.assertIn("is not what", write_fusions.problems(self.root)[0])

    def test_names_that_do_not_exist_are_faults(self):
        self.assertIn("no pass other", self.faults_of("layers | a | done | other | |")[0])
        self.assertIn("no test Fuse.Fails", self.faults_of("layers | a | done | fuse | Fuse.Fails |")[0])
        self.assertIn("the state is", self.faults_of("layers | a | maybe | fuse | |")[0])
        self.assertIn("no group", self.faults_of("other | a | done | fuse | |")[0])


if __name__ == "__main__":
    unittest.main()
