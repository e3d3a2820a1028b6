"""JUnit XML: one suite per column, one test case per case, in the shape that Jenkins and Surefire read.

An unexpected violation is a failure, an unknown verdict an error (nothing was proved). A known violation of the
baseline, a case that is not tested and one that was not played are skipped, each with its reason. A requirement whose
test the baseline expects otherwise is a test case of its own. Everything else that was found is in the properties.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from hookproof import clean
from hookproof.judge.verdict import BaselineStatus, Verdict
from hookproof.report.columns import Column, by_column, tally
from hookproof.report.isolation import told
from hookproof.report.results import NOTHING_TESTED, Report, Result, Skipped

_NOT_XML = re.compile("[\ufffe\uffff]")


def write(path: Path, report: Report) -> None:
    """Write `report` to `path`. Raises OSError."""
    path.write_text(document(report), encoding="utf-8", newline="\n")


def document(report: Report) -> str:
    """The whole document."""
    suites = [_suite(column, results, report) for column, results in by_column(report.results).items()]
    suites += _left_out(report.skipped, suites)
    suites += _requirements(report)
    for suite in suites:
        _count(suite)
    attributes = {"name": f"hookproof {report.hookproof}", "time": f"{report.summary.seconds:.3f}"}
    for name in ("tests", "failures", "errors", "skipped"):
        attributes[name] = str(sum(int(suite.get(name, "0")) for suite in suites))
    root = ElementTree.Element("testsuites", attributes)
    root.extend(suites)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(column: Column, results: list[Result], report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": _clean(column.label())})
    first = results[0]
    properties = {
        "hookproof": report.hookproof,
        "plugin": column.plugin,
        "lifecycle": column.lifecycle,
        "host": f"{first.host.name} {first.host.version}",
        "worker": f"{first.worker.name} {first.worker.version}",
        "platform": first.platform or report.platform,
        "python": first.python or report.python,
        "isolation": "; ".join(each.head for each in told(results)),
        "not prevented": "; ".join(dict.fromkeys(clause for each in told(results) for clause in each.not_prevented)),
        "baseline": report.baseline or "",
    }
    _properties(suite, properties)
    for each in results:
        suite.append(_case(column, each))
    return suite


def _case(column: Column, each: Result) -> ElementTree.Element:
    name = each.scenario + (f" #{each.repeat}" if each.repeat > 1 else "")
    case = _named(column, name, each.seconds)
    properties = {
        "verdict": each.verdict,
        "signature": each.signature or "",
        "culprit": each.culprit.sentence if each.culprit is not None else "",
        "plugin": each.plugin,
        "lifecycle": each.lifecycle,
        "baseline": each.baseline or "",
        "shell timeouts": each.played_longer or "",
        "not played": "; ".join(thing.sentence for thing in each.not_played),
        "replays": ", ".join(each.replays),
        "journal": each.journal,
        **{f"check {check.id}": f"{check.verdict}: {check.told}{check.said}" for check in each.checks},
    }
    _properties(case, properties)
    known = [check for check in each.checks if check.baseline is BaselineStatus.KNOWN]
    if not each.expected:
        # what is certain outweighs a doubt beside it
        certain = each.verdict is Verdict.VIOLATES or each.baseline is BaselineStatus.STALE
        kind = "stale" if each.baseline is BaselineStatus.STALE else each.verdict
        outcome = ElementTree.SubElement(
            case, "failure" if certain else "error", {"type": kind, "message": _clean("; ".join(each.unexpected))}
        )
        outcome.text = _clean("\n".join(evidence(each)))
    elif known:
        reason = "; ".join(f"{check.id}: {check.reason}" for check in known)
        ElementTree.SubElement(case, "skipped", {"type": "known violation", "message": _clean(reason)})
    elif each.verdict is Verdict.NOT_TESTED:
        ElementTree.SubElement(case, "skipped", {"type": "not tested", "message": _clean(each.not_tested_because)})
    elif each.verdict is not Verdict.CONFORMS:
        others = [check for check in each.checks if check.verdict is not Verdict.CONFORMS]
        others_listed = ", ".join(f"{check.id} {check.verdict}" for check in others)
        ElementTree.SubElement(case, "system-out").text = _clean(f"as expected: {others_listed}")
    return case


def evidence(each: Result) -> list[str]:
    """What was accepted against what was seen, and who did it: plain lines, as the failure's text."""
    lines = []
    for check in each.checks:
        if check.verdict is Verdict.CONFORMS and check.baseline is not BaselineStatus.STALE:
            continue
        if check.verdict is Verdict.NOT_TESTED:
            lines.append(f"{check.id}{check.said} not tested: {check.detail}")
            continue
        known = f" (known: {check.reason})" if check.baseline is BaselineStatus.KNOWN else ""
        lines += [
            f"{check.id}{check.said} {check.verdict}{known}",
            f"  accepted: {', '.join(check.accepted)}",
            f"  seen:     {check.seen}",
            f"  {check.detail}",
        ]
    if each.cause:
        lines.append(f"cause {each.cause}: {'; '.join(each.reasons)}")
    if each.culprit is not None:
        lines.append(f"culprit: {each.culprit.sentence}")
    lines += [cut.sentence for cut in each.cut_short]
    lines += [f"error: {error}" for error in each.errors]
    if each.played_longer is not None:
        lines.append(each.played_longer)
    if each.replays:
        lines.append(tally(each))
    return [*lines, f"journal: {each.journal}"]


