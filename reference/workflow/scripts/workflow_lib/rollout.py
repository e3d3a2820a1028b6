"""Who a Codex thread is, by the first line of its rollout: the `session_meta` that the host wrote for it.

Only the first line counts, since a forked thread's rollout goes on with a copy of its parent's (measured on 0.130.0).
Agents have these shapes there, on 0.130.0, 0.133.0 and 0.169.0 alike:

    "source": {"subagent": {"thread_spawn": {"parent_thread_id", "agent_nickname", "agent_role", …}}}    a child
    "source": {"subagent": "review"}                                                                    a review
    "source": "exec"                                                                                    a main session
"""

from __future__ import annotations

import os

from . import Json
from .wire import decode, text

LIMIT = 1 << 20  # bytes; a real first line carries the base instructions, some 20 kB
_AGENT_KEYS = ("agent_name", "agent_role", "agent_nickname", "agent_path", "agent_id", "parent_thread_id")


def session_meta(path: object) -> Json | None:
    """The metadata in a rollout's first line; None if there are none, whatever the reason."""
    if not isinstance(path, str) or not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            line = file.readline(LIMIT)
    except OSError:
        return None
    entry = decode(line)
    if entry is None or entry.get("type") != "session_meta":
        return None
    meta = entry.get("payload")
    return meta if isinstance(meta, dict) else None


def marks_agent(meta: Json) -> bool:
    """Whether anything in the metadata speaks of an agent."""
    return (
        "subagent" in (text(meta, "thread_source"), text(meta, "source"))
        or isinstance(meta.get("source"), dict)
        or any(meta.get(key) is not None for key in _AGENT_KEYS)
    )


def proves_main(meta: Json) -> bool:
    """Whether the metadata say that this is a main session, and nothing in them says otherwise."""
    return bool(text(meta, "source")) and meta.get("thread_source") in (None, "user") and not marks_agent(meta)


def parent_thread_id(meta: Json) -> str:
    """The thread that spawned this one directly. A review has a parent on 0.169.0, but nobody spawned it."""
    if isinstance(_subagent(meta), str):
        return ""
    return text(meta, "parent_thread_id") or text(_spawn(meta), "parent_thread_id")


def agent_name(meta: Json, drawn_nickname_selects: bool) -> str:
    """The agent's name: the first of these slots that has one. The only place where a name is resolved.

    thread_spawn's nickname is no name: the host draws it at random, and 0.130.0 and later repeat it at the top. A
    nickname that is not that one was given by somebody.
    """
    drawn = "" if drawn_nickname_selects else text(_spawn(meta), "agent_nickname")
    slots: tuple[tuple[object, tuple[str, ...]], ...] = (
        (meta, ("agent_name", "agent_role", "agent_nickname", "agent_path")),
        (_subagent(meta), ("agent_name", "agent_role", "agent_nickname")),
        (_spawn(meta), ("agent_name", "agent_role")),
    )
    for mapping, keys in slots:
        for key in keys:
            name = text(mapping, key)
            if name and not (key == "agent_nickname" and name == drawn):
                return name
    return ""


def _subagent(meta: Json) -> object:
    source = meta.get("source")
    return source.get("subagent") if isinstance(source, dict) else None


def _spawn(meta: Json) -> object:
    subagent = _subagent(meta)
    return subagent.get("thread_spawn") if isinstance(subagent, dict) else None
