"""The draft of a lifecycle for a version that nobody has measured: it extends the nearest one, and says what was seen.

A row that follows from the facets is written down, with its value where that is another one than the nearest has.
Every other row is inherited, and its source says that it was not measured. A draft is a beginning: what it does not
know, a scenario of calibration will tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomlkit

from hookproof.calibration.facets import Facets, Hook
from hookproof.catalogue.lifecycle import Lifecycle, same
from hookproof.catalogue.scenario import MAIN

_CARRIED = ("CLAUDE", "CODEX", "PLUGIN")
"""What a hook's variables begin with that the tap records."""
_GIVEN = frozenset({"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_TMPDIR", "CODEX_HOME"})
"""Those of them that the harness sets: they are every program's."""
_OF_CHILDREN = frozenset({"agent_id", "agent_type"})


def draft(nearest: Lifecycle, version: str, runs: Sequence[Facets]) -> str:
    """The draft as TOML."""
    known = {name: row["is"] for name, row in nearest.rows.items()}
    rows = tomlkit.table()
    for name, value in {"version": version, **dict(_derived(nearest.host, known, runs))}.items():
        source = {"source": f"measured by calibrate on {version}"}
        rows[name] = tomlkit.inline_table()
        rows[name].update(source if name in known and same(value, known[name]) else {"is": value, **source})
    head = {
        "name": f"{nearest.host}-{version}",
        "title": f"a draft for {version}, from {nearest.name} and a calibration",
        "host": nearest.host,
        "extends": nearest.name,
        "alike": f"not measured on {version}",
    }
    return tomlkit.dumps({**head, "rows": rows})


def _derived(host: str, known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    """Rows that follow from what was seen."""
    yield "payload_keys", {**known["payload_keys"], **_payload_keys(known["payload_keys"], runs)}
    group = _group(runs)
    if group is not None and host == "claude":
        yield "hook_group", "host" if group else "own"
    yield from _variables(known, runs)
    if host == "claude":
        yield from _claude(known, runs)
    else:
        yield from _codex(runs)


def _hooks(runs: Sequence[Facets]) -> Mapping[str, list[Hook]]:
    """By label, of which the last run that has it counts: its hook runs."""
    found: dict[str, list[Hook]] = {}
    for run in runs:
        mine: dict[str, list[Hook]] = {}
        for hook in run.hooks:
            mine.setdefault(str(hook), []).append(hook)
        found |= mine
    return found


def _group(runs: Sequence[Facets]) -> bool | None:
    """Whether hooks of some event run in the host's process group; None where none was seen."""
    found = {hook.event: hook.in_hosts_group for run in runs for hook in run.hooks}
    return any(found.values()) if found else None


def _payload_keys(known: Mapping[str, list[str]], runs: Sequence[Facets]) -> dict[str, list[str]]:
    """Event -> its keys: in the known order, new ones at the end."""
    seen: dict[str, dict[str, None]] = {}
    agents: dict[str, set[str]] = {}
    for hooks in _hooks(runs).values():
        agents.setdefault(hooks[0].event, set()).add(hooks[0].agent)
        names = sorted({name for hook in hooks for name in hook.keys})
        seen.setdefault(hooks[0].event, {}).update(dict.fromkeys(names))
    found = {}
    for event, keys in seen.items():
        # what no child was seen doing says nothing of the keys that only a child's hooks have
        unseen = _OF_CHILDREN if agents[event] == {MAIN} else frozenset()
        old = [name for name in known.get(event, []) if name in keys or name in unseen]
        found[event] = [*old, *(name for name in keys if name not in old)]
    return found


def _variables(known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    """The hooks' variables, and which events alone see one."""
    by_event = _union(run.tables["hook environment"] for run in runs)
    everywhere = set().union(*by_event.values()) if by_event else set()
    rows = dict(known["hook_variables"])
    kept = {name: value for name, value in rows.items() if name in everywhere or not name.startswith(_CARRIED)}
    yield "hook_variables", {**kept, **dict.fromkeys(sorted(everywhere - set(kept) - _GIVEN), "?")}
    if "hook_variables_only" in known:
        events = set(by_event)
        only = {name: sorted(event for event in events if name in by_event[event]) for name in sorted(everywhere)}
        yield "hook_variables_only", {name: where for name, where in only.items() if set(where) != events}


def _union(tables: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table in tables:
        for event, names in table.items():
            found.setdefault(event, set()).update(names)
    return found


def _claude(known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    if any(texts for run in runs for texts in run.tables["context"].values()):
        system = any("system" in run.context_roles for run in runs)
        yield "context_place", "system message" if system else "reminder"
    names = [set(found) for run in runs for found in run.tables["shell environment"].values()]
    if names:
        seen = set().union(*names)
        rows = {name: value for name, value in known["shell_variables"].items() if name in seen}
        new = {name: "?" for name in sorted(seen) if name.startswith(_CARRIED) and name not in rows}
        yield "shell_variables", {**rows, **{name: value for name, value in new.items() if name not in _GIVEN}}
    helpers = {hook.event for run in runs for hook in run.hooks if hook.agent == "helper"}
    yield "subagent_session_hooks", sorted(helpers & {"SessionStart", "SessionEnd"})


def _codex(runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    hooks = [hook for run in runs for hook in run.hooks]
    events = {hook.event for hook in hooks if hook.agent == "child"}
    if events:
        start = "SubagentStart" if "SubagentStart" in events else "SessionStart" if "SessionStart" in events else ""
        stop = "SubagentStop" if "SubagentStop" in events else "Stop" if "Stop" in events else ""
        prompt = "UserPromptSubmit" if "UserPromptSubmit" in events else ""
        yield "child_events", {"start": start, "prompt": prompt, "stop": stop}
        sessions = [each.session for each in _hooks(runs).get(f"child {prompt}", [])]
        yield "child_session", "own" if "<child>" in sessions else "root"
    reasons = (hook.subject for hook in hooks if (hook.agent, hook.event) == (MAIN, "SessionEnd"))
    yield "session_end_reason", next((reason for reason in reasons if reason), "")
    group = _group(runs)
    if group is not None:
        yield "hook_group", "host" if group else "own session"
