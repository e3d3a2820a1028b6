"""Driving Codex as an editor does it: one `codex app-server` that lives as long as the session, the real one or the
stand-in.

Life of a session: the first turn starts the process and a thread; each later turn goes to that thread. `/clear` begins
another thread, `/compact` has the thread's history summed up, as a client does when those are typed. A fork is a
session of its own in the same process. The process ends when its stdin is closed, after the turns that are under way.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from subprocess import PIPE
from typing import Any

from hookproof import processes
from hookproof.hosts.codex.rpc import Client
from hookproof.hosts.hook_words import HookWords, Said
from hookproof.hosts.process import HostProcess, spawn
from hookproof.hosts.session import HostError, Session, Setting
from hookproof.journal import Journal
from hookproof.model.script import mark
from hookproof.records.hosts import HostLine, HostPrepared, HostThread, User
from hookproof.records.parts import Hook
from hookproof.sandbox import tap

_COMPLETED, _HOOK_COMPLETED = "turn/completed", "hook/completed"


class _Server:
    """The process, and which session each thread and turn is of."""

    def __init__(self, name: str, child: processes.Child, journal: Journal, words: HookWords | None) -> None:
        self.threads: dict[str, str] = {}
        """Thread -> session."""
        self._opening = name
        self._name = name
        self._journal = journal
        self._words = words
        self._commands = {hook.order: tap.written(hook.command) for hook in _hooks(journal)} if words else {}
        """Of a real Codex the commands of its hooks, by the numbers with which it tells of their runs."""
        self._under_way: dict[str, asyncio.Event] = {}
        self._ended = False
        self.client = Client(child, self._on_message)
        self.process = HostProcess(
            name,
            child,
            journal,
            on_line=self.client.take,
            asked=lambda exit_: self._ended and exit_.code == 0,
            silent=self._silent,
        )

    async def open(self, session: str, method: str, params: dict[str, Any], how: str) -> str:
        """Have a thread for a session. Returns its id. Raises HostError."""
        self._opening = session
        answer = await self.client.ask(method, params)
        self._opening = self._name
        try:
            thread = str(answer["thread"]["id"])
        except (KeyError, TypeError):
            raise HostError(f"codex app-server: {method}: its answer names no thread") from None
        self.threads[thread] = session
        self._journal.write(HostThread(session=session, thread=thread, how=how))
        return thread

    async def begin(self, thread: str, method: str, params: dict[str, Any]) -> None:
        """Begin a turn of a thread. Raises HostError."""
        self._under_way[thread] = asyncio.Event()
        await self.client.ask(method, {"threadId": thread, **params})

    async def quiet(self, thread: str | None = None) -> None:
        """Wait until no turn is under way: of this thread, or of any."""
        for each, turn_ended in list(self._under_way.items()):
            if thread in {None, each}:
                await turn_ended.wait()

    async def end(self) -> None:
        """Close its stdin when all turns are over, and wait for it to be gone. The caller sets the deadline."""
        await self.quiet()
        self._ended = True
        self.client.close()
        await self.process.wait_ended()

    def _on_message(self, message: dict[str, Any]) -> None:
        thread = _thread_of(message)
        # of a thread that is being opened its client may hear before it has the answer
        session = self.threads.get(thread, self._opening) if thread else self._name
        text = json.dumps(message)[:2000]
        # what a session's child threads do is heard as well
        child = bool(thread) and thread not in self.threads
        self._journal.write(HostLine(session=session, line_type=message["method"], text=text, child=child))
        if message["method"] == _HOOK_COMPLETED and self._words is not None:
            said = self._said(thread, message["params"].get("run"))
            if said is not None:
                self._words.say(said)
        if message["method"] == _COMPLETED and thread in self._under_way:
            self._under_way[thread].set()

    def _said(self, thread: str, run: Any) -> Said | None:
        """What a message about a hook's end says; None where it does not say of which hook."""
        order = run.get("displayOrder") if isinstance(run, dict) else None
        command = self._commands.get(order)
        if command is None:
            return None
        name = str(run.get("eventName"))
        failed = run.get("status") == "failed"
        entries = [entry for entry in run.get("entries") or [] if isinstance(entry, dict)]
        words = "; ".join(str(entry.get("text")) for entry in entries if entry.get("kind") == "error")
        return Said(name[:1].upper() + name[1:], failed=failed, words=words or None, command=command, thread=thread)

    def _silent(self) -> None:
        self.client.close_with()
        for event in self._under_way.values():
            event.set()


