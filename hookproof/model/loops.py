"""Notices an agent that a hook keeps from stopping: it asks its model again and again after the end of its script.

Life: made by the run's `Turns`, told of every request that no step of a script answers. What one hook causes is one
error, however often it comes; a loop that goes on longer than any measured host allows is a `model.loop` record, at
which the runner of the case breaks off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hookproof.journal import Journal
from hookproof.records.model import ModelAnswer, ModelLoop
from hookproof.records.run import Error
from hookproof.records.sent import HookEnded, HookStarted

MOST = 12
"""How often an agent may ask after the end of its script. Claude Code 2.1.329 itself puts an end to a Stop hook's loop
after 8 objections (measured), and that end must still be seen."""
_KEEPS_GOING = frozenset({"Stop", "SubagentStop"})
"""The events whose hooks can make an agent go on that has nothing more to say."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An agent that goes on after the end of its script, and the hook that keeps it going."""

    first: int
    """The number of its first such request."""
    times: int
    hook: HookStarted
    expected: bool
    """Whether the script has something to say to that: then only a loop is worth telling."""


class Loops:
    """The requests of one run that come after the end of a script."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, _Kept] = {}

    def beyond(self, agent: str, number: int, *, expected: bool = False) -> bool:
        """Take in a request of an agent whose script has run out. Whether it is to be left without an answer.

        `expected`: the script has an answer to it all the same, and it is no mistake.
        """
        hook = self._cause(agent)
        known = self._kept.get(agent)
        if hook is None:
            if expected:
                self._kept.pop(agent, None)
            else:
                self._wrong(f"model request {number} of {agent!r} comes after the end of its script")
            return False
        kept = replace(known, times=known.times + 1, hook=hook) if known else _Kept(number, 1, hook, expected)
        self._kept[agent] = kept
        if kept.times != MOST:
            return False
        self._tell(agent, kept, "does not let it stop")
        del self._kept[agent]
        self._journal.write(
            ModelLoop(agent=agent, requests=kept.times, event=hook.event, command=hook.command, run=hook.run)
        )
        return True

    def close(self) -> None:
        """Tell of those that have come to an end by themselves, or by their host."""
        for agent, kept in self._kept.items():
            self._tell(agent, kept, "would not let it stop, until now")
        self._kept.clear()

    def _tell(self, agent: str, kept: _Kept, how: str) -> None:
        if kept.expected:
            return
        more = f" and {kept.times - 1} more come" if kept.times > 1 else " comes"
        kind, command = kept.hook.event, kept.hook.command
        self._wrong(
            f"model request {kept.first} of {agent!r}{more} after the end of its script: "
            f"its {kind} hook `{command}` {how}"
        )

    def _wrong(self, what: str) -> None:
        self._journal.write(Error(where="model server", what=what))

    def _cause(self, agent: str) -> HookStarted | None:
        """The hook that has run when the agent was about to stop, since it was last answered; None: nothing of it."""
        started: dict[str, HookStarted] = {}
        ended: HookEnded | None = None
        for record in self._journal.records:
            if isinstance(record, ModelAnswer) and record.agent == agent:
                ended = None
            elif isinstance(record, HookStarted) and record.event in _KEEPS_GOING:
                started[record.run] = record
            elif isinstance(record, HookEnded) and record.run in started and _may_object(record):
                ended = record
        return started[ended.run] if ended is not None else None


def _may_object(ended: HookEnded) -> bool:
    """Whether a hook has said anything by which a host could be made to go on."""
    if ended.effects is not None:
        return ended.effects.decision is not None or ended.effects.context is not None
    return ended.exit == 2 or bool(ended.stdout.strip())  # a real host, which has not said yet what it made of it
