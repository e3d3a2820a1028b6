"""Notices that a Codex host sends its client beside the conversation: warnings, token usage, rate limits.

`codex exec` listens to the same, and prints nothing of it.
"""

from __future__ import annotations

import os

from . import clock, rollout
from .identity import of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .host import Host
    from .identity import Identity
    from .lifecycle import Lifecycle
    from .threads import Thread
    from .wire import Listening

    Json = dict[str, Any]

CONTEXT_WINDOW = 258_400
"""Of a model that Codex knows nothing of (measured on 0.130.0, 0.133.0 and 0.169.0)."""
BYTES_A_TOKEN = 4
_DETAILS = {
    "cached_input_tokens": ("input_tokens_details", "cached_tokens"),
    "reasoning_output_tokens": ("output_tokens_details", "reasoning_tokens"),
}


def greeted(rows: Lifecycle, wire: Listening) -> None:
    """A client has introduced itself."""
    known = {"status": "disabled", "serverName": _machine(), "installationId": clock.new_id(clock.now_ms())}
    keys: list[str] = rows["remote_control_keys"]
    wire.notify("remoteControl/status/changed", **{key: known.get(key) for key in keys})


def opened(host: Host, wire: Listening, thread: Thread) -> None:
    """A thread is there: what is wrong with its settings."""
    kinds = {"under development": _unfinished, "hooks": _of_hooks}
    for kind in host.lifecycle["thread_warnings"]:
        for message in kinds[kind](host, thread):
            _warn(wire, thread, message)


def compacted(host: Host, wire: Listening, thread: Thread) -> None:
    """The summary has taken the conversation's place."""
    message: str = host.lifecycle["compaction_warning"]
    if message:
        _warn(wire, thread, message)


def turn_begins(host: Host, wire: Listening, thread: Thread) -> None:
    """The user's words are about to go to the model."""
    for message in of_model(host, thread):
        _warn(wire, thread, message)


def forked(host: Host, wire: Listening, thread: Thread, turn_id: str) -> None:
    """A thread begins with what another has used, and with its history where that is still handed out whole."""
    used(host.lifecycle, wire, thread, turn_id, limits=False)
    notice: str = host.lifecycle["fork_deprecation"]
    if notice:
        wire.notify("deprecationNotice", summary=notice, details=None)


def used(
    rows: Lifecycle, wire: Listening, thread: Thread, turn_id: str, last: Json | None = None, *, limits: bool = True
) -> None:
    """What the thread has used, once the model has counted anything, and how much of its limits is left."""
    who = of(thread)
    if who.usage:
        keys: list[str] = ["total_tokens", *rows["exec_usage"]]
        total = _counted(who.usage, keys)
        newest = _counted(last if last is not None else who.last_usage, keys)
        usage = {"total": total, "last": newest, "modelContextWindow": CONTEXT_WINDOW}
        wire.notify("thread/tokenUsage/updated", threadId=thread.id, turnId=turn_id, tokenUsage=usage)
    if limits:
        names: list[str] = rows["rate_limit_keys"]
        wire.notify("account/rateLimits/updated", rateLimits={"limitId": "codex", **dict.fromkeys(names)})


def usage_added(who: Identity, usage: Any) -> bool:
    """Add what one request has used. Whether the model has counted anything."""
    if not isinstance(usage, dict):
        return False
    total = who.usage
    used = {key: value for key, value in usage.items() if isinstance(value, int)}
    for key, (inner, name) in _DETAILS.items():
        within = usage.get(inner)
        used[key] = int(within.get(name) or 0) if isinstance(within, dict) else 0
    who.last_usage = used
    for key, value in used.items():
        total[key] = total.get(key, 0) + value
    return bool(used)


def estimated(items: list[Json]) -> Json:
    """The tokens of a history that no model has counted yet."""
    return {"total_tokens": len(str(items)) // BYTES_A_TOKEN}


def of_model(host: Host, thread: Thread) -> list[str]:
    """The notices about the model of a thread."""
    rows: list[str] = host.lifecycle["exec_notices"]
    return [row.replace("{model}", thread.model) for row in rows]


def _machine() -> str:
    # `platform` is not worth its import here
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def _of_hooks(_: Host, thread: Thread) -> list[str]:
    return of(thread).hooks.warnings


def _unfinished(host: Host, _: Thread) -> list[str]:
    names = [name for name in host.lifecycle["under_development"] if host.config.feature(name, False)]
    if not names:
        return []
    path = os.path.join(rollout.codex_home(), "config.toml")
    instead = f"To suppress this warning, set `suppress_unstable_features_warning = true` in {path}."
    unfinished = "Under-development features are incomplete and may behave unpredictably."
    return [f"Under-development features enabled: {', '.join(names)}. {unfinished} {instead}"]


def _warn(wire: Listening, thread: Thread, message: str) -> None:
    wire.notify("warning", threadId=thread.id, message=message)


def _counted(usage: Json, keys: list[str]) -> Json:
    return {_camel(key): usage.get(key, 0) for key in keys}


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
