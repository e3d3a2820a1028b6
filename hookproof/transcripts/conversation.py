"""What a transcript tells, whichever host has written it: the turns of each agent, as the script of a model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.host import HostName
from hookproof.errors import HookproofError

LONGEST = 64 * files.MIB
MAIN = "main"
Row = dict[str, Any]


class TranscriptError(HookproofError):
    """A transcript that no scenario can be made of. The text says which file, where, and what was expected."""


@dataclass(slots=True)
class Agent:
    """One agent: what its model answers, a step of a scenario each."""

    name: str
    steps: list[Row] = field(default_factory=list)
    open_call: bool = False
    """Whether the transcript ends, for it, before its last word."""

    @property
    def turns(self) -> int:
        """How often it has said its last word of a turn."""
        return sum("text" in step for step in self.steps)


@dataclass(slots=True)
class Conversation:
    """All that a scenario needs to know."""

    host: HostName
    agents: dict[str, Agent] = field(default_factory=dict)
    typed: list[tuple[int, str]] = field(default_factory=list)
    """What the user has typed, and after how many turns of main."""
    folder: str | None = None
    """Where the session was at work."""
    version: str | None = None
    project: dict[str, str] = field(default_factory=dict)
    """By path, what stood in the files that were read or changed, where the transcript has it."""
    left_out: Counter[str] = field(default_factory=Counter)
    """What of the transcript is not in the scenario, and how often."""

    def agent(self, name: str) -> Agent:
        """The agent of that name, who need not be known yet."""
        return self.agents.setdefault(name, Agent(name))

    def say(self, agent: str, text: str) -> None:
        """The agent ends its turn."""
        self.agent(agent).steps.append({"text": text})
        self.agent(agent).open_call = False

    def call(self, agent: str, step: Row) -> None:
        """The agent uses a tool."""
        self.agent(agent).steps.append(step)
        self.agent(agent).open_call = True

    def type(self, text: str) -> None:
        """The user has typed something."""
        self.typed.append((self.agent(MAIN).turns, text))


def rows(path: Path, from_line: int = 1) -> list[tuple[int, Row]]:
    """The lines of a transcript that are JSON objects, each with its number, from one line on.

    A last line that is torn is passed over: a host that was killed leaves one. Raises FileError, TranscriptError.
    """
    lines = files.read_text(path, limit=LONGEST).split("\n")
    found: list[tuple[int, Row]] = []
    last = max((number for number, line in enumerate(lines, start=1) if line.strip()), default=0)
    if not last:
        raise TranscriptError(f"{path}: is empty; expected a transcript, one JSON object a line")
    if from_line > last:
        raise TranscriptError(f"{path}: has {last} lines; expected a line up to there to begin with, not {from_line}")
    for number, line in enumerate(lines, start=1):
        if number < from_line or not line.strip():
            continue
        try:
            row = files.parse_json(line)
        except ValueError as error:
            if number == last and found:
                break
            raise TranscriptError(
                f"{path}:{number}: is not JSON: {error}; expected a transcript of Claude Code or Codex, "
                "one object a line"
            ) from None
        if not isinstance(row, dict):
            raise TranscriptError(f"{path}:{number}: expected an object, as a transcript has one on each line")
        found.append((number, row))
    return found
