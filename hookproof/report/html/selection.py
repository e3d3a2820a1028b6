"""Which cases of an HTML report get a section and a picture, within its size.

What was not expected comes first, then what is violated. Of cases that came out alike (the repeats of one, mostly) the
first speaks for the others. A picture for which there is no room is drawn again with shorter texts before it is left
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hookproof import clean, journal
from hookproof.clean import markup as escape
from hookproof.judge.verdict import Verdict
from hookproof.records import Record
from hookproof.records.run import Case
from hookproof.report.html import case as html_case
from hookproof.report.html.svg import picture
from hookproof.report.results import Result
from hookproof.report.timeline.build import MOST_EVENTS, build
from hookproof.report.timeline.model import Timeline

FEW = 30
"""So few cases that each has its picture, also where all is well."""
MOST_BYTES = 9_400_000
_NO_ROOM = "No picture: this report would be too large with it. The journal has it all."
_SHORT = 80
_COMPACT = 900
"""What a case costs, roughly, in the matrix and in the table of the cases without a section."""
_LONGEST = (4000, 700, 150, 0)
"""How much of a text is shown, from a small report to one that is nearly too large (0: of no text)."""


def choose(sections: Sequence[html_case.Section], *, journals: bool) -> set[str]:
    """Draw the pictures of the cases that matter most; the anchors of all that get a section."""
    few = len(sections) <= FEW
    left = MOST_BYTES - _COMPACT * len(sections)
    alike = _alike(sections)
    shown: set[str] = set()
    to_open = len(sections) if len(sections) <= 3 else 1
    too_long: int | None = None
    for each in sorted(sections, key=lambda one: (_rank(one), int(one.anchor[1:]))):
        if _rank(each) == _FINE and not few:
            continue
        first = alike[each.anchor]
        if first != each.anchor and first in shown and each.result.expected and not few:
            each.alike = first
            continue
        left -= _text_size(each)
        if left <= 0:
            break
        shown.add(each.anchor)
        if journals:
            # room only shrinks: of a journal as long as one for which there was none nothing is tried
            if too_long is not None and _length(each) >= too_long:
                each.note = _NO_ROOM
                continue
            left -= _draw(each, few=few, room=left)
            if each.note == _NO_ROOM:
                too_long = _length(each)
            each.open = bool(each.body) and to_open > 0 and (_rank(each) < _CALM or len(sections) <= 3)
            to_open -= each.open
    return shown


_CALM, _FINE = 2, 3


def _rank(section: html_case.Section) -> int:
    if not section.result.expected:
        return 0
    return {Verdict.CONFORMS: _FINE, Verdict.NOT_TESTED: _CALM}.get(section.result.verdict, 1)


def _alike(sections: Sequence[html_case.Section]) -> dict[str, str]:
    """By anchor: the anchor of the first case that came out so, on the same plugin and host."""
    first: dict[tuple[object, ...], str] = {}
    found = {}
    for each in sections:
        result = each.result
        outcomes = tuple((check.id, check.verdict, check.seen) for check in result.checks)
        key = (result.scenario, result.plugin, each.host, result.cause, result.expected, outcomes)
        found[each.anchor] = first.setdefault(key, each.anchor)
    return found


def _draw(section: html_case.Section, *, few: bool, room: int) -> int:
    """Give a section its picture; its size in bytes, 0 where there is none."""
    records = _records_of(section.result)
    if records is None:
        section.note = (
            "No picture: what the result names as its journal is not there, or is not the journal of this case."
        )
        return 0
    try:
        drawn = build(records, section.result.checks)
    except Exception as error:  # a record that is not what this version writes costs its picture, not the report
        section.note = f"No picture: the journal cannot be understood ({type(error).__name__})."
        return 0
    section.title = clean.line(records[0].title if isinstance(records[0], Case) else "")
    for longest in _LONGEST if few else _LONGEST[1:]:
        body = "".join(_body(records, drawn, section.anchor, longest))
        size = len(body.encode("utf-8", "replace"))
        if size <= room:
            section.body = body
            section.moments = {row.anchor for row in drawn.rows if row.anchor}
            return size
    section.note = _NO_ROOM
    return 0


def _records_of(result: Result) -> list[Record] | None:
    """The journal of a result; None when the file that a result names (any file, in one from elsewhere) is not that.

    Of a file that is none nothing is said: a page that is shown to others does not quote this machine's files.
    """
    try:
        records = journal.read(Path(result.journal))
    except journal.JournalError:
        return None
    case = records[0] if records else None
    if not isinstance(case, Case):
        return None
    mine = (result.scenario, result.plugin, result.lifecycle)
    return records if mine == tuple(clean.text(each) for each in (case.scenario, case.plugin, case.lifecycle)) else None


def _length(section: html_case.Section) -> int:
    try:
        return Path(section.result.journal).stat().st_size
    except OSError:
        return 0


def _body(records: list[Record], drawn: Timeline, name: str, longest: int) -> Iterator[str]:
    yield from picture(drawn, name, longest=longest)
    yield f"<p class=note>{len(drawn.rows):,} events. "
    if drawn.left_out:
        yield f"<strong>{drawn.left_out:,} events more are left out: a picture shows {MOST_EVENTS:,}.</strong> "
        if drawn.broken_later:
            yield f"<strong>What broke {escape(', '.join(drawn.broken_later))} came later than these.</strong> "
    yield f"{drawn.hidden:,} records more say nothing new (the host’s own output and the like): in the table only."
    if longest < _LONGEST[0]:
        what = f"Texts are cut at {longest} characters" if longest else "What lies behind the events is left out"
        yield f" {what}, for the size of this report."
    yield "</p>"
    yield from html_case.records_table(records, name, most=MOST_EVENTS, longest=longest or _SHORT)


def _text_size(section: html_case.Section) -> int:
    """What a section costs without a picture, roughly."""
    result = section.result
    checks = sum(len(check.detail) + len(row.sentence if row else "") + 500 for check, row in section.checks)
    texts = sum(map(len, [*result.errors, *result.unexpected, *result.reasons]))
    return 2000 + checks + texts + 400 * len(section.culprit)
