"""What the causes of a lost context are made of: the text that is missed, the hook runs that could have told it.

`causes.context` asks one module a question each: `hook_output` what became of hooks that ran, `no_hook` why none did.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from hookproof.judge.agent_view import STARTS, AgentView, emitted
from hookproof.judge.causes.culprit import Fact, NamedFact
from hookproof.judge.hook_runs import TELLS, hook_runs
from hookproof.judge.run_view import HookRun
from hookproof.judge.verdict import Missed

ContextId = Literal["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"]
OBSERVED: Literal["observed"] = "observed"
INFERRED: Literal["inferred"] = "inferred"


@dataclass(frozen=True, slots=True)
class ContextCause:
    """Why an agent was not told a text, or was told one that was not for it."""

    id: ContextId
    sentence: str
    """The whole, for people."""
    who: Fact
    """Who or what is to blame."""
    facts: tuple[NamedFact, ...]


class Loss:
    """A text that an agent missed, with what ran for that agent at the time."""

    def __init__(self, view: AgentView, missed: Missed) -> None:
        """Raises NoEvidenceError where nothing tells which threads are the agent's."""
        self.view = view
        self.agent = missed.agent
        self.lines = missed.lines
        self.since = missed.since
        own = view.threads(missed.agent)
        self.threads = [each for each in own if missed.thread in {None, each}]
        every = [run for run in hook_runs(view.run) if run.event in TELLS and run.started.seq > missed.since]
        # those of a start first: a hook of each prompt is rarely the one that was to say it
        self.runs = sorted(
            (run for run in every if run.thread in self.threads), key=lambda run: run.event not in STARTS
        )

    def speaks_of_it(self, run: HookRun) -> bool:
        """Whether a hook printed the text, or some of it, in whatever form."""
        said = printed(run)
        return any(line in said or json.dumps(line)[1:-1] in said for line in self.lines)

    @property
    def is_whole(self) -> bool:
        """Whether the agent was told nothing of it: else it was told a part."""
        return not self.view.leaked(self.agent, list(self.lines))


def printed(run: HookRun) -> str:
    """All that is known of what a hook said: its output as it was, and the context in it."""
    if run.ended is None:
        return ""
    effects = run.ended.effects
    return "\n".join([run.ended.stdout, emitted(run), (effects.context or "") if effects is not None else ""])


def observed(name: str, value: str | float, why: str) -> NamedFact:
    """A fact that a record shows."""
    return NamedFact(name=name, value=value, how=OBSERVED, why=why)


def inferred(name: str, value: str | float, why: str) -> NamedFact:
    """A fact that is concluded from something."""
    return NamedFact(name=name, value=value, how=INFERRED, why=why)


RECORD = "the hook's record"
"""Why what is observed of a hook's run is known."""
