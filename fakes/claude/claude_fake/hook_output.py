"""What one hook's exit code and stdout ask for. Pure: text in, outcome out.

The rules are those measured on 2.1.91 and 2.1.329 alike: only a whole stdout that is one JSON object is read as one;
everything else is plain text (a log line before the JSON, a second document, an array, broken JSON); an object that
does not fit, or that speaks for another event, is dropped whole. Two bounds are this program's own, and told: a
document that is longer than it keeps, or nested deeper than anything it writes can be, is not taken.
"""

from __future__ import annotations

import json

from standin.hook_record import effects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEEPEST = 128
"""How deep a document may be nested; it goes into requests, payloads and records. Deeper, it counts as broken."""
BLOCKED = "Blocked by hook"
NO_STDERR = "No stderr output"
SUSPECT = "hook output parsed as a document, but its stdio went quiet before end-of-stream; refusing to honor it"


class Outcome:
    """What a hook asked for. Nothing of it has been obeyed yet."""

    def __init__(self) -> None:
        self.context: str | None = None
        self.plain: str | None = None
        self.refusal: str | None = None
        self.refused_by_exit = False
        self.gave_reason = False
        self.asked = False
        """Whether the user is to be asked, who is not there to say yes: it comes to a refusal."""
        self.stop: str | None = None
        self.updated_input: dict[str, Any] | None = None
        self.message: str | None = None
        self.problem: str | None = None
        self.failed = False
        """Whether the hook ended in a way that leaves its output unread: killed, or with a code that means nothing."""
        self.not_taken: str | None = None
        """Why a document was not read that a real host would have read."""

    def effects(self, event: str, plain_counts: bool) -> dict[str, Any]:
        """What it came to, for the journal."""
        told: dict[str, Any] = {"words": self.not_taken or self.problem}
        if self.refusal is not None:
            decision = "deny" if event == "PreToolUse" else "block"
            told |= {"decision": decision, "reason": self.refusal}
        context = self.context if self.context is not None or not plain_counts else self.plain
        return effects(
            self.output,
            context=context,
            stop=self.stop,
            updates_input=self.updated_input is not None,
            message=self.message,
            **told,
        )

    @property
    def output(self) -> str:
        """What became of the hook's output, in the journal's words."""
        if self.not_taken is not None:
            return "unknown"
        if self.failed:
            return "not read"
        return "taken" if self.problem is None else "refused"


def interpret(event: str, exit_code: int | None, stdout: str, stderr: str, *, cut: bool = False) -> Outcome:
    """The outcome of a hook that ran for `event`. `exit_code` is None for a hook that was killed.

    `cut`: `stdout` is only the beginning of what was printed.
    """
    outcome = Outcome()
    if exit_code == 2:
        outcome.refusal = stderr or NO_STDERR
        outcome.refused_by_exit = outcome.gave_reason = True
    elif exit_code != 0:
        outcome.problem = "was killed" if exit_code is None else f"exit code {exit_code}"
        outcome.failed = True
    else:
        _understand(event, stdout.strip(), cut, outcome)
    return outcome


def _understand(event: str, text: str, cut: bool, outcome: Outcome) -> None:
    if cut and text.startswith("{"):
        outcome.problem = outcome.not_taken = "its output is longer than this stand-in keeps"
        return
    try:
        document = _json_object(text)
    except RecursionError:
        outcome.not_taken, document = f"its output is nested deeper than {DEEPEST}", None
    if document is None:
        outcome.plain = text or None
    else:
        _read(event, document, outcome)


def refusal_of_a_suspect() -> Outcome:
    """The outcome where an object was printed, but somebody else holds the hook's stdout and might print more."""
    outcome = Outcome()
    outcome.refusal = outcome.problem = SUSPECT
    outcome.refused_by_exit = outcome.gave_reason = True
    return outcome


def _json_object(text: str) -> dict[str, Any] | None:
    """The object that the text is. Raises RecursionError for one that is nested too deep."""
    if not text.startswith("{"):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    if text.count("{") + text.count("[") > DEEPEST and _is_deep(document):
        raise RecursionError
    return document


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for each in level:
            inner.extend(each.values() if isinstance(each, dict) else each)
        level = [each for each in inner if isinstance(each, (dict, list))]
    return bool(level)


def _read(event: str, document: dict[str, Any], outcome: Outcome) -> None:
    specific = document.get("hookSpecificOutput", {})
    outcome.problem = _misfit(event, document, specific)
    if outcome.problem is not None:
        return
    if document.get("continue") is False:
        outcome.stop = document.get("stopReason") or ""
    reason = document.get("reason")
    refused = document.get("decision") == "block"
    if specific.get("permissionDecision") in ("deny", "ask"):
        refused, reason = True, specific.get("permissionDecisionReason")
        outcome.asked = specific["permissionDecision"] == "ask"
    if refused:
        outcome.refusal = reason or BLOCKED
        outcome.gave_reason = bool(reason)
    elif "updatedInput" in specific:
        outcome.updated_input = specific["updatedInput"]
    outcome.context = specific.get("additionalContext") or None
    outcome.message = document.get("systemMessage") or None


_SHAPE: dict[str, type] = {
    "continue": bool,
    "stopReason": str,
    "decision": str,
    "reason": str,
    "systemMessage": str,
    "suppressOutput": bool,
    "hookSpecificOutput": dict,
}
_SPECIFIC_SHAPE: dict[str, type] = {
    "hookEventName": str,
    "additionalContext": str,
    "permissionDecision": str,
    "permissionDecisionReason": str,
    "updatedInput": dict,
}


def _misfit(event: str, document: dict[str, Any], specific: Any) -> str | None:
    """Why the object cannot be obeyed, or None."""
    problem = _wrong_type("", document, _SHAPE)
    if problem is None and document.get("decision", "block") not in ("block", "approve"):
        problem = "decision is neither block nor approve"
    if problem is None and "hookSpecificOutput" in document:
        problem = _wrong_type("hookSpecificOutput.", specific, _SPECIFIC_SHAPE)
        if problem is None and specific.get("hookEventName") != event:
            problem = f"hookSpecificOutput.hookEventName is not {event}"
        if problem is None and specific.get("permissionDecision", "allow") not in ("allow", "deny", "ask"):
            problem = "permissionDecision is none of allow, deny, ask"
    return problem


def _wrong_type(where: str, document: dict[str, Any], shape: dict[str, type]) -> str | None:
    for name, value in document.items():
        if name in shape and not isinstance(value, shape[name]):
            return f"{where}{name} has the wrong type"
    return None
