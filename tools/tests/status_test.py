import json
import pathlib
import tempfile
import unittest

import planted  # noqa: F401  finds the tools

import write_status


class Status(unittest.TestCase):
    def test_conformance_counts_and_names_what_fails(self):
        text = write_status.conformance({
            "folders": {"node": {"passed": 3, "total": 4}, "light": {"passed": 1, "total": 1}},
            "cases": [{"case": "node/a", "passed": True, "reason": ""},
                      {"case": "node/b", "passed": False, "reason": "no a|b\n  in node x"}]})
        self.assertIn("| all | 4 | 5 |", text)
        self.assertIn("| `node/b` | no a\\|b |", text)
        self.assertNotIn("node/a", text)

    def test_models_have_the_columns_they_bring(self):
        text = write_status.models([{"model": "vad", "error": 1e-5}, {"model": "ocr"}])
        self.assertIn("| model | error |", text)
        self.assertIn("| ocr |  |", text)

    def test_topologies_without_rows_have_no_part(self):
        self.assertEqual(write_status.topologies([]), "")

    def test_cases_on_a_gpu_are_counted_by_where_they_ran(self):
        text = write_status.conformance_gpu({
            "device": {"name": "a GPU", "components": [{"name": "cuDNN", "found": True, "detail": "libcudnn.so.9, 9.19.0"},
                                                       {"name": "NVRTC", "found": False, "detail": "no file"}]},
            "places": {"node": {"device": {"passed": 3, "total": 4}, "host": {"passed": 2, "total": 2}},
                       "simple": {"both": {"passed": 1, "total": 1}, "not run": {"passed": 0, "total": 1}}},
            "cases": [{"case": "node/b", "passed": False, "reason": "crashed"}]})
        self.assertIn("a GPU; cuDNN 9.19.0.\n", text)
        self.assertIn("| node | 5 | 6 | 3 of 4 | 0 of 0 | 2 of 2 |", text)
        self.assertIn("| simple | 1 | 2 | 0 of 0 | 1 of 1 | 0 of 0 |", text)
        self.assertIn("| all | 6 | 8 | 3 of 4 | 1 of 1 | 2 of 2 |", text)
        self.assertIn("| `node/b` | crashed |", text)

    def test_parts_without_a_report_stay_as_they_were(self):
        old = write_status.HEAD + "\n## Models\n\nold models\n\n## Memory of activations\n\nold memory\n"
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "models.json").write_text(json.dumps([{"model": "new"}]))
            text = write_status.document(pathlib.Path(folder), old)
        self.assertNotIn("old models", text)
        self.assertIn("| new |", text)
        self.assertTrue(text.endswith("\n## Memory of activations\n\nold memory\n"))


if __name__ == "__main__":
    unittest.main()
