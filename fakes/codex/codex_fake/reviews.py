"""A review: a turn whose question a reviewer answers, a sub-agent with a conversation and a thread id of its own.

Inline it shows in the thread that asked; detached in a fork of it. The client sees one turn: the review mode entered,
the reviewer's question and words, the review mode left with its verdict (order measured on 0.130.0: the reviewer's own
turn is announced under another id, and its message starts but does not complete).
"""

from __future__ import annotations

from . import clock
from .preamble import user_message
from .rollout import Rollout, path_of, session_meta
from .turns import Turn, text_of
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .threads import Thread
    from .turns import Surroundings

    Json = dict[str, Any]


def question(target: Any) -> tuple[str, str]:
    """What to review: as the client is told, and as the reviewer is asked. Raises RequestError."""
    kind = target.get("type") if isinstance(target, dict) else None
    if kind == "uncommittedChanges":
        asked = "Review the current code changes (staged, unstaged, and untracked files)"
        return "current changes", f"{asked} and provide prioritized findings."
    named = {"baseBranch": "branch", "commit": "sha", "custom": "instructions"}.get(str(kind))
    value = target.get(named) if named else None
    if not isinstance(value, str) or not value.strip():
        raise RequestError(f"Invalid request: nothing that can be reviewed: {target!r}")
    if kind == "baseBranch":
        return f"changes against '{value}'", f"Review the code changes against the base branch '{value}'."
    if kind == "commit":
        return f"commit {value[:7]}", f"Review the code changes introduced by commit {value}."
    return value.strip(), value.strip()


class Review(Turn):
    """One review in one thread."""

    def __init__(self, around: Surroundings, thread: Thread, target: Any) -> None:
        self._hint, asked = question(target)
        super().__init__(around, thread, [{"type": "text", "text": asked, "text_elements": []}], {})
        ms = clock.now_ms()
        self._reviewer = clock.new_id(ms)
        self._reviewers_turn = clock.new_id(ms)
        self._heard: list[Json] = []
        self._rollout: Rollout | None = None
        if thread.rollout is not None:
            self._rollout = self._file(ms)

    def _file(self, ms: int) -> Rollout:
        origin = {"source": {"subagent": "review"}, "thread_source": "subagent"}
        meta = session_meta(self._reviewer, ms, self.thread.cwd, self._around.originator, **origin)
        return Rollout(path_of(self._reviewer, ms), [meta])

    def asked(self) -> Json:
        """The turn as the answer to `review/start` shows it."""
        content = [{"type": "text", "text": self._hint, "text_elements": []}]
        return {**self.as_json(), "items": [{"type": "userMessage", "id": self.id, "content": content}]}

    def _headers(self) -> dict[str, str]:
        return {**super()._headers(), "thread_id": self._reviewer, "x-openai-subagent": "review"}

    def _instructions(self) -> str:
        return "You review code changes."

    def _input(self) -> list[Json]:
        return self._heard

    def _remember(self, *items: Json) -> None:
        self._heard.extend(items)
        if self._rollout is not None:
            self._rollout.add(*[("response_item", item) for item in items])

    def _begin(self) -> None:
        self.thread.keep(("event_msg", {"type": "entered_review_mode", "user_facing_hint": self._hint}))
        self._item({"type": "enteredReviewMode", "id": self.id, "review": self._hint})
        self._remember(*self._opening())
        self._status({"type": "active", "activeFlags": []})
        self._notify("turn/started", turn={**self.as_json(begun=True), "id": self._reviewers_turn})

    def _message(self, item: Json) -> None:
        text, phase = text_of(item), item.get("phase")
        self._last = text
        self._remember(item)
        said = {"type": "agentMessage", "text": text, "phase": phase, "memoryCitation": None}
        started = {**said, "id": item.get("id") or self._reviewers_turn}
        self._notify("item/started", item=started, turnId=self.id, startedAtMs=clock.now_ms())

    def _close(self, state: str) -> None:
        if state == "completed":
            verdict = self._last or ""
            self._item({"type": "exitedReviewMode", "id": self.id, "review": verdict})
            said = {"type": "agentMessage", "text": verdict, "phase": None, "memoryCitation": None}
            self._item({**said, "id": "review_rollout_assistant"})
            told = f"<user_action>\n  <action>review</action>\n  <results>\n  {verdict}\n  </results>\n</user_action>\n"
            content = [{"type": "output_text", "text": verdict}]
            self.thread.items += [
                user_message(told),
                {"type": "message", "role": "assistant", "content": content},
            ]
        super()._close(state)
