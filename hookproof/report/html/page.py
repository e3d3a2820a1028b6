"""The HTML report: one file, without the network and readable without JavaScript, of a whole run of the suite.

What a maintainer looks for comes first: what was not as expected, and then every other case that violates something,
each with its picture. A report stays below ten megabytes: what is left out for that is said in it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.verdict import Verdict
from hookproof.report import untested
from hookproof.report.html import case as html_case
from hookproof.report.html.matrix import matrix
from hookproof.report.html.selection import choose
from hookproof.report.isolation import told
from hookproof.report.not_played import gaps
from hookproof.report.results import Report, patiences

_MOST_SURPRISES = 100
_TEMPLATES = Path(__file__).parent / "templates"


def write(path: Path, report: Report, *, journals: bool = True, plugins: Mapping[str, str] | None = None) -> None:
    """Write the report to `path`. Raises OSError.

    `journals` says whether to read each result's journal for its picture; `plugins` how a plugin was named on the
    command line, by its name in the results: for the command that replays a case.
    """
    path.write_text(render(report, journals=journals, plugins=plugins), encoding="utf-8", newline="\n")


def render(report: Report, *, journals: bool = True, plugins: Mapping[str, str] | None = None) -> str:
    """The report as one HTML document: the same for the same input."""
    requirements = read_requirements()
    sections = [
        html_case.section(number, each, requirements, plugins or {}) for number, each in enumerate(report.results, 1)
    ]
    shown = choose(sections, journals=journals)
    compact = [each for each in sections if each.anchor not in shown]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        report=report,
        isolations=told(report.results),
        patiences=patiences(report.results),
        gaps=gaps(report.results),
        sections=[each for each in sections if each.anchor in shown],
        compact=compact,
        left_out=_left_out(compact),
        surprises=[each for each in sections if not each.result.expected][:_MOST_SURPRISES],
        untested=list(untested.by_reason(each for each in report.untested if not each.unexpected).items()),
        unexpected=sum(not each.result.expected for each in sections),
        matrix=matrix(sections),
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        digest=digest,
        link=html_case.link,
        markup=Markup,
    )


def _left_out(compact: Sequence[html_case.Section]) -> list[str]:
    """Why cases have no section of their own, with how many each time."""
    fine = sum(each.result.expected and each.result.verdict is Verdict.CONFORMS for each in compact)
    alike = sum(bool(each.alike) for each in compact)
    counted = (
        (fine, "as expected and conforming"),
        (alike, "came out like another of the same plugin and host, which has the picture"),
        (len(compact) - fine - alike, "came when there was no room any more"),
    )
    return [f"{number} {why}" for number, why in counted if number]