def _left_out(skipped: list[Skipped], suites: list[ElementTree.Element]) -> list[ElementTree.Element]:
    """The cases that were not played, in the suite of their column; returned are the suites that had to be made."""
    by_name = {suite.get("name"): suite for suite in suites}
    made = []
    for each in skipped:
        column = Column(each.plugin, each.lifecycle)
        name = _clean(column.label())
        if name not in by_name:
            by_name[name] = ElementTree.Element("testsuite", {"name": name})
            made.append(by_name[name])
        case = _named(column, each.scenario, 0.0)
        ElementTree.SubElement(case, "skipped", {"type": "not played", "message": _clean(each.reason)})
        by_name[name].append(case)
    return made


def _requirements(report: Report) -> list[ElementTree.Element]:
    """What the baseline says of requirements that no case tests, and whether anything was tested at all."""
    suites: dict[str, ElementTree.Element] = {}

    def add(column: Column, name: str, tag: str, kind: str, message: str) -> None:
        suite = suites.setdefault(
            column.plugin, ElementTree.Element("testsuite", {"name": _clean(f"requirements · {column.plugin}")})
        )
        case = _named(column, name, 0.0)
        ElementTree.SubElement(case, tag, {"type": kind, "message": _clean(message)})
        suite.append(case)

    several = len({each.platform for each in report.untested}) > 1
    for each in report.untested:
        column, name = Column(each.plugin, each.lifecycle, each.platform if several else ""), each.requirement
        if each.unexpected:
            kind = "not tested" if each.baseline is BaselineStatus.NEW else "stale"
            add(column, f"{name} is tested", "failure", kind, each.sentence)
        elif each.baseline is BaselineStatus.KNOWN:
            add(column, f"{name} is tested", "skipped", "not tested", each.reason or "")
    if report.nothing_tested:
        plugins = ", ".join(dict.fromkeys(each.plugin for each in report.results))
        add(Column(plugins, ""), "something is tested", "failure", "not tested", NOTHING_TESTED)
    return list(suites.values())


def _named(column: Column, name: str, seconds: float) -> ElementTree.Element:
    # readers take what stands before the last dot for a package: a version is none
    parts = [part.replace(".", "_") for part in (column.plugin, column.lifecycle, column.machine) if part]
    return ElementTree.Element(
        "testcase", {"classname": _clean(".".join(parts)), "name": _clean(name), "time": f"{seconds:.3f}"}
    )


def _properties(parent: ElementTree.Element, named: dict[str, str]) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in named.items():
        if value:
            ElementTree.SubElement(properties, "property", {"name": _clean(name), "value": _clean(value)})


def _count(suite: ElementTree.Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(plural, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


def _clean(text: str) -> str:
    """What a plugin printed may hold characters that XML cannot."""
    return _NOT_XML.sub("\ufffd", clean.text(text))
