"""JUnit reports, the one form in which every runner of `./dev test` says what passed."""
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Report:
    suite: str
    cases: list[tuple[str, str, str]] = field(default_factory=list)  # name, "passed" | "failed" | "skipped", text

    def add(self, name: str, status: str, text: str = "") -> None:
        self.cases.append((name, status, text))

    def failed(self) -> bool:
        return any(status == "failed" for _, status, _ in self.cases)

    def write(self, path: Path) -> None:
        suite = xml.Element("testsuite", name=self.suite, tests=str(len(self.cases)))
        for name, status, text in self.cases:
            case = xml.SubElement(suite, "testcase", classname=self.suite, name=name)
            if status != "passed":
                xml.SubElement(case, "failure" if status == "failed" else "skipped").text = text
        path.parent.mkdir(parents=True, exist_ok=True)
        xml.ElementTree(suite).write(path, encoding="unicode")


def read_cases(path: Path) -> list[tuple[str, str]]:
    """(name, status) of every case of a JUnit file, whoever wrote it (CTest, pytest, this module)."""
    cases = []
    for case in xml.parse(path).iter("testcase"):
        name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
        if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
            cases.append((name, "failed"))
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            cases.append((name, "skipped"))
        else:
            cases.append((name, "passed"))
    return cases
