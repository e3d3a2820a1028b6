"""What may be told over the recorder: every kind of record, and what each must hold.

Its senders are the stand-ins, the tap, the observer, the probe and `hold`; and whoever has got the run's token, a
plugin too. So what does not fit is refused, by name, before anybody who follows the journal sees it. More fields than
these may come: each is written down as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]


def _is(*types: type) -> Check:
    def fits(value: Any) -> bool:
        # bool is an int to Python
        return isinstance(value, types) and (bool in types or not isinstance(value, bool))

    return fits


def _is_pid(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**32


def _is_pid_or_null(value: Any) -> bool:
    return value is None or _is_pid(value)


TEXT = ("a string", _is(str))
TEXT_OR_NULL = ("a string or null", _is(str, type(None)))
NUMBER_OR_NULL = ("a whole number or null", _is(int, type(None)))
FLAG = ("true or false", _is(bool))
PID = ("a process id", _is_pid)
PID_OR_NULL = ("a process id or null", _is_pid_or_null)
NUMBER = ("a whole number", _is(int))
TEXTS = ("a list of strings", lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value))
OBJECT = ("an object", _is(dict))
VARIABLES = (
    "an object of strings",
    lambda value: isinstance(value, dict) and all(isinstance(each, str) for each in value.values()),
)

Fields = Mapping[str, tuple[str, Check]]

_WHO: Fields = {"session_id": TEXT_OR_NULL, "agent_id": TEXT_OR_NULL}
_HOOK: Fields = {"run": TEXT, "event": TEXT, **_WHO}

HELLO: Fields = {"source": TEXT, "pid": PID}
"""What a connection begins with, beside the token."""

KINDS: Mapping[str, Fields] = {
    # hooks: stand-ins and tap
    "hook.started": {
        **_HOOK,
        "agent_type": TEXT_OR_NULL,
        "plugin": TEXT_OR_NULL,
        "command": TEXT,
        "pid": PID_OR_NULL,
        "pgid": PID_OR_NULL,
        "cwd": TEXT,
        "payload": OBJECT,
        "env": VARIABLES,
    },
    "hook.held": {**_HOOK, "pid": PID},
    "hook.ended": {
        **_HOOK,
        "exit": NUMBER_OR_NULL,
        "signal": NUMBER_OR_NULL,
        "stdout": TEXT,
        "stderr": TEXT,
        "ended_by": TEXT,
    },
    # Claude Code: the stand-in, and the observer for the real one
    "session.started": {**_WHO, "transcript_path": TEXT_OR_NULL},
    "session.ended": {**_WHO, "reason": TEXT_OR_NULL},
    "turn.ended": {**_WHO, "text": TEXT_OR_NULL},
    "notification": {"session_id": TEXT, "task_id": TEXT, "status": TEXT, "task_type": TEXT, "to_model": FLAG},
    "subagent.started": {**_WHO, "agent_type": TEXT_OR_NULL},
    "shell.environment": {**_WHO, "env": VARIABLES, "env_files": TEXTS},
    "shell.started": {
        **_WHO,
        "run": TEXT_OR_NULL,
        "tool_use_id": TEXT_OR_NULL,
        "background": FLAG,
        "command": TEXT_OR_NULL,
    },
    "shell.task": {"run": TEXT_OR_NULL, "task": TEXT},
    "shell.ended": {
        "run": TEXT_OR_NULL,
        "ended_by": TEXT,
        "exit": NUMBER_OR_NULL,
        "signal": NUMBER_OR_NULL,
        "output_file": TEXT_OR_NULL,
    },
    # both hosts
    "subagent.ended": {"agent_id": TEXT_OR_NULL, "agent_type": TEXT_OR_NULL},
    # Codex: the stand-in
    "codex.started": {"argv": TEXTS, "pid": PID, "ppid": NUMBER},
    "codex.exit": {"why": TEXT},
    "codex.signal": {"signal": NUMBER, "name": TEXT, "sender_pid": NUMBER},
    "codex.turn": {"thread_id": TEXT, "turn_id": TEXT, "state": TEXT},
    "codex.grandchild": {"pid": PID, "mode": TEXT},
    "thread.started": {"thread_id": TEXT, "parent_thread_id": TEXT_OR_NULL, "marker": TEXT_OR_NULL},
    # fakes/probe, the plugin of calibration
    "probe.waits": {"job": TEXT, "pid": PID},
    "probe.signalled": {"job": TEXT, "signal": TEXT, "sender": NUMBER},
    # fakes/hold
    "shell.held": {"job": TEXT},
}


class MisfitError(Exception):
    """A record that nobody may tell as it is. The text says what is wrong with it."""


def check(kind: object, record: Mapping[str, Any]) -> str:
    """The record's kind. Raises MisfitError."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise MisfitError(f"no record of the kind {short(kind)} may be told here")
    _fit(f"a record of the kind {kind!r}", KINDS[kind], record)
    return kind


def check_hello(hello: Mapping[str, Any]) -> None:
    """Whether the sender has said who it is. Raises MisfitError."""
    _fit("the first line of a connection", HELLO, hello)


def _fit(what: str, fields: Fields, record: Mapping[str, Any]) -> None:
    for name, (expected, fits) in fields.items():
        if name not in record:
            raise MisfitError(f"{what} without {name!r}: expected {expected}")
        if not fits(record[name]):
            raise MisfitError(f"{what} with {name!r} {short(record[name])}: expected {expected}")


def short(value: object) -> str:
    """A value as an error quotes it."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
