"""From a journal to its space-time picture: lanes, rows, bars, arrows and marks. Pure, and apart from the drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from hookproof.judge.verdict import CheckResult
from hookproof.records import KINDS, Record
from hookproof.records.faults import Fault
from hookproof.report.timeline.agents import AgentTellers
from hookproof.report.timeline.jobs import JobTellers
from hookproof.report.timeline.model import Arrow, Mark, Timeline

MOST_EVENTS = 10_000
"""A picture of more is read by nobody."""


def build(records: list[Record], checks: Iterable[CheckResult] = (), *, most: int = MOST_EVENTS) -> Timeline:
    """The picture of one journal; `checks` are the judged requirements, whose breaking is marked."""
    return _Builder(records, checks, most).build()


class _Builder(AgentTellers, JobTellers):
    def build(self) -> Timeline:
        tellers = self._tellers()
        handled = [record for record in self.records if record.kind in tellers]
        self.following = {each.seq: after for each, after in pairwise(handled)}
        for record in self.records:
            if record.seq in self.merged:
                pass
            elif record.kind not in tellers:
                self.picture.hidden += 1
            elif len(self.picture.rows) >= self.most:
                self.picture.left_out += 1
            else:
                tellers[record.kind](record)
            self.mark_broken(record)
        self.picture.hidden += len(self.after)
        return self._drawn()

    def _tellers(self) -> dict[str, Callable[[Record], None]]:
        """By kind the method that is named after it; every fault has the same. Raises KeyError for one of no kind."""
        kinds = {f"on_{name.replace('.', '_')}": name for name in KINDS}
        named = {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}
        tell_fault = named.pop("on_fault")
        faults = {name: tell_fault for name, kind in KINDS.items() if issubclass(kind, Fault)}
        return {kinds[name]: tell for name, tell in named.items()} | faults

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
