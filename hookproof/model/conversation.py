"""One agent's conversation with its model. It finds what is new in each request, for the request's record.

Hosts send the whole history with every request. A forked child begins with its parent's history: that is marked as
inherited, since nobody told it to the child anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hookproof.records.parts import Text, ToolResult, text_key


class Conversation:
    """One agent's side. `parent` is the conversation that a child may have inherited from."""

    def __init__(self, parent: Conversation | None = None) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()
        self._results: set[str] = set()
        self._inherited = Counter(parent._seen) if parent is not None else Counter()
        self.last_answer: str | None = None
        """What the agent has said to end its turn; None while it is in one."""
        self._resumed = False
        self.forgotten: list[str] | None = None
        """What the host had told before it was resumed and has not kept, as the last request shows."""

    def resumed(self) -> None:
        """Its host has begun anew: of what was told, only what still stands in the history counts as known.

        Claude Code 2.1.91 leaves out what hooks had told: the same text after the history is a new one then.
        """
        self._resumed = True

    def news(
        self, texts: Sequence[tuple[str, str]], results: Mapping[str, tuple[str, bool]]
    ) -> tuple[list[Text], list[ToolResult]]:
        """(new texts, new tool results) of a request with these (role, text) pairs and results by call id.

        Each text has its `place`, its number among all texts of the request.
        """
        keys = [text_key(role, text) for role, text in texts]
        now = Counter(keys)
        self.forgotten = None
        if self._resumed:
            self._resumed = False
            answered = max((place for place, (role, _) in enumerate(keys, start=1) if role == "assistant"), default=0)
            history = Counter(keys[:answered])
            self.forgotten = [text for _, text in (self._seen - history).elements()]
            self._seen &= history
        fresh = now - self._seen
        self._seen |= now
        new_texts = []
        for place, ((role, text), key) in enumerate(zip(texts, keys, strict=True)):
            if fresh[key] > 0:
                fresh[key] -= 1
                new_texts.append(Text(role=role, text=text, place=place, inherited=self._inherits(key)))
        new_results = [
            ToolResult(tool_use_id=key, text=text, is_error=is_error)
            for key, (text, is_error) in results.items()
            if key not in self._results
        ]
        self._results.update(results)
        return new_texts, new_results

    def summed_up(self, *, keeps: str | None = None) -> None:
        """The host has put a summary in the place of the history: whatever stands in a later request is said anew.

        But for the texts of the role that it `keeps`: Codex has what the user has typed stand beside the summary.
        """
        self._seen = Counter({key: count for key, count in self._seen.items() if key[0] == keeps})

    def _inherits(self, key: tuple[str, str]) -> bool:
        if self._inherited[key] == 0:
            return False
        self._inherited[key] -= 1
        return True
