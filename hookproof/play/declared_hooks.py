"""Writes `hooks.declared`: which hooks a plugin declares for each host of a run, with their matchers.

Read from the plugin's copy before anything in it is wrapped. A cause of a context that was lost is told by it: an event
that no hook is declared for, a matcher that does not fit. Called by the runner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hookproof import files
from hookproof.catalogue.lifecycle import Resolved, measured, resolve_lifecycle
from hookproof.hosts.host import Host
from hookproof.journal import Journal
from hookproof.records.hosts import HooksDeclared
from hookproof.records.parts import DeclaredHook
from hookproof.sandbox import inside, tap

_IGNORED = "is ignored"
"""What a host without the row does as well: Codex passes such an event over (measured)."""


async def write_declared(
    journal: Journal, plugin: Path, hosts: list[Host], lifecycle: Resolved, *, seconds: float
) -> None:
    """Write the record of each host. What cannot be read is said in it: the host will find its own words for that.

    Raises TimeoutError where the files do not answer within `seconds`: then nobody knows what is declared.
    """
    for host in hosts:
        starts = _child_starts(host, lifecycle)
        known = _known_events(host, lifecycle)
        record = HooksDeclared(
            host=host.name,
            hooks=[],
            child_starts=starts,
            known_events=known,
            passed_over=_passed_over(host, lifecycle, known),
            measured=lifecycle.exact,
        )
        try:
            hooks = await files.off_loop(
                partial(_declared, plugin, host),
                waiting_for="what the plugin declares",
                seconds=seconds,
            )
        except (tap.TapError, inside.OutsideError) as error:
            journal.write(replace(record, unread=str(error)))
        else:
            journal.write(replace(record, hooks=hooks))


def _declared(plugin: Path, host: Host) -> list[DeclaredHook]:
    return list(_hooks(plugin, host))


def _hooks(plugin: Path, host: Host) -> Iterator[DeclaredHook]:
    manifest_path, manifest = tap.manifest_of(plugin, host)
    for _, (_, events) in tap.declared_files(plugin, host.hooks, manifest_path, manifest):
        for event, groups in events.items() if isinstance(events, dict) else ():
            for group in groups if isinstance(groups, list) else ():
                yield from _of_group(str(event), group)


def _of_group(event: str, group: Any) -> Iterator[DeclaredHook]:
    """The hooks of a group of entries; what is not shaped like one declares nothing."""
    entries = group.get("hooks") if isinstance(group, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        command, matcher = entry.get("command"), group.get("matcher")
        runs = entry.get("type") == "command" and isinstance(command, str)
        yield DeclaredHook(
            event=event,
            matcher=str(matcher) if matcher not in (None, "", "*") else None,
            command=command if runs else None,
            asynchronous=entry.get("async") is True,
        )


def _passed_over(host: Host, lifecycle: Resolved, known: list[str] | None) -> dict[str, str]:
    """The events of other measured releases that do no harm in a hooks file here."""
    rows = lifecycle.rows or (resolve_lifecycle(lifecycle.like).rows if lifecycle.like else {})
    if known is None or rows.get("unknown_event", _IGNORED) != _IGNORED:
        return {}
    found: dict[str, str] = {}
    for name in measured():
        other = resolve_lifecycle(name)
        if other.host == host.name:
            found |= {event: name for event in _known_events(host, other) or () if event not in known}
    return found


def _known_events(host: Host, lifecycle: Resolved) -> list[str] | None:
    """What a release knows by name, whether the stand-in has such an event fire or not."""
    told = lifecycle if lifecycle.rows or not lifecycle.like else resolve_lifecycle(lifecycle.like)
    if told.host != host.name or "known_events" not in told.rows:
        return None
    firing = (str(each["event"]) for moment in told.events.values() for each in moment)
    return sorted({*told.rows["known_events"], *firing})


def _child_starts(host: Host, lifecycle: Resolved) -> list[str] | None:
    """What fires when an agent starts another: of a stand-in its own table says it, of a real host what it is like."""
    events = lifecycle.events or (resolve_lifecycle(lifecycle.like).events if lifecycle.like else {})
    if lifecycle.host != host.name or host.child_starts not in events:
        return None
    return [str(firing["event"]) for firing in events[host.child_starts]]
