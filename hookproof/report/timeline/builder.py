"""What every teller of a picture has: the run view, who takes part, and how rows, bars, marks and arrows are added."""

from __future__ import annotations

from collections.abc import Iterable

from hookproof.judge.agent_view import emitted
from hookproof.judge.run_view import HookRun, RunView
from hookproof.judge.verdict import CheckResult, Verdict
from hookproof.records import Record
from hookproof.records.model import ModelRequest
from hookproof.records.run import SweepBegan
from hookproof.report.timeline.lanes import Lanes
from hookproof.report.timeline.model import Arrow, Bar, BarKind, Detail, Mark, MarkKind, Row, Timeline, Tone


class Drawing:
    """A picture in the making, from the records of one journal."""

    def __init__(self, records: list[Record], checks: Iterable[CheckResult], most: int) -> None:
        swept = next((number for number, each in enumerate(records) if isinstance(each, SweepBegan)), len(records))
        self.view = RunView(records)
        self.lanes = Lanes(records)
        self.job = self.view.first_job()
        self.picture = Timeline()
        self.most = most
        self.records = records[:swept]
        self.after = records[swept:]
        self.broken = self._broken(checks)
        self.runs = {run.started.run: run for run in self.view.hooks}
        self.bars: dict[str, Bar] = {}
        self.contexts = [(context, run) for run in self.view.hooks if (context := emitted(run).strip())]
        self.landed = self._landed()
        self.merged: set[int] = set()
        """Records that were told together with the one before them."""
        self.following: dict[int, Record] = {}

    def row(self, record: Record, text: str, tone: Tone = "plain", details: list[Detail] | None = None) -> int:
        self.picture.rows.append(Row(record.at, record.seq, text, tone, details or []))
        return len(self.picture.rows) - 1

    def born(self, key: str, lane: str, kind: BarKind, row: int, *, label: str = "", owner: str = "") -> Bar:
        bar = Bar(lane, kind, row, label=label, owner=owner)
        self.bars[key] = bar
        self.picture.bars.append(bar)
        return bar

    def over(self, key: str, row: int) -> None:
        if key in self.bars and self.bars[key].last is None:
            self.bars[key].last = row

    def mark(self, row: int, lane: str, kind: MarkKind) -> None:
        self.picture.marks.append(Mark(row, lane, kind))

    def arrow(self, arrow: Arrow) -> None:
        if arrow.start != arrow.end:
            self.picture.arrows.append(arrow)

    def mark_broken(self, record: Record) -> None:
        for check in self.broken.get(record.seq, ()):
            if self.picture.left_out:
                self.picture.broken_later.append(check.id)
            else:
                text = f"✖ {check.id} is broken here: {check.seen}"
                row = self.row(record, text, "broken", [Detail("what was seen", check.detail)])
                self.picture.rows[row].anchor = check.id

    def _broken(self, checks: Iterable[CheckResult]) -> dict[int | None, list[CheckResult]]:
        """The violated requirements by the number of the record at which each shows.

        By the run's end where the result does not name it (one of an older format), or names none that is drawn.
        """
        drawn = {record.seq for record in self.records}
        end = self.view.census or next(reversed(self.records), None)
        found: dict[int | None, list[CheckResult]] = {}
        for check in checks:
            if check.verdict is Verdict.VIOLATES:
                at = check.at if check.at in drawn else end.seq if end is not None else None
                found.setdefault(at, []).append(check)
        return found

    def _landed(self) -> dict[str, list[str]]:
        """By hook run: the agents whose models its context reached."""
        found: dict[str, list[str]] = {}
        for request in self.view.of(ModelRequest) if self.contexts else ():
            for run in self.contexts_in(request):
                found.setdefault(run.started.run, []).append(self.lanes.asker(request))
        return found

    def contexts_in(self, request: ModelRequest) -> list[HookRun]:
        """The hook runs whose context is among the texts that a request told a model anew."""
        new = (t for t in request.texts if t.role != "assistant" and not t.inherited)
        texts = [text.text for text in new]
        runs = [
            run
            for context, run in self.contexts
            if run.ended is not None and run.ended.seq < request.seq and any(context in text for text in texts)
        ]
        # two hooks may say the same: then each agent was told by its own
        asker = self.lanes.asker(request)
        return [run for run in runs if self.lanes.agent(run.started) == asker] or runs
