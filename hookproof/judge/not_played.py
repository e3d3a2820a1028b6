"""What the plugin declares and the stand-ins of a run did not play. A pure function of the run view.

`judge` tells of it beside the verdict, which it does not change: what was played was judged. Of a real host there is
nothing of the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from hookproof.judge.run_view import RunView
from hookproof.records.sent import NotPlayedWhat, PluginNotPlayed


@dataclass(frozen=True, slots=True)
class Unplayed:
    """One thing that the plugin declares and that was not played."""

    what: NotPlayedWhat
    name: str
    event: str | None
    """Of a type or a key of hooks: their event."""
    file: str
    times: int

    @property
    def sentence(self) -> str:
        """What is said of it wherever it is told."""
        return f"{self._declared} in {self.file}: the stand-in {self._lacks}"

    @property
    def _declared(self) -> str:
        several = self.times > 1
        hooks = f"{self.times} {self.event} hooks" if several else f"a {self.event} hook"
        match self.what:
            case "hook type":
                return f"{hooks} of type {self.name!r}"
            case "hook key":
                return f"{hooks} with the key {self.name!r}"
            case "event":
                return f"{self.times} {self.name} hooks" if several else f"a {self.name} hook"
            case "MCP server":
                return f"the MCP server {self.name!r}"
        assert_never(self.what)

    @property
    def _lacks(self) -> str:
        match self.what:
            case "hook type":
                return "runs commands alone"
            case "hook key":
                return "does nothing with it"
            case "event":
                return "knows the event by its name and never fires it"
            case "MCP server":
                return "does not start it"
        assert_never(self.what)


def not_played(view: RunView) -> list[Unplayed]:
    """Each such thing once, in the order in which it was first told: every process of a stand-in tells it."""
    found: dict[tuple[str, str, str | None, str], Unplayed] = {}
    for each in view.of(PluginNotPlayed):
        key = (each.what, each.name, each.event, each.file)
        found.setdefault(key, Unplayed(each.what, each.name, each.event, each.file, each.times))
    return list(found.values())
