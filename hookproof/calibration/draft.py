"""The draft of a lifecycle for a version that nobody has measured: it extends the nearest one, and says what was seen.

A row that follows from the facets is written down, with its value where that is another one than the nearest has.
Every other row is inherited, and its source says that it was not measured. A draft is a beginning: what it does not
know, a scenario of calibration will tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomlkit

from hookproof.calibration.facets import Facets, event_of
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
    for name, value in {"version": version, **dict(_derived(known, runs))}.items():
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


def _derived(known: Mapping[str, Any], runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    """Rows that follow from what was seen."""
    yield "payload_keys", {**known["payload_keys"], **_payload_keys(known["payload_keys"], runs)}
    yield from _variables(known, runs)
    # the rows of the nearest one say which host it is of
    yield from _codex(runs) if "child_events" in known else _claude(known, runs)


def _all(runs: Sequence[Facets], facet: str) -> dict[str, Any]:
    """A facet's places of all runs together."""
    found: dict[str, Any] = {}
    for run in runs:
        found.update(run.tables[facet])
    return found


def _payload_keys(known: Mapping[str, list[str]], runs: Sequence[Facets]) -> dict[str, list[str]]:
    """Event -> its keys: in the known order, new ones at the end."""
    seen: dict[str, dict[str, None]] = {}
    agents: dict[str, set[str]] = {}
    for where, keys in _all(runs, "payload keys").items():
        agents.setdefault(event_of(where), set()).add(where.partition(" ")[0])
        told = (key.partition(":")[0] for key in keys)
        seen.setdefault(event_of(where), {}).update(dict.fromkeys(name for name in told if "." not in name))
    found = {}
    for event, names in seen.items():
        # what no child was seen doing says nothing of the keys that only a child's hooks have
        unseen = _OF_CHILDREN if agents[event] == {MAIN} else frozenset()
        old = [name for name in known.get(event, []) if name in names or name in unseen]
        found[event] = [*old, *(name for name in names if name not in old)]
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
    groups = set(_all(runs, "hook processes").values())
    if groups:
        yield "hook_group", "host" if "in the host's process group" in groups else "own"
    contexts = [text for run in runs for texts in run.tables["context"].values() for text in texts]
    if contexts:
        yield "context_place", "system message" if any(text.startswith("system") for text in contexts) else "reminder"
    names = [set(found) for run in runs for found in run.tables["shell environment"].values()]
    if names:
        seen = set().union(*names)
        rows = {name: value for name, value in known["shell_variables"].items() if name in seen}
        new = {name: "?" for name in sorted(seen) if name.startswith(_CARRIED) and name not in rows}
        yield "shell_variables", {**rows, **{name: value for name, value in new.items() if name not in _GIVEN}}
    sessions = [place for place in _all(runs, "events") if place.startswith("helper Session")]
    yield "subagent_session_hooks", sorted({event_of(place) for place in sessions})


def _codex(runs: Sequence[Facets]) -> Iterator[tuple[str, Any]]:
    events = {event_of(place) for place in _all(runs, "events") if place.startswith("child ")}
    if events:
        start = "SubagentStart" if "SubagentStart" in events else "SessionStart" if "SessionStart" in events else ""
        stop = "SubagentStop" if "SubagentStop" in events else "Stop" if "Stop" in events else ""
        prompt = "UserPromptSubmit" if "UserPromptSubmit" in events else ""
        yield "child_events", {"start": start, "prompt": prompt, "stop": stop}
        sessions = _all(runs, "identity").get(f"child {prompt}: session_id") or []
        yield "child_session", "own" if "<child>" in sessions else "root"
    ends = [place for place in _all(runs, "events") if place.startswith("main SessionEnd(")]
    yield "session_end_reason", ends[0].partition("(")[2].rstrip(")") if ends else ""
    groups = set(_all(runs, "hook processes").values())
    if groups:
        yield "hook_group", "host" if "in the host's process group" in groups else "own session"
