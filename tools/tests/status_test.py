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


if __name__ == "__main__":
    unittest.main()
