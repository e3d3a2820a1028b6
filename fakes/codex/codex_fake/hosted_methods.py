"""The methods of `codex app-server` where Codex is a host: those of a worker, with hooks and their settings."""

from __future__ import annotations

import os
from _thread import start_new_thread

from . import config, hooks, hosted_stored, hosted_threads, notices, plugins, rollout
from .compaction import Compaction
from .hosted_reviews import HostReview
from .hosted_turns import HostTurn
from .identity import hosted, of
from .methods import Methods, text_in
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .hosted_turns import HostSurroundings
    from .identity import HostThread
    from .lifecycle import Lifecycle
    from .methods import Answer
    from .threads import Thread
    from .turns import Turn

    Json = dict[str, Any]

_BEGINNINGS = ("startup", "clear")


class HostMethods(Methods):
    """The requests of one client of a host."""

    def __init__(self, around: HostSurroundings) -> None:
        super().__init__(around)
        self._hosting = around
        self._host = around.host
        self.config = self._host.config
        self._named["thread/fork"] = self._fork_thread
        self._named["thread/compact/start"] = self._compact_thread
        for handlers in (config.METHODS, hooks.METHODS, plugins.METHODS):
            for name, handler in handlers.items():
                self._named[name] = self._handled(handler)

    @property
    def lifecycle(self) -> Lifecycle:
        """The behaviour that this host has."""
        return self._host.lifecycle

    def _handled(self, handler: Callable[[Json, Any], Json]) -> Callable[[Json], Answer]:
        return lambda params: (handler(params, self), None)

    def _initialize(self, params: Json) -> Answer:
        result, _ = super()._initialize(params)
        return result, lambda: notices.greeted(self.lifecycle, self._around.wire)

    def _start_thread(self, params: Json) -> Answer:
        shown, then = super()._start_thread(params)
        thread = self._threads[shown["thread"]["id"]]
        return shown, lambda: self._send_opened(thread, then)

    def _send_opened(self, thread: Thread, then: Callable[[], object] | None) -> None:
        if then is not None:
            then()
        notices.opened(self._host, self._around.wire, thread)

    def _new(self, params: Json) -> Thread:
        source = text_in(params, "sessionStartSource", "startup")
        if source not in _BEGINNINGS:
            raise RequestError(f"Invalid request: unknown variant `{source}`, expected `startup` or `clear`")
        thread = hosted_threads.started(
            self._host,
            cwd=text_in(params, "cwd", os.getcwd()),
            ephemeral=params.get("ephemeral") is True,
            originator=self._around.originator,
            model=text_in(params, "model", "") or None,
            start="is cleared" if source == "clear" else "starts",
        )
        return self._begun(thread)

    def _begun(self, thread: HostThread) -> HostThread:
        # a session ends with the process, whether or not anything was said in it (measured on 0.169.0)
        self._host.begin_session(thread)
        return thread

    def _again(self, stored: rollout.Stored, params: Json) -> Thread:
        model, cwd = text_in(params, "model", "") or None, text_in(params, "cwd", "") or None
        stored = hosted_stored.stored_at(stored.path)
        name = rollout.names().get(stored.meta["id"])
        return self._begun(hosted_threads.resumed(self._host, stored, name, cwd=cwd, model=model))

    def _find(self, thread_id: str) -> rollout.Stored | None:
        return hosted_stored.find(thread_id)

    def _turn(self, thread: Thread, words: list[Json], params: Json) -> Turn:
        return HostTurn(self._hosting, hosted(thread), words, params)

    def _review(self, thread: Thread, target: Any) -> HostReview:
        return HostReview(self._hosting, hosted(thread), target)

    def _fork(self, thread: Thread) -> Thread:
        return self._begun(hosted_threads.forked(self._host, hosted(thread), self._around.originator))

    def _start_review(self, params: Json) -> Answer:
        if params.get("delivery") == "detached" and not self.lifecycle["review_detached"]:
            raise RequestError("Invalid request: unknown variant `detached`, expected `inline`")
        return super()._start_review(params)

    def _fork_thread(self, params: Json) -> Answer:
        thread_id = text_in(params, "threadId")
        parent = self._threads.get(thread_id)
        if parent is None:
            stored = self._find(thread_id)
            if stored is None:
                raise RequestError(f"no rollout found for thread id {thread_id}")
            parent = hosted_threads.resumed(self._host, stored, None, cwd=None, model=None)
        thread = self._fork(parent)
        self._threads[thread.id] = thread
        shown = thread.as_json()
        wire = self._around.wire
        above, who = of(parent), of(thread)
        who.usage, who.last_usage, latest = dict(above.usage), dict(above.last_usage), above.latest_turn

        def notify() -> None:
            wire.notify("thread/started", thread=shown)
            notices.forked(self._host, wire, thread, latest)

        return self._opened(thread, params, shown), lambda: self._send_opened(thread, notify)

    def _compact_thread(self, params: Json) -> Answer:
        thread = self._thread(params)
        turn = Compaction(self._hosting, hosted(thread), [], {})
        with thread.lock:
            if thread.turn is not None:
                raise RequestError("a turn is running in this thread: it can't be compacted now")
            thread.turn = turn
        return {}, lambda: start_new_thread(turn.run, ())
