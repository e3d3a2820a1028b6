"""The host of one process: what all threads share, and `at`, which fires the hooks of a moment.

There is one only where a lifecycle says how Codex behaves; a worker never loads this.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from standin.rows import NOBODY

from . import config, lifecycle, version
from .agents import Agents
from .hooks import Effects, Hooks
from .identity import Identity
from .transcript_overrides import overrides_of_the_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from standin.wire import Recorder

    from .hooks import OnRun
    from .identity import HostThread
    from .lifecycle import Lifecycle


class Host:
    """One process. Raises ConfigError where its configuration can't be read."""

    def __init__(self, rows: Lifecycle, recorder: Recorder) -> None:
        self.lifecycle = rows
        self.recorder = recorder
        self.config = config.load()
        self.agents = Agents()
        self.transcript_overrides = overrides_of_the_run()
        self.exec = False
        """Whether there is no client: one turn, then the end."""
        self._named = 0
        self._lock = allocate_lock()
        self._begun: list[HostThread] = []
        version.stands_for = str(rows["version"])

    def identity(self, thread_id: str, kind: str, cwd: str, parent: HostThread | None = None) -> Identity:
        """A new thread's. A main has hooks of its own, children and reviewers those of their parent."""
        above = parent.identity if parent is not None else None
        if above is not None:
            who = Identity(thread_id, kind, hooks=above.hooks, config=above.config, parent=parent)
            who.deepest = above.deepest
            return who
        hooks = Hooks(self.lifecycle, self.config, self.recorder, cwd)
        who = Identity(thread_id, kind, hooks=hooks, config=self.config)
        who.deepest = self.config.table("agents").get("max_depth", self.lifecycle["agent_max_depth"])
        return who

    def nickname(self) -> str:
        """The next name for an agent."""
        names: list[str] = self.lifecycle["nickname"]
        with self._lock:
            number, self._named = self._named, self._named + 1
        again = number // len(names)
        return names[number % len(names)] + (f" the {again + 1}th" if again else "")

    def begin_session(self, thread: HostThread) -> None:
        """A main thread is there; its end will be told with the process's."""
        with self._lock:
            if thread not in self._begun:
                self._begun.append(thread)

    def announce(self, who: Identity, rollout: str | None) -> None:
        """Record a thread in the journal, once."""
        if who.announced:
            return
        who.announced = True
        source = who.source if isinstance(who.source, str) else "review" if who.kind == "review" else "thread_spawn"
        self.recorder.write(
            "thread.started",
            thread_id=who.thread_id,
            parent_thread_id=who.parent.id if who.parent is not None else None,
            agent_role=who.role,
            agent_nickname=who.nickname,
            source=source,
            ephemeral=rollout is None,
            rollout=rollout,
            marker=who.marker,
        )

    def at(
        self, moment: str, who: Identity, *, transcript: str | None, on_run: OnRun | None = None, **values: Any
    ) -> Effects:
        """Run the hooks of all events that fire at a moment of a thread: the lifecycle's table says which.

        `values` are what payloads may tell of the moment, beside whose it is; `transcript` is the thread's file.
        """
        effects = Effects()
        for firing in self.lifecycle.events.at(moment):
            session, agent = (who.thread_id, False) if firing.whose == "own" else (who.root, who.kind == "child")
            agent_id, agent_type = (who.thread_id, who.agent_type) if agent else (None, None)
            above = who.parent if firing.transcript == "parent" else None
            told = {
                "session_id": session,
                "agent_id": agent_id,
                "agent_type": agent_type,
                "transcript_path": transcript if above is None else above.transcript(),
                "agent_transcript_path": transcript,
                **values,
                **firing.says,
            }
            subject = firing.subject({**told, "agent_type": who.agent_type})
            if firing.context != NOBODY and not who.hooks.matching(firing.event, subject):
                whose = {"thread_id": who.thread_id, "session_id": session, "agent_id": agent_id}
                who.hooks.recorder.write("event.unheard", event=firing.event, subject=subject, **whose)
                continue
            found = who.hooks.fire(
                firing.event,
                subject,
                self.lifecycle.payload(firing.event, told),
                thread_id=who.thread_id,
                session_id=session,
                agent_id=agent_id,
                agent_type=agent_type,
                on_run=on_run,
            )
            effects.take(found, contexts=firing.context != NOBODY)
        return effects

    def close(self) -> None:
        """The end of the process: agents that still run are given up, sessions end."""
        self.agents.abandon()
        with self._lock:
            begun, self._begun = self._begun, []
        for thread in begun:
            if thread.identity.kind == "main":
                self.at("thread ends", thread.identity, transcript=thread.transcript(), cwd=thread.cwd)


def host_of_the_run(recorder: Recorder) -> Host | None:
    """The host that the environment asks for, if it does. Raises LifecycleError."""
    rows = lifecycle.load() if os.environ.get(lifecycle.VARIABLE) else None
    return Host(rows, recorder) if rows is not None else None
