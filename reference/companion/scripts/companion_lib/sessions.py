"""What hooks remember of sessions between two processes: which agent and which session descends from which.

A host that gives a subagent a session of its own says so only in pieces: SubagentStart carries the root's session and
the agent's id, the subagent's tool hooks carry that agent's id and another session. Put together they tell the root.
Each fact is a file of its own, written whole and never changed, so that no lock is needed.
"""

from __future__ import annotations

import os

from . import processes
from .policy import Policy, state_root


class Sessions:
    def __init__(self, policy: Policy) -> None:
        self._home = os.path.join(state_root(policy), "sessions")

    def agent_started(self, agent: str, session: str) -> None:
        self._remember("agent", agent, session)

    def agent_acted(self, agent: str, session: str) -> None:
        """A session that one of its hooks carries is its own: it descends from the one that started the agent."""
        starter = self._recall("agent", agent)
        if starter and starter != session:
            self._remember("parent", session, starter)

    def root_of(self, session: str) -> str:
        seen = {session}
        while (parent := self._recall("parent", session)) and parent not in seen:
            session = parent
            seen.add(session)
        return session

    def began(self, session: str, at: float) -> None:
        """A resume or a compaction starts the session's hooks again; it began the first time."""
        if self._recall("began", session) is None:
            self._remember("began", session, str(at))

    def began_at(self, session: str) -> float | None:
        at = self._recall("began", session)
        return float(at) if at else None

    def forget(self, session: str) -> None:
        """A session has ended: what was known of it, and of the agents it started, is of no more use."""
        for name in os.listdir(self._home) if os.path.isdir(self._home) else ():
            kind, _, key = name.partition("=")
            if key == _safe(session) or self._recall(kind, key) == session:
                try:
                    os.unlink(os.path.join(self._home, name))
                except FileNotFoundError:  # another session's end was quicker
                    continue

    def _remember(self, kind: str, key: str, value: str) -> None:
        os.makedirs(self._home, mode=0o700, exist_ok=True)
        path = os.path.join(self._home, f"{kind}={_safe(key)}")
        with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
            file.write(value)
        processes.replace(f"{path}.{os.getpid()}", path)

    def _recall(self, kind: str, key: str) -> str | None:
        try:
            with open(os.path.join(self._home, f"{kind}={_safe(key)}"), encoding="utf-8") as file:
                return file.read()
        except OSError:
            return None


def _safe(name: str) -> str:
    """Ids come from outside and become file names."""
    return "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in name)[:100]
