import unittest

from planted import Planted

from tidy_cache import TidyCache


class KnownFiles(Planted):
    def setUp(self):
        super().setUp()
        self.plant("a.cc", '#include "a.h"')
        self.plant("a.h", "int a();")
        self.cache().remember("a.cc", f"c++ -I{self.root}", ["a.h", "a.cc"])

    def cache(self, settings: str = "14") -> TidyCache:
        return TidyCache(self.root / "cache", self.root, settings)

    def knows(self, settings: str = "14", options: str = "") -> bool:
        return self.cache(settings).knows("a.cc", f"c++ -I{self.root}{options}")

    def test_a_file_that_passed_is_known(self):
        self.assertTrue(self.knows())
        self.assertFalse(self.cache().knows("b.cc", "c++"))

    def test_its_content_its_headers_its_command_and_the_settings_count(self):
        self.assertFalse(self.knows("15"))
        self.assertFalse(self.knows(options=" -DX"))
        self.plant("a.h", "int b();")
        self.assertFalse(self.knows())
        self.plant("a.h", "int a();")
        self.plant("a.cc", "")
        self.assertFalse(self.knows())

    def test_a_content_that_comes_back_is_known_again(self):
        self.plant("a.h", "int b();")
        self.cache().remember("a.cc", f"c++ -I{self.root}", ["a.h"])
        self.plant("a.h", "int a();")
        self.assertTrue(self.knows())

    def test_a_header_that_went_makes_the_file_unknown(self):
        (self.root / "a.h").unlink()
        self.assertFalse(self.knows())

    def test_another_clone_shares_what_passed(self):
        other = self.root / "clone"
        self.plant("clone/a.cc", '#include "a.h"')
        self.plant("clone/a.h", "int a();")
        self.assertTrue(TidyCache(self.root / "cache", other, "14").knows("a.cc", f"c++ -I{other}"))


if __name__ == "__main__":
    unittest.main()