def _hooks(journal: Journal) -> list[Hook]:
    """The plugin's hooks, as Codex has listed them."""
    return [hook for prepared in journal.of(HostPrepared) for hook in prepared.hooks]


def _thread_of(message: dict[str, Any]) -> str:
    """The thread that a notification is about; empty when it is about none."""
    params = message.get("params")
    if not isinstance(params, dict):
        return ""
    thread = params.get("thread")
    return str(params.get("threadId") or (thread.get("id") if isinstance(thread, dict) else None) or "")


class ClientSession(Session):
    """One session: one thread at a time."""

    def __init__(self, setting: Setting) -> None:
        self.name = setting.name
        self._setting = setting
        self._server: _Server | None = None
        self._owns = True
        self._thread: str | None = None

    async def type(self, text: str) -> None:
        """One user turn, or `/clear`, or `/compact`. Waits for the turn before to be over. Raises HostError."""
        server = self._server or await self._start()
        await server.quiet(self._thread)
        self._setting.journal.write(User(session=self.name, text=text))
        if text == "/clear":
            self._thread = await self._open(server, "clear")
            return
        if self._thread is None:
            self._thread = await self._open(server, "startup")
        if text == "/compact":
            await server.begin(self._thread, "thread/compact/start", {})
            await server.quiet(self._thread)
            self._setting.journal.write(HostThread(session=self.name, thread=self._thread, how="compact"))
        elif self._setting.codex.review:
            await server.begin(self._thread, "review/start", {"target": {"type": "uncommittedChanges"}})
        else:
            message = {"type": "text", "text": mark(text, self.name), "text_elements": []}
            await server.begin(self._thread, "turn/start", {"input": [message]})

    async def fork(self, name: str) -> ClientSession:
        """A session that begins with all that was said in this one. Waits for the turn before to be over.

        Raises HostError.
        """
        if self._server is None or self._thread is None:
            raise HostError(f"session {self.name!r} has no thread yet that could be forked")
        await self._server.quiet(self._thread)
        other = ClientSession(replace(self._setting, name=name))
        other._server, other._owns = self._server, False
        other._thread = await self._server.open(name, "thread/fork", {"threadId": self._thread}, "fork")
        return other

    async def end(self) -> None:
        """End the process, once all turns in it are over. A fork ends with the session that it is of."""
        if self._server is None:
            return
        if self._owns:
            await self._server.end()
        else:
            await self._server.quiet(self._thread)

    async def abandon(self) -> None:
        """Stop reading; the process is ended by the run's sweep."""
        if self._server is not None and self._owns:
            await self._server.process.abandon()

    async def _open(self, server: _Server, source: str) -> str:
        setting = self._setting
        how = {"ephemeral": setting.codex.ephemeral, "sessionStartSource": source}
        params = {"cwd": str(setting.sandbox.project), **how}
        return await server.open(self.name, "thread/start", params, source)

    async def _start(self) -> _Server:
        child = await spawn(self._setting, ["app-server"], session_id=None, stdin=PIPE)
        # a stand-in tells the journal itself
        words = HookWords(self._setting.journal, self.name) if self._setting.program.real else None
        self._server = _Server(self.name, child, self._setting.journal, words)
        await self._server.client.initialize()
        return self._server
