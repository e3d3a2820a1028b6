"""What the hooks of one moment ask of the host, taken together: the result of `host.at`. Pure: outcomes in, texts out.

The sentences are those of the real host; where two versions differ, the lifecycle's `texts` say how.
"""

from __future__ import annotations

from standin.rows import NOBODY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from standin.rows import Firing

    from .hook_output import Outcome
    from .lifecycle import Lifecycle
    from .plugins import Hook

TOOL_EVENTS = ("PreToolUse", "PostToolUse", "PostToolUseFailure")


class Refusal:
    """A hook said no: exit 2, `decision: block`, or a denied permission."""

    def __init__(self, name: str, hook: Hook, outcome: Outcome, lifecycle: Lifecycle) -> None:
        """`name`: how the host calls the event."""
        expanded = lifecycle["quoted_command"] == "expanded"
        self.name = name
        self.command = hook.plugin.expanded(hook.command) if expanded else hook.command
        self.by_exit = outcome.refused_by_exit
        self.gave_reason = outcome.gave_reason
        self.asked = outcome.asked
        self.reason = outcome.refusal or ""
        if self.by_exit:
            self.reason = f"[{self.command}]: {self.reason}" + lifecycle.text("hook_origin", plugin=hook.plugin.name)


class Effects:
    """What all hooks of one moment ask of the host: event by event, each in the order of their declaration."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self.fired = False
        """Whether there was an event at all, with hooks or without."""
        self.refusal: Refusal | None = None
        self.stop: str | None = None
        self.updated_input: dict[str, Any] | None = None
        self._stopped = ""
        self._contexts: list[tuple[str, str]] = []
        """Pairs: where a context lands, and the sentence for the model."""

    def add(self, firing: Firing, subject: str, ran: list[tuple[Hook, Outcome]]) -> None:
        """Take in the hooks of one event."""
        self.fired = True
        name = f"{firing.event}:{subject}" if firing.event in TOOL_EVENTS else firing.event
        for hook, outcome in ran:
            if outcome.refusal is not None and self.refusal is None:
                self.refusal = Refusal(name, hook, outcome, self._lifecycle)
            if outcome.stop is not None and self.stop is None:
                self.stop, self._stopped = outcome.stop, name
            if outcome.updated_input is not None:
                self.updated_input = outcome.updated_input
        if firing.context != NOBODY:
            outcomes = [outcome for _, outcome in ran]
            self._contexts += [(firing.context, told) for told in self._told(firing.event, name, subject, outcomes)]

    def _told(self, event: str, name: str, subject: str, outcomes: list[Outcome]) -> list[str]:
        plain_name = f"{event}:{subject}" if event == "SessionStart" else event
        plain_counts = event in self._lifecycle["plain_text_is_context"]
        joined = event in self._lifecycle["contexts_joined"]
        sentences: list[str] = []
        contexts: list[str] = []
        for outcome in outcomes:
            if outcome.plain is not None and plain_counts:
                sentences.append(f"{plain_name} hook success: {outcome.plain}")
            if outcome.context is not None:
                contexts.append(outcome.context)
                if not joined:
                    sentences.append(f"{name} hook additional context: {outcome.context}")
        if contexts and joined:
            sentences.append(f"{name} hook additional context: " + "\n".join(contexts))
        return sentences

    @property
    def sentences(self) -> list[str]:
        """All context for the model, wherever it lands."""
        return [sentence for _, sentence in self._contexts]

    def landing(self, place: str) -> list[str]:
        """The context that lands at one place."""
        return [sentence for where, sentence in self._contexts if where == place]

    def blocking_sentence(self) -> str:
        """The sentence for the model that a hook objected."""
        assert self.refusal is not None
        refusal = self.refusal
        return f'{refusal.name} hook blocking error from command: "{refusal.command}": {refusal.reason}'

    def stop_sentence(self) -> str:
        """The sentence for the model that a hook ended its turn."""
        return f"{self._stopped} hook stopped continuation: {self.stop}"

    def denial(self, tool: str) -> str:
        """The tool result of a denied call."""
        assert self.refusal is not None
        asked, explained = self.refusal.asked, self.refusal.gave_reason
        if self.refusal.by_exit:
            row = "denied_by_exit"
        elif asked:
            row = "denied_by_asking" if explained else "denied_by_asking_without_reason"
        else:
            row = "denied" if explained else "denied_without_reason"
        return self._lifecycle.text(row, tool=tool, reason=self.refusal.reason)
