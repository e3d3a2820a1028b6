"""The messages that one agent sends to the model, and where the context of hooks is put among them.

A conversation only grows. `reminder`: a sentence becomes a `<system-reminder>` block of the user message that it
belongs to, before a prompt and after tool results. `system message`: the sentences follow that user message in a
message of their own with the role `system`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def text_block(text: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": text}


def reminder(text: str) -> dict[str, Any]:
    """A text block that the model takes as the host's word."""
    return text_block(f"<system-reminder>\n{text}\n</system-reminder>")


class Conversation:
    """What the model is sent as `messages`."""

    def __init__(self, place: str) -> None:
        self._as_reminders = place == "reminder"
        self.messages: list[dict[str, Any]] = []
        self._told: set[int] = set()

    def prompt(self, blocks: list[dict[str, Any]], sentences: list[str]) -> None:
        """A user message that asks for something; the sentences come before it, where they are reminders."""
        self._add([*self._reminders(sentences), *blocks], sentences)

    def results(self, blocks: list[dict[str, Any]], sentences: list[str]) -> None:
        """A user message with tool results; the sentences come after them."""
        self._add([*blocks, *self._reminders(sentences)], sentences)

    def answer(self, blocks: list[dict[str, Any]]) -> None:
        """What the model said."""
        if blocks:
            self.messages.append({"role": "assistant", "content": blocks})

    def _reminders(self, sentences: list[str]) -> list[dict[str, Any]]:
        blocks = [reminder(sentence) for sentence in sentences] if self._as_reminders else []
        self._told |= {id(block) for block in blocks}
        return blocks

    def without_context(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message of this conversation without the reminders in it."""
        return {**message, "content": [block for block in message["content"] if id(block) not in self._told]}

    def _add(self, content: list[dict[str, Any]], sentences: list[str]) -> None:
        self.messages.append({"role": "user", "content": content})
        if sentences and not self._as_reminders:
            self.messages.append({"role": "system", "content": [text_block("\n\n".join(sentences))]})
