"""What one hook's exit code and stdout ask for, and how a long context is cut. Pure: text in, outcome out.

A stdout that begins like JSON must be exactly one document of the event's shape, unknown keys and all; anything else
is plain text, which is context where the event has any and a failure where it speaks to the agent that stops. A
document that is longer than this program keeps is not taken, and told.
"""

from __future__ import annotations

import json

from standin.hook_record import effects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .lifecycle import Lifecycle

GIVES_CONTEXT = ("SessionStart", "SubagentStart", "UserPromptSubmit")
"""Events whose plain stdout is context."""
STOPS = ("Stop", "SubagentStop")
"""Events that ask whether the agent may end: only an object, and no context, is an answer."""
BLOCKS = (*STOPS, "UserPromptSubmit", "PreToolUse", "PostToolUse")
"""Events that can be refused: by exit 2 and its stderr, or by `decision: block` and its reason."""
EXIT_WITHOUT_REASON = "{event} hook exited with code 2 but did not write a {purpose} to stderr"
PURPOSES = {"Stop": "continuation prompt", "SubagentStop": "continuation prompt", "PostToolUse": "feedback message"}
DEEPEST = 127
"""How deep a document may be nested: serde_json, which Codex reads with, goes no deeper by default."""
STDIN_REFUSED = "failed to write hook stdin: Broken pipe (os error 32)"

_LABELS = {
    "SessionStart": "session start",
    "SubagentStart": "subagent start",
    "UserPromptSubmit": "user prompt submit",
    "Stop": "stop hook",
    "SubagentStop": "subagent stop hook",
    "PreToolUse": "pre-tool-use",
    "PostToolUse": "post-tool-use",
}


class Outcome:
    """What a hook asked for, and how its run is counted."""

    def __init__(self) -> None:
        self.status = "completed"
        self.context: str | None = None
        self.stop: str | None = None
        self.block: str | None = None
        self.message: str | None = None
        self.problem: str | None = None
        self.refused = False
        """Whether the problem is what the hook printed, and not how it ended."""
        self.not_taken: str | None = None
        """Why a document was not read that a real Codex would have read."""

    def effects(self) -> dict[str, Any]:
        """What it came to, for the journal."""
        block = self.block if self.status == "blocked" else None
        return effects(
            self._output,
            words=self.not_taken or self.problem,
            context=self.context,
            decision=None if block is None else "block",
            reason=block,
            stop=self.stop,
            message=self.message,
        )

    @property
    def _output(self) -> str:
        """What became of the hook's output, in the journal's words."""
        if self.not_taken is not None:
            return "unknown"
        if self.refused:
            return "refused"
        return "taken" if self.problem is None else "not read"


def failed(problem: str, *, refused: bool = False) -> Outcome:
    """The outcome of a run that came to nothing. `refused`: for what it printed."""
    outcome = Outcome()
    outcome.status, outcome.problem, outcome.refused = "failed", problem, refused
    return outcome


def interpret(
    event: str, exit_code: int | None, stdout: str, stderr: str, lifecycle: Lifecycle, *, cut: bool = False
) -> Outcome:
    """The outcome of a hook that ran for `event`. `exit_code` is None for a hook that a signal ended.

    `cut`: `stdout` is only the beginning of what was printed.
    """
    if exit_code == 2 and event in BLOCKS:
        return _refused(event, stderr.strip(), lifecycle)
    if exit_code != 0:
        how = "without a status code" if exit_code is None else f"with code {exit_code}"
        return failed(f"hook exited {how}")
    text = stdout.strip()
    if text.startswith(("{", "[")):
        outcome = _invalid(event) if cut else _spoken(event, text, lifecycle)
        outcome.not_taken = "its output is longer than this stand-in keeps" if cut else None
        return outcome
    if text and event in STOPS:
        return _invalid(event)
    outcome = Outcome()
    if text and event in GIVES_CONTEXT:
        outcome.context = text
    return outcome


def _refused(event: str, reason: str, lifecycle: Lifecycle) -> Outcome:
    if not reason:
        return failed(EXIT_WITHOUT_REASON.format(event=event, purpose=PURPOSES.get(event, "blocking reason")))
    outcome = Outcome()
    outcome.status = lifecycle["post_tool_exit_2"] if event == "PostToolUse" else "blocked"
    outcome.block = reason
    return outcome


def _invalid(event: str) -> Outcome:
    return failed(f"hook returned invalid {_LABELS.get(event, event)} JSON output", refused=True)


