"""What a test of a user's own asks of a scenario that was played: the fixture `hookproof`, and what it returns.

`run = hookproof.play("mine.toml")` plays a scenario. What `run` tells is read from its journal; evidence that is
missing is an error and never an absence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hookproof import journal as journals
from hookproof.judge.agent_view import AgentView
from hookproof.judge.checks.left import left
from hookproof.judge.run_view import NoEvidenceError, RunView
from hookproof.judge.verdict import CheckResult, Verdict
from hookproof.records.model import ModelRequest
from hookproof.report.results import Result

__all__ = ["Hook", "Hookproof", "HookproofWarning", "MissingEvidenceError", "Played", "Process", "Told"]


class HookproofWarning(UserWarning):
    """What fails no test and is to be known: a violated SHOULD, a plugin that was only played in part."""


class MissingEvidenceError(AssertionError):
    """Nobody can tell what was asked for: the run was not played to its end, or the question fits nothing of it."""


class Told(Sequence[str]):
    """The texts that a model was told, in their order. `"word" in run.told("main")` looks into each."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)

    def __getitem__(self, index: Any) -> Any:
        return self._texts[index]

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, words: object) -> bool:
        return isinstance(words, str) and any(words in text for text in self._texts)

    def count(self, words: str) -> int:
        """How often the words were told, over all texts."""
        return sum(text.count(words) for text in self._texts)

    def __repr__(self) -> str:
        return repr(list(self._texts))


@dataclass(frozen=True, slots=True)
class Hook:
    """One run of one of the plugin's hooks."""

    event: str
    command: str
    agent_id: str | None
    """The agent for which it ran, as the host calls it."""
    payload: dict[str, Any]
    """What it was given on stdin."""
    exit: int | None
    """None: a signal ended it, or it did not end within the run."""
    stdout: str
    stderr: str
    ended_by: str | None
    """Who ended it (`itself`, or a limit of the host); None: it did not end within the run."""
    ms: float | None


@dataclass(frozen=True, slots=True)
class Process:
    """A process that the plugin left running when every session was over."""

    pid: int
    argv: tuple[str, ...]


class Played:
    """A case that was played and judged."""

    def __init__(self, result: Result) -> None:
        self.result = result
        """Everything that was judged, as `hookproof run --json` writes it."""

    @property
    def verdict(self) -> str:
        """`conforms`, `violates`, `unknown` or `not tested`."""
        return str(self.result.verdict)

    @property
    def violated(self) -> list[str]:
        """The ids of the requirements and sentences that are violated."""
        return [each.id for each in self.result.checks if each.verdict is Verdict.VIOLATES]

    @property
    def cause(self) -> str | None:
        """`H1`, `C3`, ... where something is wrong, `?` where no cause fits; None where nothing is."""
        return self.result.cause

    @property
    def lifecycle(self) -> str:
        """What it was played on: the lifecycle of a stand-in, or a real host such as `claude@2.1.91`."""
        return self.result.lifecycle

    @property
    def journal(self) -> Path:
        """The journal, which `hookproof recheck` judges again."""
        return Path(self.result.journal)

    def check(self, name: str) -> CheckResult:
        """What became of a requirement or of a sentence of the scenario. Raises MissingEvidenceError."""
        found = self.result.check(name)
        if found is None:
            judged = ", ".join(each.id for each in self.result.checks)
            raise MissingEvidenceError(f"{self.result.scenario} does not judge {name!r} (it judges: {judged})")
        return found

    def outcome(self, name: str) -> str:
        """The outcome of one in one word, such as `survives`; `not tested` where there was nothing to judge.

        Raises MissingEvidenceError where nobody can tell.
        """
        check = self.check(name)
        if check.verdict is Verdict.UNKNOWN:
            raise MissingEvidenceError(f"{name} is unknown: {check.detail}; journal: {self.journal}")
        return check.seen if check.tested else str(check.verdict)

    def told(self, agent: str = "main") -> Told:
        """What an agent's model was told, by hooks, users and the host; its own words and tool results are not in it.

        `agent` is the name of its script. Raises MissingEvidenceError where its model was never asked.
        """
        agents = AgentView(self._whole())
        if not agents.queried(agent):
            asked = dict.fromkeys(each.agent for each in self._view.of(ModelRequest) if each.agent)
            raise MissingEvidenceError(f"the model of {agent!r} was never asked (asked were: {', '.join(asked)})")
        return Told(each.text for each in agents.received(agent))

    def hooks(self, event: str | None = None) -> list[Hook]:
        """The runs of the plugin's hooks, of one event or of all, in the order in which they began."""
        found = []
        for run in self._whole().hooks:
            if event in {None, run.event}:
                ended = run.ended
                found.append(
                    Hook(
                        event=run.event,
                        command=run.started.command,
                        agent_id=run.started.agent_id,
                        payload=dict(run.started.payload),
                        exit=ended.exit if ended is not None else None,
                        stdout=ended.stdout if ended is not None else "",
                        stderr=ended.stderr if ended is not None else "",
                        ended_by=str(ended.ended_by) if ended is not None else None,
                        ms=ended.ms if ended is not None and ended.ms is not None else None,
                    )
                )
        return found

    @property
    def left(self) -> list[Process]:
        """The processes that the plugin left when every session was over, and that no listed job accounts for.

        Raises MissingEvidenceError where nobody has counted them.
        """
        view = self._whole()
        if view.census is None:
            raise MissingEvidenceError(f"nobody has counted what was left; journal: {self.journal}")
        try:
            found = left(view, view.census).plugins
        except NoEvidenceError as error:
            raise MissingEvidenceError(f"{error}; journal: {self.journal}") from None
        return [Process(each.pid, tuple(each.argv)) for each in found]

    @cached_property
    def _view(self) -> RunView:
        return RunView(journals.read(self.journal))

    def _whole(self) -> RunView:
        """The run, if it was played to its end and the harness made no mistake. Raises MissingEvidenceError."""
        if self._view.errors:
            raise MissingEvidenceError("; ".join([*self._view.errors, f"journal: {self.journal}"]))
        return self._view

    def __repr__(self) -> str:
        checks = ", ".join(f"{each.id} {each.verdict}" for each in self.result.checks)
        return f"<{self.result.scenario} on {self.lifecycle}: {self.verdict} ({checks}); journal: {self.journal}>"


Plays = Callable[[str, str | None, str | None, bool], list[Result]]
"""Plays a scenario on a lifecycle and a plugin, or on all and the session's; once, or on each lifecycle."""


class Hookproof:
    """The fixture `hookproof`."""

    def __init__(self, plays: Plays) -> None:
        self._plays = plays

    def play(
        self,
        scenario: str | os.PathLike[str],
        *,
        on: str | None = None,
        plugin: str | os.PathLike[str] | None = None,
    ) -> Played:
        """Play a scenario once: a file (seen from the test's folder, then from the root), or an id.

        `on` is a lifecycle, or a real host that the session plays; without it the first on which it is played.
        `plugin` is another than the session's. The test fails where what is asked for is not there, and is skipped
        where the scenario is not played.
        """
        (result,) = self._plays(os.fspath(scenario), on, _text(plugin), True)
        return Played(result)

    def play_all(
        self, scenario: str | os.PathLike[str], *, plugin: str | os.PathLike[str] | None = None
    ) -> list[Played]:
        """The same on everything that the session plays it on."""
        return [Played(each) for each in self._plays(os.fspath(scenario), None, _text(plugin), False)]


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
