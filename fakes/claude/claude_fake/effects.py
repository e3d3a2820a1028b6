"""What the host has to do about all the hooks of one event. Pure: outcomes in, sentences for the model out.

The sentences are those of the real host; where two versions differ, the lifecycle's `texts` say how.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hook_output import Outcome
    from .lifecycle import Lifecycle
    from .plugins import Hook

TOOL_EVENTS = ("PreToolUse", "PostToolUse", "PostToolUseFailure")


class Refusal:
    """A hook said no: exit 2, `decision: block`, or a denied permission."""

    def __init__(self, hook: Hook, outcome: Outcome, lifecycle: Lifecycle) -> None:
        expanded = lifecycle["quoted_command"] == "expanded"
        self.command = hook.plugin.expanded(hook.command) if expanded else hook.command
        self.by_exit = outcome.refused_by_exit
        self.gave_reason = outcome.gave_reason
        self.words = outcome.refusal or ""
        self.reason = self.words
        if self.by_exit:
            self.reason = f"[{self.command}]: {self.words}" + lifecycle.text("hook_origin", plugin=hook.plugin.name)


class Effects:
    """The hooks of one event, taken together in the order of their declaration."""

    def __init__(self, event: str, subject: str, ran: list[tuple[Hook, Outcome]], lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self.event = event
        self.name = f"{event}:{subject}" if event in TOOL_EVENTS else event
        refusals = [Refusal(hook, outcome, lifecycle) for hook, outcome in ran if outcome.refusal is not None]
        self.refusal = refusals[0] if refusals else None
        self.stop = next((outcome.stop for _, outcome in ran if outcome.stop is not None), None)
        inputs = [outcome.updated_input for _, outcome in ran if outcome.updated_input is not None]
        self.updated_input = inputs[-1] if inputs else None
        self.sentences = self._contexts(subject, [outcome for _, outcome in ran])

    def _contexts(self, subject: str, outcomes: list[Outcome]) -> list[str]:
        plain_name = f"{self.event}:{subject}" if self.event == "SessionStart" else self.event
        plain_counts = self.event in self._lifecycle["plain_text_is_context"]
        sentences: list[str] = []
        contexts: list[str] = []
        for outcome in outcomes:
            if outcome.plain is not None and plain_counts:
                sentences.append(f"{plain_name} hook success: {outcome.plain}")
            if outcome.context is not None:
                contexts.append(outcome.context)
                if self.event not in self._lifecycle["contexts_joined"]:
                    sentences.append(f"{self.name} hook additional context: {outcome.context}")
        if contexts and self.event in self._lifecycle["contexts_joined"]:
            sentences.append(f"{self.name} hook additional context: " + "\n".join(contexts))
        return sentences

    def blocking_sentence(self) -> str:
        """How the host tells the model that a hook objected."""
        assert self.refusal is not None
        refusal = self.refusal
        return f'{self.name} hook blocking error from command: "{refusal.command}": {refusal.reason}'

    def denial(self, tool: str) -> str:
        """The tool result of a denied call."""
        assert self.refusal is not None
        row = "denied_by_exit" if self.refusal.by_exit else "denied"
        if not self.refusal.gave_reason:
            row = "denied_without_reason"
        return self._lifecycle.text(row, tool=tool, reason=self.refusal.reason)