def _spoken(event: str, text: str, lifecycle: Lifecycle) -> Outcome:
    document = _document(text)
    if document is None or not _fits(event, document, lifecycle):
        return _invalid(event)
    outcome = Outcome()
    specific = document.get("hookSpecificOutput") or {}
    outcome.context = specific.get("additionalContext")
    outcome.message = document.get("systemMessage")
    unsupported = _unsupported(event, document, specific)
    if unsupported:
        return failed(f"{event} hook returned unsupported {unsupported}", refused=True)
    if document.get("continue") is False and event not in lifecycle["continue_false_is_ignored"]:
        outcome.status, outcome.stop = "stopped", document.get("stopReason") or ""
        return outcome
    for key, refusal, where in (("decision", "block", document), ("permissionDecision", "deny", specific)):
        if where.get(key) == refusal:
            reason = "reason" if where is document else "permissionDecisionReason"
            words = where.get(reason) or ""
            if not words.strip():
                return failed(f"{event} hook returned {key}:{refusal} without a non-empty {reason}", refused=True)
            # measured: a prompt's refusal is kept as it is
            outcome.status, outcome.block = "blocked", words if event == "UserPromptSubmit" else words.strip()
    return outcome


def _unsupported(event: str, document: dict[str, Any], specific: dict[str, Any]) -> str | None:
    if event != "PreToolUse":
        return None
    if document.get("continue") is False:
        return "continue:false"
    permission = specific.get("permissionDecision")
    return f"permissionDecision:{permission}" if permission in ("allow", "ask") else None


def _document(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text, parse_constant=_no_constant)
        if text.count("{") + text.count("[") > DEEPEST and _is_deep(document):
            return None
        if "\\u" in text:
            # half a surrogate pair is no text
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, (dict, list)):
                inner.extend(each.values() if isinstance(each, dict) else each)
        level = inner
    return any(isinstance(each, (dict, list)) for each in level)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_TEXT = (str, type(None))
_COMMON: dict[str, tuple[type, ...]] = {
    "continue": (bool,),
    "stopReason": _TEXT,
    "suppressOutput": (bool,),
    "systemMessage": _TEXT,
}
_DECISION: dict[str, tuple[type, ...]] = {"decision": _TEXT, "reason": _TEXT}
_SPECIFIC: dict[str, tuple[type, ...]] = {"hookEventName": (str,), "additionalContext": _TEXT}
_PERMISSION: dict[str, tuple[type, ...]] = {
    "permissionDecision": _TEXT,
    "permissionDecisionReason": _TEXT,
    "updatedInput": (dict, type(None)),
}


def _fits(event: str, document: dict[str, Any], lifecycle: Lifecycle) -> bool:
    shape = dict(_COMMON)
    if event in BLOCKS:
        shape.update(_DECISION)
    if event not in STOPS:
        shape["hookSpecificOutput"] = (dict, type(None))
    if not _typed(document, shape) or document.get("decision") not in _decisions(event):
        return False
    specific = document.get("hookSpecificOutput")
    if specific is None:
        return True
    known = {**_SPECIFIC, **_PERMISSION} if event == "PreToolUse" else _SPECIFIC
    if not _typed(specific, known) or specific.get("permissionDecision") not in (None, "allow", "deny", "ask"):
        return False
    return specific.get("hookEventName") in lifecycle["output_event_names"]


def _decisions(event: str) -> tuple[str | None, ...]:
    return (None, "block", "approve") if event == "PreToolUse" else (None, "block")


def _typed(document: dict[str, Any], shape: dict[str, tuple[type, ...]]) -> bool:
    return all(name in shape and type(value) in shape[name] for name, value in document.items())


def cut(text: str, lifecycle: Lifecycle, path: str) -> str:
    """What of a context reaches the model when all of it is in the file `path`; call it only where `too_long`."""
    data, limit = text.encode("utf-8", "replace"), lifecycle["context_limit_tokens"]
    footer = f"\n\nFull hook output saved to: {path}"
    budget = 4 * max(0, limit - _tokens(len(footer.encode("utf-8", "replace"))))
    left = budget // 2
    head = data[:left].decode("utf-8", "ignore")
    tail = data[len(data) - (budget - left) :].decode("utf-8", "ignore")
    lines = text.count("\n") + (not text.endswith("\n"))
    warning = lifecycle["context_cut_warning"].replace("{tokens}", str(_tokens(len(data))))
    missing = _tokens(len(data) - budget)
    return f"{warning}Total output lines: {lines}\n\n{head}…{missing} tokens truncated…{tail}{footer}"


def too_long(text: str, lifecycle: Lifecycle) -> bool:
    """Whether a context is cut."""
    return _tokens(len(text.encode("utf-8", "replace"))) > int(lifecycle["context_limit_tokens"])


def _tokens(size: int) -> int:
    return -(-size // 4)
