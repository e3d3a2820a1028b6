"""Threads of a host and the files they leave: mains, forks, children and what is taken up again.

What a file's first line says is the lifecycle's; hooks read it to learn whose session they are in.
"""

from __future__ import annotations

import os

from . import clock, version
from .identity import HostThread, Identity, of
from .rollout import path_of
from .threads import MODEL, PROVIDER
from .transcript_overrides import HostRollout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .host import Host
    from .rollout import Stored

    Json = dict[str, Any]


def started(
    host: Host, *, cwd: str, ephemeral: bool, originator: str, model: str | None, start: str = "starts"
) -> HostThread:
    """A new conversation; `start` is the moment that its first turn is to hooks."""
    ms = clock.now_ms()
    thread_id = clock.new_id(ms)
    who = host.identity(thread_id, "main", cwd)
    who.source = "exec" if host.exec else "vscode"
    who.start = start
    rollout = None if ephemeral else _file(host, thread_id, ms, [first_line(host, who, ms, cwd, originator)])
    return _thread(who, cwd=cwd, ms=ms, rollout=rollout, model=model)


def forked(host: Host, parent: HostThread, originator: str) -> HostThread:
    """A conversation that begins with all that another has said."""
    ms = clock.now_ms()
    thread_id = clock.new_id(ms)
    above = of(parent)
    who = host.identity(thread_id, "main", parent.cwd)
    referenced = host.lifecycle["fork_history"] == "referenced"
    who.source = "exec" if host.exec else "vscode"
    who.window = above.window if referenced else 0
    who.start = "is forked"
    rollout = None
    if isinstance(parent.rollout, HostRollout):
        lines = parent.rollout.lines()
        base = {"thread_id": parent.id, "end_ordinal_exclusive": lines}
        more: Json = {}
        if referenced:
            more = {"forked_from_ordinal_exclusive": lines, "history_base": base}
            more["multi_agent_version"] = above.generation
        meta = first_line(host, who, ms, parent.cwd, originator, forked_from_id=parent.id, **more)
        copied = [] if referenced else parent.rollout.metas[:1]
        rollout = _file(host, thread_id, ms, [meta, *copied])
        if not referenced:
            rollout.add(*[("response_item", item) for item in parent.items])
    thread = _thread(who, cwd=parent.cwd, ms=ms, rollout=rollout, model=parent.model)
    thread.forked_from = parent.id
    thread.items = list(parent.items)
    return thread


def child(
    host: Host, parent: HostThread, originator: str, history: list[Json] | None, **named: str | None
) -> HostThread:
    """An agent's thread. `history` is what it inherits, if it is forked; `named`: role, nickname, path, marker."""
    ms = clock.now_ms()
    thread_id = clock.new_id(ms)
    who = host.identity(thread_id, "child", parent.cwd, parent)
    who.role, who.nickname, who.path, who.marker = (named[key] for key in ("role", "nickname", "path", "marker"))
    spawn = {"parent_thread_id": parent.id, "depth": who.depth, "agent_path": who.path}
    named_so = {"agent_nickname": who.nickname, "agent_role": who.role}
    who.source = {"subagent": {"thread_spawn": {**spawn, **named_so}}}
    rollout = None
    above = parent.rollout if isinstance(parent.rollout, HostRollout) else None
    # a role of one's own is a configuration of its own, in which nothing says that no file is to be kept
    kept = host.lifecycle["role_keeps_a_file"] and who.role in who.config.agents
    if above is not None or kept:
        forked_from: Json = {}
        if history is not None:
            forked_from = {"forked_from_id": parent.id, "subagent_history_start_ordinal": len(history) + 2}
        extra = {key: value for key, value in {**named_so, "agent_path": who.path}.items() if value is not None}
        meta = first_line(host, who, ms, parent.cwd, originator, **forked_from, **extra)
        copied = above.metas[:1] if above is not None and history is not None else []
        rollout = _file(host, thread_id, ms, [meta, *copied])
        rollout.override = host.transcript_overrides.of(who.marker)
        if history:
            rollout.add(*[("response_item", item) for item in history])
    model = who.config.agents.get(who.role or "", {}).get("model")
    thread = _thread(who, cwd=parent.cwd, ms=ms, rollout=rollout, model=model or parent.model)
    thread.forked_from = parent.id if history is not None else None
    thread.items = list(history or [])
    return thread


def resumed(host: Host, stored: Stored, name: str | None, *, cwd: str | None, model: str | None) -> HostThread:
    """A conversation that goes on where its file ends."""
    thread_id = str(stored.meta["id"])
    cwd = cwd or str(stored.meta.get("cwd") or os.getcwd())
    who = host.identity(thread_id, "main", cwd)
    who.source = stored.meta.get("source", "exec")
    who.start = "is resumed"
    who.window, who.usage = stored.compactions, dict(stored.usage)
    rollout = HostRollout(stored.path, [stored.meta], ordinals=host.lifecycle["rollout_ordinals"], begun=True)
    thread = _thread(who, cwd=cwd, ms=clock.age_of(thread_id), rollout=rollout, model=model)
    forked_from = stored.meta.get("forked_from_id")
    thread.forked_from = forked_from if isinstance(forked_from, str) else None
    thread.name = name
    thread.preview = stored.preview
    thread.items = list(stored.items)
    return thread


def first_line(host: Host, who: Identity, ms: int, cwd: str, originator: str, **more: Any) -> Json:
    """The payload of a file's first line: the lifecycle's keys, as far as this thread has something for them."""
    user = host.lifecycle["thread_source_of_main"] if who.source == "exec" else ""
    generation = who.generation
    if generation == "v1" and who.kind == "main":
        generation = ""  # it is known with the first child alone
    known = {
        "account_scoped": True,
        "session_id": who.root,
        "id": who.thread_id,
        "parent_thread_id": who.parent.id if who.parent is not None else None,
        "timestamp": clock.stamp(ms),
        "cwd": cwd,
        "runtime_workspace_roots": [cwd],
        "originator": originator,
        "cli_version": version.current(),
        "source": who.source,
        "thread_source": "subagent" if who.kind != "main" else user or None,
        "model_provider": PROVIDER,
        "base_instructions": {"text": ""},
        "history_mode": "paginated",
        "multi_agent_version": generation or None,
        "context_window": {"window_id": clock.new_id(ms)},
        "git": {},
        **more,
    }
    keys = host.lifecycle["session_meta_keys"]
    return {key: known[key] for key in keys if known.get(key) is not None}


def _file(host: Host, thread_id: str, ms: int, metas: list[Json]) -> HostRollout:
    return HostRollout(path_of(thread_id, ms), metas, ordinals=host.lifecycle["rollout_ordinals"])


def _thread(who: Identity, *, cwd: str, ms: int, rollout: HostRollout | None, model: str | None) -> HostThread:
    return HostThread(who, cwd=cwd, ms=ms, rollout=rollout, model=model or who.config.model or MODEL)
