"""SessionEnd hooks that their host ended before they came to their own end, and the limit that it went by.

`needs` asks: what leans on such a hook cannot be judged. `judge` tells of them in the details, `results` in the JSON.
Pure functions of the run view.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hookproof.judge.run_view import HookRun, RunView
from hookproof.records.faults import HookKilled, HookStopped
from hookproof.records.parts import SessionEndBudget
from hookproof.records.sent import HookEnded

ITSELF, TIMEOUT = "itself", "timeout"
Limit = Literal["declared timeout", "host's budget", "raised budget", "unknown"]
"""Which limit a hook was ended at: its plugin's own, the host's as it is, or as hookproof has raised it."""
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Cut:
    """A SessionEnd hook that its host ended."""

    run: HookRun
    ended: HookEnded
    limit: Limit
    limit_ms: int | None
    """Null where nobody has told it."""
    raised_by: str | None
    asked: bool
    """Whether the scenario had aimed a fault at the hook: else nobody wanted it to be cut."""

    @property
    def after_ms(self) -> int:
        """How long it had run by then."""
        return round(self.ended.at - self.run.started.at)

    @property
    def sentence(self) -> str:
        """What is said of it wherever it is told."""
        command = self.run.started.command
        shown = command if len(command) <= _SHOWN else f"{command[:_SHOWN]}…"
        hook = f"the SessionEnd hook `{shown}` of session {self.run.session_id}"
        return f"{hook} was ended by the host after {self.after_ms / 1000:.1f} s, at {self._at}"

    @property
    def _at(self) -> str:
        seconds = "" if self.limit_ms is None else f" of {self.limit_ms / 1000:g} s"
        match self.limit:
            case "declared timeout":
                return f"the timeout{seconds} that it declares"
            case "host's budget":
                return f"the host's own budget{seconds}"
            case "raised budget":
                return f"the budget{seconds} that hookproof set with {self.raised_by}"
            case "unknown":
                return "a limit that nobody has told"


def cut_hooks(view: RunView) -> list[Cut]:
    """Every SessionEnd hook that its host ended, in the order of their beginnings."""
    return list(_cut(view))


def cut_unasked(view: RunView) -> list[Cut]:
    """Those of them at which the scenario had aimed no fault: that they were cut is nobody's wish."""
    return [cut for cut in cut_hooks(view) if not cut.asked]


def _cut(view: RunView) -> Iterator[Cut]:
    aimed = {each.run for each in view.of(HookKilled)} | {each.run for each in view.of(HookStopped)}
    for run in view.session_end_hooks():
        if run.ended is None or run.ended.ended_by == ITSELF:
            continue
        budget = view.case.session_end.get(run.started.source or "")
        limit, ms = _limit(run, run.ended, budget)
        raised_by = budget.raised_by if budget is not None else None
        yield Cut(run, run.ended, limit, ms, raised_by, asked=run.started.run in aimed)


def _limit(run: HookRun, ended: HookEnded, budget: SessionEndBudget | None) -> tuple[Limit, int | None]:
    """The shorter of what the hook declares and what its host allows; of a stand-in, the one that it names."""
    told = None if run.started.timeout is None else round(run.started.timeout * 1000)
    if budget is None:
        return ("declared timeout", told) if ended.ended_by == TIMEOUT else ("unknown", None)
    # a stand-in tells what is in force, the tap of a real host what the hook declares
    allowed = budget.undeclared_ms if told in {None, budget.undeclared_ms} else budget.ms
    if told is not None and told < allowed:
        return "declared timeout", told
    return "raised budget" if budget.raised_by is not None and allowed == budget.ms else "host's budget", allowed
