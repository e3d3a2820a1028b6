"""One turn of a thread: the user's input goes to the model, its answer comes back, the client is notified of each step.

It runs in a thread of execution of its own, so that turns of several threads run at once, and lasts as long as the
model server holds the answer back. It ends completed, failed or interrupted, and the journal knows before the client.
What the model asks to run is not run: it gets "unsupported call" and is asked again, as Codex does with an unknown
tool.
"""

from __future__ import annotations

import os

from . import clock
from .preamble import opening, user_message
from .responses import AbandonedError, Exchange, ModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from standin.wire import Recorder

    from .config import Config
    from .grandchild import Grandchild
    from .threads import Thread
    from .wire import Listening

    Json = dict[str, Any]

MOST_REQUESTS = 20
"""A model that only ever calls tools ends its turn here."""


class Surroundings:
    """What every turn of the process shares. Hooks and agents are none of its business."""

    def __init__(self, wire: Listening, recorder: Recorder, grandchild: Grandchild) -> None:
        self.wire = wire
        self.recorder = recorder
        self.grandchild = grandchild
        self.base_url = os.environ.get("OPENAI_BASE_URL")
        self.key = os.environ.get("OPENAI_API_KEY")
        self.originator = "codex"
        self.user_agent = "codex"

    def use(self, config: Config) -> None:
        """Ask the model that a host's configuration names."""
        self.base_url, self.key = config.base_url, config.key


