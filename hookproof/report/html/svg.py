"""A space-time picture as inline SVG, with its sentences beside it, row by row.

Written by hand instead of by a template: a report holds tens of thousands of these elements. Every text is escaped
here; a class says what a thing is, and the style sheet how that looks in the light, in the dark and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator

from hookproof.clean import markup as escape
from hookproof.report.timeline.model import Arrow, Bar, Lane, Mark, Row, Timeline

ROW = 20
SHEET = 40
"""Rows on one sheet: what fits on a page of paper, so that no row is cut there. An even number, for the stripes."""
_TIME = 60
_WIDTHS = {"hooks": 124, "hookproof": 78, "model": 60}
_LANE = 70
_COLOURS = 6
_STEP = 9


def picture(timeline: Timeline, name: str, *, longest: int) -> Iterator[str]:
    """The HTML of a picture; `name` begins its anchors, `longest` cuts its details."""
    if not timeline.rows:
        yield "<p class=note>The journal tells of no event.</p>"
        return
    drawing = _Drawing(timeline)
    yield f'<div class=picture style="--w:{drawing.width}px">'
    yield from drawing.head()
    for first in range(0, len(timeline.rows), SHEET):
        if first:
            yield from drawing.head(again=True)
        yield "<div class=body>"
        yield from drawing.svg(first)
        yield '<ol class=rows aria-label="what happened, in order">'
        for row in timeline.rows[first : first + SHEET]:
            yield from _sentence(row, name, longest)
        yield "</ol></div>"
    yield "</div>"


def _sentence(row: Row, name: str, longest: int) -> Iterator[str]:
    label = escape(row.text)
    tone = "" if row.tone == "plain" else f" class={row.tone}"
    if row.anchor:
        tone += f' id="{name}-{escape(row.anchor)}"'
    if not row.details or not longest:
        yield f"<li{tone} title={_quoted(row.text)}>{label}</li>"
        return
    yield f"<li{tone}><details><summary>{label}</summary><div class=more><p>{label}</p>"
    for detail in row.details:
        yield f"<h5>{escape(detail.name)}</h5><pre>{escape(cut(detail.text, longest))}</pre>"
    yield f"<p><a href=#{name}r{row.seq}>record {row.seq}</a></p></div></details></li>"


def cut(text: str, longest: int) -> str:
    """A long text's beginning, and how much is not shown."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest:,} characters more are in the journal)"


def _quoted(text: str) -> str:
    return f'"{escape(text)}"'


