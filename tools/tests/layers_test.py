import unittest

from planted import Planted

import check_layers


class Layers(Planted):
    def test_a_sound_project_has_no_fault(self):
        self.assertEqual(check_layers.problems(self.root), [])

    def test_an_include_upwards_is_a_fault(self):
        self.plant("src/base/error.h", '#include "tensor/dim.h"\n')
        self.assert_fault(check_layers.problems(self.root), "src/base/error.h", "base may not include tensor")

    def test_an_include_with_angle_brackets_is_no_way_round(self):
        self.plant("src/base/error.h", "#  include <ops/add.h>\n")
        self.assert_fault(check_layers.problems(self.root), "base may not include ops")

    def test_a_relative_include_is_a_fault(self):
        self.plant("src/tensor/dim.cc", '#include "../base/error.h"\n')
        self.assert_fault(check_layers.problems(self.root), "does not start with a module")

    def test_a_library_that_includes_the_public_header_is_a_fault(self):
        self.plant("src/ops/add.cc", '#include "ingot/ingot.h"\n')
        self.assert_fault(check_layers.problems(self.root), "public header")

    def test_an_application_that_reaches_under_the_api_is_a_fault(self):
        for include in ('"base/error.h"', '"../../src/base/error.h"', "<base/error.h>"):
            self.plant("apps/cli/main.cc", f"#include {include}\n")
            self.assert_fault(check_layers.problems(self.root), "neither a public header nor a file beside it")

    def test_a_folder_that_is_no_module_is_a_fault(self):
        self.plant("src/extra/x.cc", "\n")
        self.assert_fault(check_layers.problems(self.root), "src/extra is no module")

    def test_a_cmake_dependency_outside_the_table_is_a_fault(self):
        self.plant("src/CMakeLists.txt", "ingot_module(base DEPENDS ops LINK fmt)\n")
        self.assert_fault(check_layers.problems(self.root), "base depends on ops")

    def test_a_table_that_is_missing_or_names_a_later_row_is_a_fault(self):
        self.plant("ARCHITECTURE.md", "| module | holds | may include |\n|---|---|---|\n| `a` | x | b |\n| `b` | x | - |\n")
        self.assert_fault(check_layers.problems(self.root), "no row above it")
        self.plant("ARCHITECTURE.md", "nothing\n")
        self.assert_fault(check_layers.problems(self.root), "no table")


if __name__ == "__main__":
    unittest.main()
