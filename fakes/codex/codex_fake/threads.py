"""A thread: one conversation of the process, its history, its settings, and the turn that runs in it, if any.

A thread is started or resumed by the client's requests and lives as long as the process. Its turns run in threads of
execution of their own; the lock here decides what a request finds: a running turn, or none.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from . import clock, version
from .rollout import Rollout, Stored, path_of, session_meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    Json = dict[str, Any]

    class Running(Protocol):
        """A turn, as far as those are concerned who find it running in a thread."""

        id: str

        def add_input(self, words: list[Json]) -> None: ...

        def interrupt(self) -> None: ...


MODEL = "gpt-5.2"
PROVIDER = "fake"


class Thread:
    """One conversation."""

    def __init__(self, thread_id: str, *, cwd: str, ms: int, rollout: Rollout | None, model: str | None) -> None:
        self.id = thread_id
        self.cwd = cwd
        self.model = model or MODEL
        self.rollout = rollout
        self.forked_from: str | None = None
        self.name: str | None = None
        self.preview = ""
        self.items: list[Json] = []
        self.status: Json = {"type": "idle"}
        self.lock = allocate_lock()
        self.turn: Running | None = None
        """The running turn, read and set under the lock."""
        self._created = ms
        self._updated = ms

    def transcript(self) -> str | None:
        """The path of its file, if it has one."""
        return self.rollout.path if self.rollout is not None else None

    def touch(self) -> None:
        """Something happened in it."""
        self._updated = clock.now_ms()

    def keep(self, *lines: tuple[str, Json]) -> None:
        """Append lines to the thread's file, if it has one. Raises OSError."""
        if self.rollout is not None:
            self.rollout.add(*lines)

    def as_json(self, turns: list[Json] | None = None) -> Json:
        """The thread as the protocol shows it."""
        return {
            "id": self.id,
            "sessionId": self.id,
            "forkedFromId": self.forked_from,
            "preview": self.preview,
            "ephemeral": self.rollout is None,
            "modelProvider": PROVIDER,
            "createdAt": self._created // 1000,
            "updatedAt": self._updated // 1000,
            "status": self.status,
            "path": self.rollout.path if self.rollout else None,
            "cwd": self.cwd,
            "cliVersion": version.current(),
            "source": "vscode",
            "threadSource": None,
            "agentNickname": None,
            "agentRole": None,
            "gitInfo": None,
            "name": self.name,
            "turns": turns or [],
        }


def started(*, cwd: str, ephemeral: bool, originator: str, model: str | None = None) -> Thread:
    """A new thread."""
    ms = clock.now_ms()
    thread_id = clock.new_id(ms)
    meta = session_meta(thread_id, ms, cwd, originator)
    rollout = None if ephemeral else Rollout(path_of(thread_id, ms), [meta])
    return Thread(thread_id, cwd=cwd, ms=ms, rollout=rollout, model=model)


def forked(parent: Thread, originator: str) -> Thread:
    """A thread that begins with all that another has said. Its file's second line is a copy of the parent's first."""
    ms = clock.now_ms()
    thread_id = clock.new_id(ms)
    meta = session_meta(thread_id, ms, parent.cwd, originator, forked_from_id=parent.id)
    inherited = session_meta(parent.id, ms, parent.cwd, originator)
    rollout = None if parent.rollout is None else Rollout(path_of(thread_id, ms), [meta, inherited])
    thread = Thread(thread_id, cwd=parent.cwd, ms=ms, rollout=rollout, model=parent.model)
    thread.forked_from = parent.id
    thread.items = list(parent.items)
    return thread


def resumed(stored: Stored, name: str | None, *, cwd: str | None, model: str | None) -> Thread:
    """A thread that goes on where its file ends."""
    cwd = cwd or str(stored.meta.get("cwd") or os.getcwd())
    ms = clock.age_of(stored.meta["id"])
    rollout = Rollout(stored.path, [], begun=True)
    thread = Thread(stored.meta["id"], cwd=cwd, ms=ms, rollout=rollout, model=model)
    forked_from = stored.meta.get("forked_from_id")
    thread.forked_from = forked_from if isinstance(forked_from, str) else None
    thread.name = name
    thread.preview = stored.preview
    thread.items = list(stored.items)
    return thread