class _Drawing:
    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.left: dict[str, int] = {}
        self.middle: dict[str, int] = {}
        self.lanes = {lane.key: lane for lane in timeline.lanes}
        self.colours: dict[str, int] = {}
        x = _TIME
        for lane in timeline.lanes:
            self.left[lane.key] = x
            width = _width(lane)
            self.middle[lane.key] = x + (24 if lane.kind == "hooks" else width // 2)
            x += width
            if lane.kind in {"session", "agent"}:
                self.colours[lane.key] = len(self.colours) % _COLOURS
        self.width = x
        self.columns = _columns(timeline.bars, len(timeline.rows))
        self.arrows: dict[int, list[Arrow]] = {}
        for arrow in timeline.arrows:
            self.arrows.setdefault(arrow.row, []).append(arrow)
        self.marks: dict[int, list[Mark]] = {}
        for mark in timeline.marks:
            self.marks.setdefault(mark.row, []).append(mark)
        self.hooks: dict[int, int] = {}
        """By row: the column of the latest hook that runs then."""
        for bar in timeline.bars:
            if bar.kind == "hook":
                last = bar.last if bar.last is not None else len(timeline.rows) - 1
                self.hooks |= dict.fromkeys(range(bar.first, last + 1), self.columns.get(id(bar), 0))

    def head(self, *, again: bool = False) -> Iterator[str]:
        yield '<div class="head again" aria-hidden=true>' if again else "<div class=head>"
        yield f'<b style="width:{_TIME - 6}px">time</b>'
        for lane in self.timeline.lanes:
            colour = f" class=k{self.colours[lane.key]}" if lane.key in self.colours else ""
            tip = _quoted(f"{lane.title}: {lane.note}")
            note = f"<i>{escape(lane.note)}</i>" if lane.note else ""
            yield f'<b{colour} style="width:{_width(lane)}px" title={tip}>{escape(lane.title)}{note}</b>'
        yield "</div>"

    def svg(self, first: int) -> Iterator[str]:
        """One sheet. What reaches beyond it is cut at its edges and goes on in the next."""
        after = min(first + SHEET, len(self.timeline.rows))
        top, height = first * ROW, (after - first) * ROW
        size = f'width="{self.width}" height="{height}" viewBox="0 {top} {self.width} {height}"'
        yield f'<svg {size} role=img aria-label="one lane a process or agent, time downwards">'
        for lane in self.timeline.lanes:
            yield f'<path class=lane d="M{self.middle[lane.key]} {top}V{top + height}"/>'
        yield from self._times(first, after)
        for bar in self.timeline.bars:
            if bar.first < after and (bar.last is None or bar.last >= first):
                yield from self._bar(bar)
        for number in range(first, after):
            for arrow in self.arrows.get(number, ()):
                yield from self._arrow(arrow)
            for mark in self.marks.get(number, ()):
                yield self._mark(mark)
        yield "</svg>"

    def _times(self, first: int, after: int) -> Iterator[str]:
        before = ""
        for number in range(first, after):
            row = self.timeline.rows[number]
            if row.tone == "broken":
                yield f'<rect class=band y="{number * ROW}" width="{self.width}" height="{ROW}"/>'
            label = f"{row.at:,.0f} ms" if row.at < 100_000 else f"{row.at / 1000:,.1f} s"
            if label != before:
                yield f'<text class=at x="{_TIME - 10}" y="{number * ROW + 14}">{label}</text>'
            before = label

    def _x(self, bar: Bar) -> int:
        return self.middle[bar.lane] + self.columns.get(id(bar), 0) * _STEP

    def _bar(self, bar: Bar) -> Iterator[str]:
        rows = len(self.timeline.rows)
        top, last = bar.first * ROW + 4, bar.last if bar.last is not None else rows - 1
        bottom = last * ROW + ROW - 4 if bar.last is not None else rows * ROW
        x, half = self._x(bar), 6 if bar.kind in {"held", "hook"} else 3
        colour = f" k{self.colours[bar.owner or bar.lane]}" if (bar.owner or bar.lane) in self.colours else ""
        if bar.known_from is not None and bar.known_from > bar.first:
            yield f'<path class=unknown d="M{x} {top}V{bar.known_from * ROW + 4}"/>'
            top = bar.known_from * ROW + 4
        box = f'x="{x - half}" y="{top}" width="{half * 2}" height="{max(bottom - top, 8)}"'
        yield f'<rect class="bar {bar.kind}{colour}" {box} rx="2"/>'
        if bar.label:
            label = self._x(bar) + 12
            yield f'<text class="label{colour}" x="{label}" y="{bar.first * ROW + 14}">{escape(bar.label)}</text>'

    def _arrow(self, arrow: Arrow) -> Iterator[str]:
        y = arrow.row * ROW + 10
        start, end = self.middle[arrow.start], self.middle[arrow.end]
        if self.lanes[arrow.end].kind == "hooks" or self.lanes[arrow.start].kind == "hooks":
            beside = self.hooks.get(arrow.row, 0) * _STEP
            end += beside if self.lanes[arrow.end].kind == "hooks" else 0
            start += beside if self.lanes[arrow.start].kind == "hooks" else 0
        way = 1 if end > start else -1
        gap = 7 if arrow.kind != "asks" else 3
        tip, begin = end - way * gap, start + way * 7
        sure = "" if arrow.certain else " inferred"
        head = f"M{tip - way * 6} {y - 4}L{tip} {y}L{tip - way * 6} {y + 4}"
        if arrow.kind == "signal":
            head += "Z"
        yield f'<path class="arrow {arrow.kind}{sure}" d="M{begin} {y}H{tip}"/>'
        yield f'<path class="tip {arrow.kind}" d="{head}"/>'
        if arrow.label:
            x = tip - way * 10
            anchor = "end" if way > 0 else "start"
            mark = "" if arrow.certain else "?"
            yield f'<text class="sent" x="{x}" y="{y - 3}" text-anchor="{anchor}">{escape(arrow.label)}{mark}</text>'

    def _mark(self, mark: Mark) -> str:
        x, y = self.middle[mark.lane], mark.row * ROW + 10
        return f'<path class="mark {mark.kind}" d="{_SHAPES[mark.kind].format(x=x, y=y)}"/>'


_CIRCLE = "M{x} {y}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0"
_DIAMOND = "M{x} {y}m0 -6l6 6l-6 6l-6 -6Z"
_SHAPES = {
    "birth": _CIRCLE,
    "death": "M{x} {y}m-6 0h12",
    "killed": "M{x} {y}m-6 -6l12 12m0 -12l-12 12",
    "told": _DIAMOND,
    "notified": _DIAMOND,
    "held": _CIRCLE,
    "released": _CIRCLE,
    "answered": _CIRCLE,
    "look": "M{x} {y}m-8 0q8 -8 16 0q-8 8 -16 0m6 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
    "said": "M{x} {y}m-24 -5h14l5 5l-5 5h-14Z",
}


def _width(lane: Lane) -> int:
    return _WIDTHS.get(lane.kind, _LANE)


def _columns(bars: list[Bar], rows: int) -> dict[int, int]:
    """Bars of one lane that live at the same time stand side by side (the answer held back stands on its Codex)."""
    found: dict[int, int] = {}
    taken: dict[str, list[int]] = {}
    for bar in sorted(bars, key=lambda each: each.first):
        if bar.kind == "held":
            continue
        until = taken.setdefault(bar.lane, [])
        last = bar.last if bar.last is not None else rows
        for column, end in enumerate(until):
            if end < bar.first:
                until[column] = last
                found[id(bar)] = min(column, 5)
                break
        else:
            until.append(last)
            found[id(bar)] = min(len(until) - 1, 5)
    return found
