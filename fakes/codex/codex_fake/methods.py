"""The methods of `codex app-server`: each reads its parameters, does its work, and may notify after its answer.

Answers come before the events that they cause, as with the real server; so a method returns its result and, if there
is one, the step that follows it.
"""

from __future__ import annotations

import os
import sys
from _thread import start_new_thread

from . import listing, rollout, threads, version
from .reviews import Review
from .turns import Turn
from .wire import UNKNOWN_METHOD, RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .threads import Running, Thread
    from .turns import Surroundings

    Json = dict[str, Any]
    Answer = tuple[Json, Callable[[], object] | None]

_INPUTS = ("text", "image", "localImage", "skill", "mention")


class Methods:
    """The requests of one client. Called by the thread that reads stdin, one at a time."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._threads: dict[str, Thread] = {}
        self._greeted = False
        self._named: dict[str, Callable[[Json], Answer]] = {
            "account/read": self._account,
            "config/read": self._config,
            "thread/start": self._start_thread,
            "thread/name/set": self._name_thread,
            "thread/list": self._list_threads,
            "thread/resume": self._resume_thread,
            "turn/start": self._start_turn,
            "turn/interrupt": self._interrupt_turn,
            "review/start": self._start_review,
        }

    def answer(self, method: str, params: Json) -> Answer:
        """Grant a request. Raises RequestError."""
        if method == "initialize":
            return self._initialize(params)
        if not self._greeted:
            raise RequestError("Not initialized")
        if method not in self._named:
            known = ", ".join(f"`{name}`" for name in ("initialize", *self._named))
            raise RequestError(f"unknown method `{method}`, expected one of {known}", UNKNOWN_METHOD)
        return self._named[method](params)

    def _initialize(self, params: Json) -> Answer:
        if self._greeted:
            raise RequestError("Already initialized")
        client = _object(params, "clientInfo") or {}
        name, its_version = text_in(client, "name", "unknown"), text_in(client, "version", "0")
        unwanted = (_object(params, "capabilities") or {}).get("optOutNotificationMethods")
        if isinstance(unwanted, list):
            self._around.wire.opt_out(item for item in unwanted if isinstance(item, str))
        self._greeted = True
        self._around.originator = name
        self._around.user_agent = f"{name}/{version.current()} ({sys.platform}) unknown ({name}; {its_version})"
        windows = sys.platform == "win32"
        result = {
            "userAgent": self._around.user_agent,
            "codexHome": rollout.codex_home(),
            "platformFamily": "windows" if windows else "unix",
            "platformOs": "windows" if windows else "macos" if sys.platform == "darwin" else "linux",
        }
        return result, None

    def _account(self, _: Json) -> Answer:
        return {"account": None, "requiresOpenaiAuth": False}, None

    def _config(self, _: Json) -> Answer:
        provider = {"name": threads.PROVIDER, "base_url": os.environ.get("OPENAI_BASE_URL"), "wire_api": "responses"}
        config = {
            "model": threads.MODEL,
            "model_provider": threads.PROVIDER,
            "model_providers": {threads.PROVIDER: {**provider, "requires_openai_auth": False}},
            "approval_policy": "never",
            "sandbox_mode": "danger-full-access",
        }
        return {"config": config, "origins": {}, "layers": None}, None

    def _start_thread(self, params: Json) -> Answer:
        thread = self._new(params)
        self._threads[thread.id] = thread
        shown = thread.as_json()
        return self._opened(thread, params, shown), lambda: self._around.wire.notify("thread/started", thread=shown)

    def _opened(self, thread: Thread, params: Json, shown: Json) -> Json:
        sandbox = {"read-only": "readOnly", "workspace-write": "workspaceWrite"}.get(str(params.get("sandbox")))
        return {
            "thread": shown,
            "model": thread.model,
            "modelProvider": threads.PROVIDER,
            "serviceTier": None,
            "cwd": thread.cwd,
            "instructionSources": [],
            "approvalPolicy": "never",
            "approvalsReviewer": "user",
            "sandbox": {"type": sandbox, "networkAccess": False} if sandbox else {"type": "dangerFullAccess"},
            "reasoningEffort": None,
        }

    def _name_thread(self, params: Json) -> Answer:
        thread, name = self._thread(params), text_in(params, "name").strip()
        if thread.rollout is None:
            raise RequestError(f"thread not found: {thread.id}")  # measured: an ephemeral thread has no name
        if not name:
            raise RequestError("thread name must not be empty")
        thread.rollout.begin()
        rollout.remember_name(thread.id, name)
        thread.name = name
        wire = self._around.wire
        return {}, lambda: wire.notify("thread/name/updated", threadId=thread.id, threadName=name)

    def _list_threads(self, params: Json) -> Answer:
        page = listing.page(params, self._threads)
        return {"data": page, "nextCursor": None, "backwardsCursor": None}, None

    def _resume_thread(self, params: Json) -> Answer:
        thread_id = text_in(params, "threadId")
        stored = self._find(thread_id)
        thread = self._threads.get(thread_id)
        if stored is None or stored.meta["id"] != thread_id:
            raise RequestError(f"no rollout found for thread id {thread_id}")
        if thread is None:
            thread = self._again(stored, params)
            self._threads[thread_id] = thread
        return self._opened(thread, params, thread.as_json(stored.turns)), None

    def _start_turn(self, params: Json) -> Answer:
        thread, words = self._thread(params), _input(params)
        turn = self._turn(thread, words, params)
        with thread.lock:
            if thread.turn is not None:
                # measured: the running turn hears it, and the new turn's id is never heard of again
                thread.turn.add_input(words)
                return {"turn": turn.as_json()}, None
            thread.turn = turn
        return {"turn": turn.as_json()}, lambda: start_new_thread(turn.run, ())

    def _interrupt_turn(self, params: Json) -> Answer:
        thread, turn_id = self._thread(params), text_in(params, "turnId")
        with thread.lock:
            if thread.turn is None:
                raise RequestError("no active turn to interrupt")
            if thread.turn.id != turn_id:
                raise RequestError(f"expected active turn id {turn_id} but found {thread.turn.id}")
            turn = thread.turn
        return {}, lambda: _interrupt(thread, turn)

    def _start_review(self, params: Json) -> Answer:
        thread = self._thread(params)
        detached = params.get("delivery") == "detached"
        if detached:
            thread = self._fork(thread)
        review = self._review(thread, params.get("target"))
        with thread.lock:
            if thread.turn is not None:
                raise RequestError("a turn is running in this thread: nothing can be reviewed in it now")
            thread.turn = review
        if detached:
            self._threads[thread.id] = thread
            self._around.wire.notify("thread/started", thread=thread.as_json())
        result = {"turn": review.asked(), "reviewThreadId": thread.id}
        return result, lambda: start_new_thread(review.run, ())

    def _turn(self, thread: Thread, words: list[Json], params: Json) -> Turn:
        return Turn(self._around, thread, words, params)

    def _review(self, thread: Thread, target: Any) -> Review:
        return Review(self._around, thread, target)

    def _fork(self, thread: Thread) -> Thread:
        return threads.forked(thread, self._around.originator)

    def _new(self, params: Json) -> Thread:
        return threads.started(
            cwd=text_in(params, "cwd", os.getcwd()),
            ephemeral=params.get("ephemeral") is True,
            originator=self._around.originator,
            model=text_in(params, "model", "") or None,
        )

    def _again(self, stored: rollout.Stored, params: Json) -> Thread:
        model, cwd = text_in(params, "model", "") or None, text_in(params, "cwd", "") or None
        return threads.resumed(stored, rollout.names().get(stored.meta["id"]), cwd=cwd, model=model)

    def _find(self, thread_id: str) -> rollout.Stored | None:
        return rollout.find(thread_id)

    def _thread(self, params: Json) -> Thread:
        thread_id = text_in(params, "threadId")
        if thread_id not in self._threads:
            raise RequestError(f"thread not found: {thread_id}")
        return self._threads[thread_id]


def _interrupt(thread: Thread, turn: Running) -> None:
    with thread.lock:
        if thread.turn is turn:
            turn.interrupt()


def text_in(params: Json, name: str, otherwise: str | None = None) -> str:
    """A text among the params. Raises RequestError."""
    value = params.get(name)
    if value is None:
        value = otherwise
    if not isinstance(value, str):
        raise RequestError(f"Invalid request: `{name}`: expected a string, not {value!r}")
    return value


def _object(params: Json, name: str) -> Json | None:
    value = params.get(name)
    if value is not None and not isinstance(value, dict):
        raise RequestError(f"Invalid request: `{name}`: expected an object, not {value!r}")
    return value


def _input(params: Json) -> list[Json]:
    value = params.get("input")
    if not isinstance(value, list):
        raise RequestError(f"Invalid request: `input`: expected a list, not {value!r}")
    for part in value:
        if not isinstance(part, dict) or part.get("type") not in _INPUTS:
            raise RequestError(f"Invalid request: `input`: expected objects of a type in {_INPUTS}, not {part!r}")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise RequestError("Invalid request: `input`: a text without its text")
    return value
