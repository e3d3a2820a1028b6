"""Drafts a lifecycle for a version without one, from a calibration: it extends the nearest one. Called by `calibrate`.

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
_OF_A_SESSION: dict[str, dict[str, Any]] = {
    "subagent's session starts": {"event": "SessionStart", "whose": "agent", "context": "first prompt"},
    "subagent's session ends": {"event": "SessionEnd", "whose": "agent", "says": {"reason": "other"}},
}
_OF_A_CHILD: dict[str, list[dict[str, Any]]] = {
    "child starts": [
        {"event": "SubagentStart", "whose": "root", "context": "before the prompt"},
        {"event": "SessionStart", "whose": "own", "context": "before the prompt", "says": {"source": "startup"}},
    ],
    "child is prompted": [{"event": "UserPromptSubmit", "whose": "own", "context": "after the prompt"}],
    "child's turn ends": [
        {"event": "SubagentStop", "whose": "root", "context": "after the answer", "transcript": "parent"},
        {"event": "Stop", "whose": "own", "context": "after the answer"},
    ],
}
"""What can fire at these moments, with its usual cells; of several the first that was seen."""
_ONLY_CLAUDE = "shell_variables"
"""A row that lifecycles of Claude Code have and those of Codex have not."""
_OF_CHILDREN = frozenset({"agent_id", "agent_type"})


def draft(nearest: Lifecycle, version: str, unknown: Sequence[str], runs: Sequence[Facets]) -> str | None:
    """The draft as TOML; None where no run measured anything. `unknown` are events that the release does not know."""
    runs = [run for run in runs if not run.failed]
    if not runs:
        return None
    rows, events = ({name: row["is"] for name, row in table.items()} for table in (nearest.rows, nearest.events))
    derived = {"version": version, **dict(_derived(rows, runs)), **dict(_unknown(rows, unknown))}
    of_events = dict(_claudes_events(events, runs) if _ONLY_CLAUDE in rows else _codexs_events(events, runs))
    head = {
        "name": f"{nearest.host}-{version}",
        "title": f"a draft for {version}, from {nearest.name} and a calibration",
        "host": nearest.host,
        "extends": nearest.name,
        "alike": f"not measured on {version}",
    }
    tables = {"rows": _table(derived, rows, version), "events": _table(of_events, events, version)}
    return tomlkit.dumps({**head, **{name: table for name, table in tables.items() if table}})


def _table(values: Mapping[str, Any], known: Mapping[str, Any], version: str) -> tomlkit.items.Table:
    """The rows of one table; one that is as in the nearest lifecycle has a source alone."""
    table = tomlkit.table()
    for name, value in values.items():
        source = {"source": f"measured by calibrate on {version}"}
        table[name] = _inline(source if name in known and same(value, known[name]) else {"is": value, **source})
    return table


def _inline(row: Mapping[str, Any]) -> tomlkit.items.InlineTable:
    """A row on one line, lists of tables too."""
    inline = tomlkit.inline_table()
    for name, value in row.items():
        if isinstance(value, list):
            array = tomlkit.array()
            array.extend([_inline(each) if isinstance(each, dict) else each for each in value])
            inline[name] = array
        else:
            inline[name] = _inline(value) if isinstance(value, dict) else value
    return inline


def _derived(known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    """Rows that follow from what was seen."""
    yield "payload_keys", {**known["payload_keys"], **_payload_keys(known["payload_keys"], runs)}
    yield from _variables(known, runs)
    if _ONLY_CLAUDE in known:
        yield from _claude(known, runs)
    elif (group := _group(runs)) is not None:
        yield "hook_group", "host" if group else "own session"


def _unknown(known: Mapping[str, Any], unknown: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """What follows from events that a plugin must not declare, or it loses its hooks."""
    if unknown:
        yield "known_events", [event for event in known["known_events"] if event not in unknown]
        if "unknown_event" in known:
            yield "unknown_event", "drops the plugin's hooks"


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
        # of some events those of one source tell more than the others, and have a line of their own
        alone = f"{hooks[0].event}({hooks[0].subject})"
        event = alone if alone in known else hooks[0].event
        agents.setdefault(event, set()).add(hooks[0].agent)
        names = sorted({name for hook in hooks for name in hook.keys})
        seen.setdefault(event, {}).update(dict.fromkeys(names))
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
    if not by_event:
        return  # no hook ran, so that nobody saw what one is given
    everywhere = set().union(*by_event.values())
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
    group = _group(runs)
    if group is not None:
        yield "hook_group", "host" if group else "own"
    if any(texts for run in runs for texts in run.tables["context"].values()):
        system = any("system" in run.context_roles for run in runs)
        yield "context_place", "system message" if system else "reminder"
    names = [set(found) for run in runs for found in run.tables["shell environment"].values()]
    if names:
        seen = set().union(*names)
        rows = {name: value for name, value in known["shell_variables"].items() if name in seen}
        new = {name: "?" for name in sorted(seen) if name.startswith(_CARRIED) and name not in rows}
        yield "shell_variables", {**rows, **{name: value for name, value in new.items() if name not in _GIVEN}}


def _claudes_events(known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    """What fires for a subagent that may have a session of its own; nothing follows where none was seen."""
    seen = {hook.event for run in runs for hook in run.hooks if hook.agent == "helper"}
    if not seen:
        return
    for moment, usual in _OF_A_SESSION.items():
        yield moment, _fires(known[moment], usual) if usual["event"] in seen else []


def _codexs_events(known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    """What fires for a child, and with whose session; whether a thread's end is told."""
    hooks = [hook for run in runs for hook in run.hooks]
    seen = {hook.event for hook in hooks if hook.agent == "child"}
    if seen:
        prompted = [hook.session for hook in _hooks(runs).get("child UserPromptSubmit", [])]
        whose = "own" if "<child>" in prompted else "root"
        for moment, candidates in _OF_A_CHILD.items():
            found = [each for each in candidates if each["event"] in seen][:1]
            yield moment, [cells for usual in found for cells in _fires(known[moment], usual, whose=whose)]
    if not hooks:
        return
    ends = [hook for hook in hooks if (hook.agent, hook.event) == (MAIN, "SessionEnd") and hook.subject]
    usual = {"event": "SessionEnd", "whose": "root"}
    yield "thread ends", _fires(known["thread ends"], usual, says={"reason": ends[0].subject}) if ends else []


def _fires(known: Sequence[Mapping[str, Any]], usual: Mapping[str, Any], **measured: Any) -> list[dict[str, Any]]:
    """What fires at a moment: cells that were measured, the others as the nearest lifecycle has them, or as usual."""
    nearest = next((each for each in known if each["event"] == usual["event"]), usual)
    return [{**nearest, **measured}]
