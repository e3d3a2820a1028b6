"""A compaction: the model sums the conversation up, and the summary takes the conversation's place.

It is a turn without words of the user. Its request is like any other of its thread, only that it offers no tools.
"""

from __future__ import annotations

from . import notices
from .hosted_turns import HostTurn
from .preamble import user_message
from .turns import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

QUESTION = """\
You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary for another LLM that will resume the task.
"""
PREFACE = """\
Another language model started to solve this problem and produced a summary of its thinking process. Here it is:
"""
TRIGGER = "manual"
_CODEXS_OWN = ("<environment_context>", "<subagent_notification>", "<hook_prompt ", "<user_action>")


class Compaction(HostTurn):
    """One compaction of one thread."""

    def _begin(self) -> None:
        self.host.announce(self.who, self.transcript())
        self.thread.keep(("event_msg", {"type": "task_started", "turn_id": self.id, "started_at": self._began // 1000}))
        self._status({"type": "active", "activeFlags": []})
        self._notify("turn/started", turn=self.as_json(begun=True))

    def _converse(self) -> None:
        before = self.at("compaction begins", trigger=TRIGGER)
        if before.stop is None and before.block is None:
            if not self.host.lifecycle["usage_when_answer_begins"]:
                self.notify_usage()
            self._ask()
            self._replace(self._last or "")
            self.notify_usage(notices.estimated(self.thread.items))
            notices.compacted(self.host, self._around.wire, self.thread)
            self.at("compaction ends", trigger=TRIGGER)
        self._leave()

    def _input(self) -> list[Json]:
        return [*self.thread.items, user_message(QUESTION)]

    def _body(self) -> Json:
        return {**super()._body(), "tools": []}

    def _message(self, item: Json) -> None:
        # the client is not shown the summary: it is no message of the conversation
        self._last = text_of(item)

    def _replace(self, summary: str) -> None:
        said = [item for item in self.thread.items if item.get("role") == "user" and not _is_codexs(item)]
        kept = [*said, user_message(PREFACE + summary)]
        opened = self._opening()
        first = self.host.lifecycle["compacted_opening"] == "first"
        self.thread.items = [*opened, *kept] if first else [*kept, *opened]
        self.who.window += 1
        self.who.start = "is compacted"
        payload = {"message": PREFACE + summary, "replacement_history": list(self.thread.items)}
        self.thread.keep(("compacted", payload), ("event_msg", {"type": "context_compacted"}))
        self._item({"type": "contextCompaction", "id": self.id})


def _is_codexs(item: Json) -> bool:
    content = item.get("content")
    part = content[0] if isinstance(content, list) and content else {}
    return str(part.get("text", "")).startswith(_CODEXS_OWN)
