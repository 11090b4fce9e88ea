import unittest

from planted import Planted

import check_docs
import check_format
import check_rules
import check_size


class Size(Planted):
    def test_only_the_hard_limit_fails_and_a_reason_lifts_it(self):
        self.plant("src/ops/add.cc", "\n" * 700)
        self.assertEqual(check_size.problems(self.root), [])
        self.assertIn("src/ops/add.cc: 700 lines, over the soft limit", check_size.summary(self.root))
        self.plant("src/ops/add.cc", "\n" * 701)
        self.assert_fault(check_size.problems(self.root), "src/ops/add.cc: 701 lines")
        self.plant("tools/size_exceptions.txt", "# note\nsrc/ops/add.cc one table\n")
        self.assertEqual(check_size.problems(self.root), [])

    def test_an_exception_that_is_not_needed_is_a_fault(self):
        self.plant("tools/size_exceptions.txt", "src/ops/add.cc one table\n")
        self.assert_fault(check_size.problems(self.root), "needs no exception")


class Rules(Planted):
    def test_a_sound_project_has_no_fault(self):
        self.assertEqual(check_rules.problems(self.root), [])

    def test_vague_names_are_faults(self):
        self.plant("src/ops/string_utils.h", "\n")
        self.assert_fault(check_rules.problems(self.root), "'utils' names no idea")

    def test_a_library_that_prints_exits_or_reads_the_environment_is_a_fault(self):
        for code, word in (('std::cerr << "x";', "prints"), ("printf(text);", "prints"), ("fmt::print(x);", "prints"),
                           ("std::abort();", "ends the process"), ("exit(1);", "ends the process"),
                           ('std::getenv("X");', "environment")):
            self.plant("src/ops/add.cc", f"void f() {{ {code} }}\n")
            self.assert_fault(check_rules.problems(self.root), "src/ops/add.cc", word)

    def test_comments_strings_tests_and_look_alikes_are_no_faults(self):
        self.plant("src/ops/add.cc", '// abort()\nconst char* s = "exit(1)"; int x = snprintf(b, 1, s); loop.exit();\n')
        self.plant("src/ops/add_test.cc", 'int main() { std::getenv("X"); }\n')
        self.assertEqual(check_rules.problems(self.root), [])


class Docs(Planted):
    def test_a_sound_project_has_no_fault(self):
        self.plant("README.md", "[knobs](docs/knobs.md#knobs) [web](https://example.org) [here](#top)\n# Top\n")
        self.assertEqual(check_docs.problems(self.root), [])

    def test_dead_links_and_headings_are_faults(self):
        self.plant("README.md", "[x](docs/missing.md)\n")
        self.assert_fault(check_docs.problems(self.root), "docs/missing.md, which does not exist")
        self.plant("README.md", "[x](docs/knobs.md#nothing)\n")
        self.assert_fault(check_docs.problems(self.root), "no heading #nothing")

    def test_an_unexplained_dependency_is_a_fault(self):
        self.plant("tools/packages.txt", "build: cmake libnew-dev\n")
        self.assert_fault(check_docs.problems(self.root), "`libnew-dev`")

    def test_knobs_and_their_page_agree(self):
        self.plant("src/base/knobs.cc", 'const Knob a{"INGOT_ISA"}; const Knob b{"INGOT_NEW"};\n')
        self.assert_fault(check_docs.problems(self.root), "INGOT_NEW is not documented")
        self.plant("src/base/knobs.cc", "\n")
        self.assert_fault(check_docs.problems(self.root), "INGOT_ISA is no knob")


class Format(Planted):
    def test_a_file_that_clang_format_would_change_is_a_fault(self):
        before = check_format.problems(self.root)
        self.plant("src/ops/add.cc", "int  x=1;\n")
        self.assertEqual(set(check_format.problems(self.root)) - set(before),
                         {"src/ops/add.cc: not formatted; run ./dev format"})


if __name__ == "__main__":
    unittest.main()
