"""A gate as JUnit XML, which every CI system reads.

    meets criterion             a test that passed
    does not meet criterion     <failure>
    inconclusive, not tested    <error>
    not applicable              <skipped>
    a run that cannot be judged <error>

"Inconclusive" is an error and not a skipped test, since a skipped test is shown as green: a file
has a failure or an error exactly where the gate is closed. What is said stands in the element and
not in its `message` alone, which some readers leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from auditor.records import Verdict
from auditor.report.gate.decision import Case
from auditor.report.gate.text import writable

_ELEMENTS = {1: "failure", 2: "error", 3: "error"}
"""Exit code -> element; none for 0."""
_NAME = "auditor gate"


def junit_xml(cases: Sequence[Case], facts: dict[str, str]) -> str:
    """Returns the XML document. `facts`: what identifies the run, as properties of the suite."""
    root = Xml.Element("testsuites", {"name": _NAME, **_counts(cases)})
    suite = Xml.SubElement(root, "testsuite", {"name": _NAME, **_counts(cases)})
    properties = Xml.SubElement(suite, "properties")
    for name, value in facts.items():
        Xml.SubElement(properties, "property", {"name": name, "value": writable(value)})
    for case in cases:
        _add(suite, case)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=False).join((_HEAD, "\n"))


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _add(suite: Xml.Element, case: Case) -> None:
    names = {"classname": f"auditor.{case.subject}", "name": case.name, "time": "0"}
    test = Xml.SubElement(suite, "testcase", {k: writable(v) for k, v in names.items()})
    text, kind = writable(case.text), case.verdict.value if case.verdict else "not judged"
    element = _element(case)
    if element is None:
        Xml.SubElement(test, "system-out").text = text
    else:
        given = {"message": f"{kind}: {text}"} | ({} if element == "skipped" else {"type": kind})
        Xml.SubElement(test, element, given).text = text


def _element(case: Case) -> str | None:
    return "skipped" if case.verdict is Verdict.NOT_APPLICABLE else _ELEMENTS.get(case.exit_code)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    elements = [_element(case) for case in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
    }
