"""The agents of one process: each a thread that another one has spawned, its state, and who waits for it."""

from __future__ import annotations

import json
import time
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .identity import HostThread

    Json = dict[str, Any]
    State = str | Json
    """`pending_init`, `running`, `interrupted`, or {"completed": text} and {"errored": text}."""


class Changes:
    """Wakes whoever waits for something to change. (`threading` is not worth its import here.)"""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._waiting: list[Any] = []

    def notify_all(self) -> None:
        """Something has changed."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.release()

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Until `done` says so, looked at after every change. False when the time is over first."""
        until = time.monotonic() + seconds
        while True:
            mine = allocate_lock()
            mine.acquire()
            with self._lock:
                self._waiting.append(mine)
            # asked after it has been put there: no change is missed in between
            if done():
                return True
            left = until - time.monotonic()
            if left <= 0 or not mine.acquire(timeout=left):
                return done()


class Agent:
    """One child."""

    def __init__(self, thread: HostThread) -> None:
        self.thread = thread
        self.state: State = "pending_init"
        self.noticed = False
        """Whether its parent has been notified of its end: that happens once."""

    @property
    def final(self) -> bool:
        """Whether it has come to an end, if only for now. One that was interrupted has not."""
        return isinstance(self.state, dict)


class Agents:
    """All of them, by thread id."""

    def __init__(self) -> None:
        self.changes = Changes()
        self._by_id: dict[str, Agent] = {}
        self._lock = allocate_lock()

    def add(self, thread: HostThread) -> Agent:
        """A new one, not running yet."""
        agent = Agent(thread)
        with self._lock:
            self._by_id[thread.id] = agent
        return agent

    def get(self, thread_id: str) -> Agent | None:
        """An open agent."""
        with self._lock:
            return self._by_id.get(thread_id)

    def under(self, thread: HostThread) -> list[Agent]:
        """The open agents that a thread has spawned itself."""
        return [one for one in self.all() if _parent(one) == thread.id]

    def at(self, path: str) -> Agent | None:
        """The open agent at a path of task names."""
        with self._lock:
            return next((one for one in self._by_id.values() if _path(one) == path), None)

    def all(self) -> list[Agent]:
        """The open ones, by path."""
        with self._lock:
            return sorted(self._by_id.values(), key=lambda one: _path(one) or one.thread.id)

    def set_state(self, agent: Agent, state: State) -> None:
        """Set the state of an agent, and wake whoever waits for a change."""
        agent.state = state
        self.changes.notify_all()

    def abandon(self) -> None:
        """Interrupt every agent that still runs, at the end of the process."""
        for agent in self.all():
            _interrupt(agent)


def shown(state: State) -> Json:
    """A state as clients are shown it."""
    if isinstance(state, dict):
        ((status, message),) = state.items()
        return {"status": status, "message": message}
    return {"status": state, "message": None}


def notice(name: str, state: State) -> str:
    """The notice for a parent that its child has ended."""
    said = json.dumps({"agent_path": name, "status": state}, separators=(",", ":"), ensure_ascii=False)
    return f"<subagent_notification>\n{said}\n</subagent_notification>"


def _interrupt(agent: Agent) -> None:
    with agent.thread.lock:
        if agent.thread.turn is not None:
            agent.thread.turn.interrupt()


def _path(agent: Agent) -> str | None:
    return agent.thread.identity.path


def _parent(agent: Agent) -> str | None:
    parent = agent.thread.identity.parent
    return parent.id if parent is not None else None
