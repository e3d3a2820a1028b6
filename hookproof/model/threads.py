"""Codex's threads, as the headers of their requests name them: which agent of the scenario each one is.

The marker in a thread's first prompt names the agent; later requests of that thread need none. A review thread's prompt
is Codex's own, so its kind names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Thread:
    """What the headers say. `subagent` is the kind: collab_spawn, review."""

    id: str | None
    parent: str | None
    subagent: str | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Thread:
        """From headers with lower-case names, in the spelling of 0.130 or that of later versions.

        The session is no help: a child's names its root (measured).
        """
        found = (headers.get(name) for name in ("thread-id", "thread_id", "session_id"))
        return cls(
            id=next((value for value in found if value), None),
            parent=headers.get("x-codex-parent-thread-id"),
            subagent=headers.get("x-openai-subagent"),
        )


class Threads:
    """Which agent each thread is."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def agent(self, thread: Thread, marked: str | None) -> str | None:
        """The agent of a request; None when it is nobody's, so a companion's job."""
        known = self._names.get(thread.id or "")
        agent = known or (REVIEW if thread.subagent == REVIEW else marked)
        if agent is not None and thread.id is not None:
            self._names.setdefault(thread.id, agent)
        return agent

    def latest(self, agent: str | None) -> str | None:
        """The newest thread of an agent that has asked before."""
        return next((thread for thread, name in reversed(self._names.items()) if name == agent), None)
