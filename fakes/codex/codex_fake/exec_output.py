"""The output of `codex exec`: JSON lines, or a text whose last message alone goes to stdout.

It listens to the same notifications that a client of the app-server gets, those of the main thread.
"""

from __future__ import annotations

import json
import os
from _thread import allocate_lock

from . import version
from .identity import of
from .notices import of_model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .host import Host
    from .threads import Thread

    Json = dict[str, Any]

_TOOLS = {"spawnAgent": "spawn_agent", "sendInput": "send_input", "wait": "wait"}
_USAGE = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
"""What a worker tells of the tokens that it has used: the keys that every measured release has."""
_STATES = {"inProgress": "in_progress"}


class Output:
    """Whom the turns of an `exec` tell of their steps."""

    def __init__(self, host: Host | None, *, is_review: bool = False) -> None:
        """`host`: None for a worker, which has no lifecycle."""
        self.counts: dict[str, int] = {}
        """What a worker's turn has used so far."""
        self.last: str | None = None
        self.failed = False
        self.is_review = is_review
        self._host = host
        self._thread: Thread | None = None
        self._lock = allocate_lock()

    def begin(self, thread: Thread, _prompt: str) -> None:
        """The conversation is there, nothing has been said yet."""
        self._thread = thread

    def opt_out(self, methods: Iterable[str]) -> None:
        """Nobody has."""

    @property
    def usage(self) -> dict[str, int]:
        """What the conversation has used so far."""
        if self._host is None:
            return self.counts
        return of(self._thread).usage if self._thread is not None else {}

    def notify(self, method: str, **params: Any) -> None:
        """Take in one step."""
        if self._thread is None or params.get("threadId") != self._thread.id:
            return
        item = params.get("item") or {}
        if method == "item/completed" and item.get("type") == "agentMessage":
            self.last = str(item.get("text"))
        if method == "turn/completed":
            self.failed = params["turn"]["status"] != "completed"
        with self._lock:
            self.show_step(method, item, params)

    def show_step(self, method: str, item: Json, params: Json) -> None:
        """Print it."""

    def end(self) -> None:
        """The turn is over, hooks and all."""

    def notices(self, thread: Thread) -> list[str]:
        """The notices that come before it begins."""
        if self._host is None:
            return []
        notices = of_model(self._host, thread)
        if self._host.lifecycle["exec_tells_hook_warnings"]:
            notices = [*of(thread).hooks.warnings, *notices]
        # a reviewer's thread remarks the same again (measured on 0.169.0)
        return notices * 2 if self.is_review else notices


class JsonOutput(Output):
    """One object a line."""

    def __init__(self, host: Host | None, *, is_review: bool = False) -> None:
        super().__init__(host, is_review=is_review)
        self._numbers: dict[str, int] = {}

    def begin(self, thread: Thread, _prompt: str) -> None:
        """Name the conversation."""
        super().begin(thread, _prompt)
        _line({"type": "thread.started", "thread_id": thread.id})
        for number, notice in enumerate(self.notices(thread)):
            item = {"id": self._id(f"notice {number}"), "type": "error", "message": notice}
            _line({"type": "item.completed", "item": item})

    def show_step(self, method: str, item: Json, params: Json) -> None:
        """One line, or none."""
        if method == "turn/started":
            _line({"type": "turn.started"})
        elif method == "error":
            _line({"type": "error", "message": params["error"]["message"]})
        elif method in ("item/started", "item/completed"):
            shown = self._shown(method, item)
            if shown:
                _line({"type": method.replace("/", "."), "item": shown})
        elif method == "turn/completed" and self.failed:
            error = params["turn"].get("error") or {}
            _line({"type": "turn.failed", "error": {"message": error.get("message", "turn interrupted")}})
        elif method == "turn/completed":
            used = self.usage
            keys = self._host.lifecycle["exec_usage"] if self._host is not None else _USAGE
            _line({"type": "turn.completed", "usage": {key: used.get(key, 0) for key in keys}})

    def _id(self, key: str) -> str:
        return f"item_{self._numbers.setdefault(key, len(self._numbers))}"

    def _shown(self, method: str, item: Json) -> Json | None:
        if item.get("type") == "agentMessage" and method == "item/completed":
            number = self._id(f"message {len(self._numbers)}")
            return {"id": number, "type": "agent_message", "text": item["text"]}
        if item.get("type") != "collabAgentToolCall":
            return None
        return {
            "id": self._id(f"call {item['id']}"),
            "type": "collab_tool_call",
            "tool": _TOOLS[item["tool"]],
            "sender_thread_id": item["senderThreadId"],
            "receiver_thread_ids": item["receiverThreadIds"],
            "prompt": item["prompt"],
            "agents_states": item["agentsStates"],
            "status": _STATES.get(item["status"], item["status"]),
        }


class TextOutput(Output):
    """For people: the way on stderr, the last message on stdout."""

    def begin(self, thread: Thread, _prompt: str) -> None:
        """The head, the user's words below it."""
        super().begin(thread, _prompt)
        _remark(
            f"OpenAI Codex v{version.current()}",
            "--------",
            f"workdir: {thread.cwd}",
            f"model: {thread.model}",
            "approval: never",
            "sandbox: danger-full-access",
            f"session id: {thread.id}",
            "--------",
            "user",
            _prompt,
            *(f"warning: {notice}" for notice in self.notices(thread)),
        )

    def show_step(self, method: str, item: Json, params: Json) -> None:
        """What is said and what fails."""
        if method == "item/completed" and item.get("type") == "agentMessage":
            _remark("codex", str(item["text"]))
        elif method == "error":
            _remark(f"ERROR: {params['error']['message']}")

    def end(self) -> None:
        """The last message."""
        total = self.usage.get("total_tokens", 0)
        if total:
            _remark("tokens used", str(total))
        if self.last is not None and not self.failed:
            _write(1, self.last + "\n")


def _line(event: Json) -> None:
    _write(1, json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n")


def _remark(*lines: str) -> None:
    _write(2, "".join(f"{line}\n" for line in lines))


def _write(fd: int, text: str) -> None:
    data = memoryview(text.encode("utf-8", "replace"))
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        return  # nobody reads any more
