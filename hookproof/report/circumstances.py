"""Under which circumstances a case was played, as results have them: models of the JSON, and each from what is known.

`results` puts them into a result. A field is added with a minor version of the format, never renamed.
"""

from __future__ import annotations

from hookproof.isolation.level import Level, Network
from hookproof.judge.not_played import Unplayed
from hookproof.judge.session_end import Cut, Limit
from hookproof.judge.verdict import Model
from hookproof.records import parts
from hookproof.records.sent import NotPlayedWhat


class Isolation(Model):
    """How far a case was kept apart from the machine. What proves it stands in the journal."""

    level: Level
    network: Network
    """What kept it off the network."""
    refused: str | None
    """Why the level is not `full`."""
    not_prevented: list[str]
    """What the plugin was able to do all the same, a clause each."""


class SessionEndBudget(Model):
    """How long a host gave the SessionEnd hooks of a session, in milliseconds."""

    ms: int
    undeclared_ms: int
    """What a hook had that declares no timeout."""
    raised_by: str | None
    """The variable by which hookproof had raised it; null where it was the host's own."""


class CutHook(Model):
    """A SessionEnd hook that its host ended."""

    session: str
    command: str
    after_ms: int
    limit: Limit
    """At which limit: the plugin's own, the host's as it is, or as hookproof had raised it."""
    limit_ms: int | None
    asked: bool
    """Whether the scenario wanted it so; else what leans on that hook is not tested."""
    sentence: str


class NotPlayed(Model):
    """Something that the plugin declares and the stand-in of its host does not play."""

    what: NotPlayedWhat
    name: str
    """The type, the key, the event or the server."""
    event: str | None
    """Of a type or a key: the event of the hooks."""
    file: str
    """Where it is declared: a path in the plugin."""
    times: int
    sentence: str


class ShellTimeouts(Model):
    """How long the shells of a scenario that gives one a timeout were given in the play that is the result."""

    play: int
    """Which play it was, from 1: one in which a launch had too little time is followed by one with twice as much."""
    factor: int
    """By what each timeout of the scenario was multiplied."""
    longest_ms: int

    @property
    def short(self) -> str:
        """What stands beside a case that was played more than once."""
        return f"played {self.play} times, at last with {self.longest_ms / 1000:g} s for a shell"

    @property
    def sentence(self) -> str:
        """The same with the reason."""
        return (
            f"{self.short}, {self.factor} times what the scenario gives it: before that its time was over before the "
            "launch in it had begun a job"
        )


class Patience(Model):
    """How long what ran had to stand still to count as settled."""

    ms: float
    multiple: int
    """Of what a bare hook cost on that machine."""
    bare_hook_ms: float

    def __str__(self) -> str:
        return f"{self.ms:.0f} ms: {self.multiple} times a bare hook, which takes {self.bare_hook_ms:.0f} ms here"


def isolation(told: parts.Isolation | None) -> Isolation | None:
    """What a journal tells of how far its case was kept apart."""
    if told is None:
        return None
    return Isolation(
        level=told.level, network=told.network, refused=told.refused, not_prevented=list(told.not_prevented)
    )


def budget(told: parts.SessionEndBudget) -> SessionEndBudget:
    """The same of a budget."""
    return SessionEndBudget(ms=told.ms, undeclared_ms=told.undeclared_ms, raised_by=told.raised_by)


def cut_hook(cut: Cut) -> CutHook:
    """A hook that the judge found to be cut."""
    return CutHook(
        session=cut.run.session_id,
        command=cut.run.started.command,
        after_ms=cut.after_ms,
        limit=cut.limit,
        limit_ms=cut.limit_ms,
        asked=cut.asked,
        sentence=cut.sentence,
    )


def not_played(each: Unplayed) -> NotPlayed:
    """A thing that the judge found not to be played."""
    return NotPlayed(
        what=each.what, name=each.name, event=each.event, file=each.file, times=each.times, sentence=each.sentence
    )


def shell_timeouts(told: parts.ShellTimeouts | None) -> ShellTimeouts | None:
    """What a journal tells of shell timeouts."""
    return None if told is None else ShellTimeouts(play=told.play, factor=told.factor, longest_ms=told.longest_ms)


def patience(told: parts.Patience | None) -> Patience | None:
    """What a journal tells of the patience."""
    return None if told is None else Patience(ms=told.ms, multiple=told.multiple, bare_hook_ms=told.bare_hook_ms)
