"""From a journal to its space-time picture: lanes, rows, bars, arrows and marks. Pure, and apart from the drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from hookproof.judge.verdict import CheckResult
from hookproof.records import KINDS, Record
from hookproof.report.timeline.agents import AgentDrawing
from hookproof.report.timeline.jobs import JobDrawing
from hookproof.report.timeline.model import Arrow, Mark, Timeline

MOST_EVENTS = 10_000
"""A picture of more is read by nobody."""


def build(records: list[Record], checks: Iterable[CheckResult] = (), *, most: int = MOST_EVENTS) -> Timeline:
    """The picture of one journal; `checks` are the judged requirements, whose breaking is marked."""
    return _Builder(records, checks, most).build()


class _Builder(AgentDrawing, JobDrawing):
    def build(self) -> Timeline:
        drawers = self._drawers()
        handled = [record for record in self.records if type(record) in drawers]
        self.following = {each.seq: after for each, after in pairwise(handled)}
        for record in self.records:
            if record.seq in self.merged:
                pass
            elif type(record) not in drawers:
                self.picture.hidden += 1
            elif len(self.picture.rows) >= self.most:
                self.picture.left_out += 1
            else:
                drawers[type(record)](record)
            self.mark_broken(record)
        self.picture.hidden += len(self.after)
        return self._drawn()

    def _drawers(self) -> dict[type[Record], Callable[[Record], None]]:
        """By the class of a record the method that draws it: the one of the class, else of the nearest base."""
        methods = [getattr(self, name) for name in dir(type(self))]
        marked = {method.draws: method for method in methods if hasattr(method, "draws")}
        found = (
            (kind, next((marked[base] for base in kind.__mro__ if base in marked), None)) for kind in KINDS.values()
        )
        return {kind: method for kind, method in found if method is not None}

    def _drawn(self) -> Timeline:
        """The picture with its lanes in order, those of a crowd put together."""
        picture, draw = self.picture, self.lanes.drawn_in
        used = {bar.lane for bar in picture.bars} | {mark.lane for mark in picture.marks}
        used |= {lane for arrow in picture.arrows for lane in (arrow.start, arrow.end)}
        picture.lanes = self.lanes.in_order(used)
        for bar in picture.bars:
            bar.lane = draw(bar.lane)
        picture.arrows = [
            Arrow(each.row, draw(each.start), draw(each.end), each.kind, each.label, each.certain)
            for each in picture.arrows
        ]
        picture.marks = [Mark(mark.row, draw(mark.lane), mark.kind) for mark in picture.marks]
        return picture