class Turn:
    """One turn of one thread. Built and interrupted by requests, run by itself."""

    def __init__(self, around: Surroundings, thread: Thread, words: list[Json], options: Json) -> None:
        self.id = clock.new_id(clock.now_ms())
        self.thread = thread
        self._around = around
        self._options = options
        self._exchange = Exchange(around.base_url, around.key)
        self._interrupted = False
        self._waiting = [words]
        """What the user has said and the model has not heard; more may come while the turn runs."""
        self._began = clock.now_ms()
        self._last: str | None = None
        self.usage: dict[str, int] = {}
        """The tokens that it has used, as the model counts them."""

    # -- asked for by requests, under the thread's lock

    def add_input(self, words: list[Json]) -> None:
        """Take more of the user's words into the running turn."""
        self._waiting.append(words)

    def interrupt(self) -> None:
        """End the turn: whoever waits for the model is told at once."""
        self._interrupted = True
        self._exchange.abandon()

    def as_json(self, status: str = "inProgress", error: Json | None = None, *, begun: bool = False) -> Json:
        """The turn as the protocol shows it."""
        over = status != "inProgress"
        now = clock.now_ms()
        return {
            "id": self.id,
            "items": [],
            "itemsView": "notLoaded",
            "status": status,
            "error": error,
            "startedAt": self._began // 1000 if begun or over else None,
            "completedAt": now // 1000 if over else None,
            "durationMs": now - self._began if over else None,
        }

    # -- run by the turn itself

    def run(self) -> None:
        """The whole turn."""
        error: ModelError | None = None
        try:
            self._around.recorder.write("codex.turn", thread_id=self.thread.id, turn_id=self.id, state="started")
            self._around.grandchild.start_once()
            self._begin()
            self._converse()
        except AbandonedError:
            pass  # the turn knows that it was interrupted
        except ModelError as refused:
            error = refused
        except Exception as fault:
            # whatever went wrong: a turn that does not end keeps its client waiting for ever
            error = ModelError(f"{type(fault).__name__}: {fault}")
        self._end(error)

    def _converse(self) -> None:
        for _ in range(MOST_REQUESTS):
            for words in self._unheard():
                self._prompt(words)
            calls = self._ask()
            with self.thread.lock:
                # nobody may speak to this turn between this look and its end
                if not calls and not self._waiting:
                    self.thread.turn = None
                    return
        raise ModelError(f"the model was asked {MOST_REQUESTS} times and never came to an end")

    def _unheard(self) -> list[list[Json]]:
        with self.thread.lock:
            words, self._waiting = self._waiting, []
        return words

    def _ask(self) -> bool:
        """One request. Whether the model wants to be asked again."""
        calls = False
        for event in self._exchange.ask(self._headers(), self._body()):
            item = event.get("item")
            if event.get("type") == "response.completed":
                self._add_up((event.get("response") or {}).get("usage"))
            if event.get("type") != "response.output_item.done" or not isinstance(item, dict):
                continue
            if item.get("type") == "message":
                self._message(item)
            elif item.get("type") == "function_call":
                calls = True
                output = unsupported(item)
                self._remember(without_id(item))
                self._remember({"type": "function_call_output", "call_id": item.get("call_id"), "output": output})
        return calls

    def _add_up(self, usage: Any) -> None:
        used = usage if isinstance(usage, dict) else {}
        details = used.get("input_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        for key, value in {**used, "cached_input_tokens": cached}.items():
            if isinstance(value, int):
                self.usage[key] = self.usage.get(key, 0) + value

    def _headers(self) -> dict[str, str]:
        return {
            "originator": self._around.originator,
            "user-agent": self._around.user_agent,
            "session_id": self.thread.id,
            "thread_id": self.thread.id,
            "x-client-request-id": self.thread.id,
        }

    def _body(self) -> Json:
        schema = self._options.get("outputSchema")
        shape = {"type": "json_schema", "name": "codex_output_schema", "strict": True, "schema": schema}
        return {
            "model": self._options.get("model") or self.thread.model,
            "instructions": self._instructions(),
            "input": self._input(),
            "tools": [],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "reasoning": {"effort": self._options.get("effort") or "medium", "summary": "auto"},
            "store": False,
            "stream": True,
            "include": [],
            "prompt_cache_key": self.thread.id,
            "text": {"verbosity": "low", **({"format": shape} if schema else {})},
        }

    def _instructions(self) -> str:
        return "You are Codex, a coding agent."

    def _opening(self) -> list[Json]:
        return opening(self.thread.cwd)

    def _input(self) -> list[Json]:
        return self.thread.items

    def _remember(self, *items: Json) -> None:
        self.thread.items.extend(items)
        self.thread.keep(*[("response_item", item) for item in items])

    # -- what the client and the thread's file are told

    def _begin(self) -> None:
        started = {"type": "task_started", "turn_id": self.id, "started_at": self._began // 1000}
        self.thread.keep(("event_msg", started))
        if not self.thread.items:
            self._remember(*self._opening())
        self.thread.keep(("turn_context", {"turn_id": self.id, "cwd": self.thread.cwd, "model": self.thread.model}))
        self._status({"type": "active", "activeFlags": []})
        self._notify("turn/started", turn=self.as_json(begun=True))

    def _prompt(self, words: list[Json]) -> None:
        text = words_of(words)
        self.thread.preview = self.thread.preview or text
        self._remember(user_message(text))
        self.thread.keep(("event_msg", {"type": "user_message", "message": text, "images": [], "text_elements": []}))
        self._item({"type": "userMessage", "id": clock.new_id(clock.now_ms()), "content": words})

    def _message(self, item: Json) -> None:
        """The model says something. Its phase is the model's own: where it names none, there is none (measured)."""
        text, phase = text_of(item), item.get("phase")
        self._last = text
        said = {"type": "agent_message", "message": text, "phase": phase, "memory_citation": None}
        self.thread.keep(("event_msg", said))
        self._remember(without_id(item))
        number = item.get("id") or clock.new_id(clock.now_ms())
        self._item({"type": "agentMessage", "id": number, "text": text, "phase": phase, "memoryCitation": None})

    def _item(self, item: Json) -> None:
        for step, moment in (("started", "startedAtMs"), ("completed", "completedAtMs")):
            self._notify(f"item/{step}", item=item, turnId=self.id, **{moment: clock.now_ms()})

    def _status(self, status: Json) -> None:
        self.thread.status = status
        self._notify("thread/status/changed", status=status)

    def _notify(self, method: str, **params: Any) -> None:
        self._around.wire.notify(method, threadId=self.thread.id, **params)

    def _end(self, error: ModelError | None) -> None:
        with self.thread.lock:
            self.thread.turn = None
            state = "interrupted" if self._interrupted else "failed" if error else "completed"
        self.thread.touch()
        self._close(state)
        self._around.recorder.write("codex.turn", thread_id=self.thread.id, turn_id=self.id, state=state)
        shown = None
        if state == "failed" and error is not None:
            shown = {"message": str(error), "codexErrorInfo": error.info, "additionalDetails": None}
        self._status({"type": "systemError" if shown else "idle"})
        if shown:
            self._notify("error", error=shown, willRetry=False, turnId=self.id)
        self._ended(state, shown)
        self._notify("turn/completed", turn=self.as_json(state, shown))

    def _ended(self, state: str, error: Json | None) -> None:
        """Whoever waits for the turn in here is told before the client."""

    def _close(self, state: str) -> None:
        end = {"turn_id": self.id, "completed_at": clock.now_ms() // 1000, "duration_ms": clock.now_ms() - self._began}
        done = {"type": "task_complete", **end, "last_agent_message": self._last}
        aborted = {"type": "turn_aborted", **end, "reason": "interrupted"}
        try:
            self.thread.keep(("event_msg", aborted if state == "interrupted" else done))
        except OSError:
            return  # a thread whose file cannot be written has failed already


def words_of(words: list[Json]) -> str:
    """The text of what the user says."""
    return "\n".join(str(part.get("text")) for part in words if part.get("type") == "text")


def unsupported(item: Json) -> str:
    """What the model hears of a call that nobody takes."""
    return f"unsupported call: {item.get('namespace') or ''}{item.get('name')}"


def text_of(item: Json) -> str:
    """What a message of the model says."""
    content = item.get("content")
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def without_id(item: Json) -> Json:
    """Nothing is stored on the other side that an id could name."""
    return {key: value for key, value in item.items() if key != "id"}
