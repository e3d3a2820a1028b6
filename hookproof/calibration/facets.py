"""What one journal says of its host, facet by facet: place -> value, normalised.

A facet is one thing about which a stand-in can be wrong. Its values are plain JSON, so that two runs are compared by
equality; only the order of what happened is compared otherwise, pair by pair, for a host may race with itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hookproof.calibration.names import Names, kind_of
from hookproof.calibration.requests import contexts, notifications, shell_names
from hookproof.records import Record
from hookproof.records.base import Json
from hookproof.records.hosts import HostExited, HostLine, HostStarted
from hookproof.records.model import GateAnswered, ModelRequest
from hookproof.records.run import Error, ProcessDied, SessionStays, SweepBegan
from hookproof.records.told import HookStarted, ProbeSignalled, ProbeWaits

IDENTITY = frozenset({"session_id", "agent_id", "agent_type", "transcript_path", "agent_transcript_path", "cwd"})
_OPEN = frozenset({"tool_input", "tool_response"})
"""Keys below which the names are looked at as well."""
_UNTOLD = frozenset({"hook_started", "hook_response"})
"""Stream lines of hooks: a real host is observed by a plugin of ours, whose hooks it tells of too."""
_SUBJECTS = ("tool_name", "source", "reason", "trigger")
ORDER, ERRORS = "order", "errors"
RACED = "came in a race of the host with itself"
"""The value of what one run of a real host says nothing about."""
ABOUT_EVENTS = frozenset({"payload keys", "payload values", "identity", "hook environment", "hook processes"})
"""The facets whose places begin with an event, as `events` calls it or without whose it is."""
FACETS = (
    "events",
    ORDER,
    "payload keys",
    "payload values",
    "identity",
    "hook environment",
    "hook processes",
    "shell environment",
    "context",
    "notifications",
    "deaths",
    "stream",
    "exit",
    ERRORS,
)
"""All of them, as they are shown."""


@dataclass(frozen=True, slots=True)
class Facets:
    """One run's facets."""

    tables: dict[str, dict[str, Any]]
    order: tuple[str, ...]
    """What happened, as labels that are unique in the run."""


def extract(records: list[Record]) -> Facets:
    """The facets of a journal."""
    names = Names(records)
    hooks = tapped(records)
    tables: dict[str, dict[str, Any]] = {
        "events": dict(Counter(label(record, names) for record in hooks)),
        "payload keys": dict(_payload_keys(hooks, names)),
        "identity": dict(_values(hooks, names, identity=True)),
        "payload values": dict(_values(hooks, names, identity=False)),
        "hook environment": _environment(hooks),
        "hook processes": _groups(records, hooks),
        "shell environment": shell_names(records, names),
        "context": contexts(records, names),
        "notifications": notifications(records, names),
        "deaths": dict(_deaths(records)) | dict(_ends(records)),
        "stream": dict(_stream(records)) | dict.fromkeys(_raced(records), RACED),
        "exit": {str(r.session): _exit(r) for r in records if isinstance(r, HostExited)},
        ERRORS: {r.where: names.plain(str(r.what)) for r in records if isinstance(r, Error)},
    }
    return Facets(tables, tuple(_numbered(_happenings(records, names))))


def tapped(records: list[Record]) -> list[HookStarted]:
    """The hook runs that a tap recorded. A stand-in records each of them as well; that is passed over."""
    hosts = {record.pid for record in records if isinstance(record, HostStarted)}
    return [r for r in records if isinstance(r, HookStarted) and r.by not in hosts and r.thread_id is None]


def label(record: HookStarted, names: Names) -> str:
    """A hook run in words: `main PreToolUse(Bash)`."""
    payload = record.payload
    subject = next((f"({payload[key]})" for key in _SUBJECTS if isinstance(payload.get(key), str)), "")
    return f"{names.of_hook(payload)} {record.event}{subject}"


def event_of(words: str) -> str:
    """The event in the words of `label`: `PreToolUse`."""
    return words.partition(" ")[2].partition(":")[0].partition("(")[0]


def _payload_keys(hooks: list[HookStarted], names: Names) -> Iterator[tuple[str, list[str]]]:
    for where, runs in _grouped(hooks, names).items():
        found: dict[str, Counter[str]] = {}
        for run in runs:
            for key, value in _opened(run.payload):
                found.setdefault(key, Counter())[kind_of(value)] += 1
        yield (
            where,
            sorted(
                f"{key}: {' or '.join(sorted(kinds))}{'' if kinds.total() == len(runs) else ' (not always)'}"
                for key, kinds in found.items()
            ),
        )


def _grouped(hooks: list[HookStarted], names: Names) -> dict[str, list[HookStarted]]:
    groups: dict[str, list[HookStarted]] = {}
    for record in hooks:
        groups.setdefault(label(record, names), []).append(record)
    return groups


def _opened(payload: Json) -> Iterator[tuple[str, Any]]:
    for key, value in payload.items():
        yield key, value
        if key in _OPEN and isinstance(value, dict):
            yield from ((f"{key}.{inner}", each) for inner, each in value.items())


def _values(hooks: list[HookStarted], names: Names, *, identity: bool) -> Iterator[tuple[str, Any]]:
    for where, runs in _grouped(hooks, names).items():
        for key in dict.fromkeys(key for run in runs for key in run.payload):
            values = [run.payload[key] for run in runs if key in run.payload]
            if (key in IDENTITY) is identity and all(
                isinstance(value, (str, bool)) or value is None for value in values
            ):
                plain = [_plain(value, names) for value in values]
                yield f"{where}: {key}", [each for number, each in enumerate(plain) if each not in plain[:number]]


def _plain(value: Any, names: Names) -> Any:
    if not isinstance(value, str):
        return value
    # what a notification says is a facet of its own
    return "<a notification>" if "<task-notification>" in value else names.plain(value)


def _environment(hooks: list[HookStarted]) -> dict[str, Any]:
    found: dict[str, set[str]] = {}
    for record in hooks:
        found.setdefault(record.event, set()).update(record.env)
    return {event: sorted(names) for event, names in found.items()}


def _groups(records: list[Record], hooks: list[HookStarted]) -> dict[str, Any]:
    # the harness starts every host as the leader of a group
    hosts = {record.pid for record in records if isinstance(record, HostStarted)}
    return {
        record.event: "in the host's process group" if record.pgid in hosts else "in a process group of its own"
        for record in hooks
    }


def _deaths(records: list[Record]) -> Iterator[tuple[str, Any]]:
    """What became of the commands that wait."""
    swept = next((number for number, record in enumerate(records) if isinstance(record, SweepBegan)), len(records))
    before = records[:swept]
    for waits in (record for record in before if isinstance(record, ProbeWaits)):
        job = waits.job
        died = next((r for r in before if isinstance(r, ProcessDied) and r.pid == waits.pid), None)
        told = next((r for r in before if isinstance(r, ProbeSignalled) and r.job == job), None)
        answered = any(isinstance(r, GateAnswered) and r.job == job for r in before)
        if died is None:
            yield job, "outlives every session"
        elif told is not None:
            yield job, f"{told.signal} from {_sender(told.sender, records)}"
        else:
            yield job, "ends by itself" if answered else "SIGKILL, or another signal that cannot be caught"


def _ends(records: list[Record]) -> Iterator[tuple[str, Any]]:
    """Which sessions do not end when their input does."""
    for record in records:
        if isinstance(record, SessionStays):
            yield f"the session {record.session}", "waits for its commands when its input has ended"


def _sender(pid: int, records: list[Record]) -> str:
    hosts = {record.pid for record in records if isinstance(record, HostStarted)}
    return "the host" if pid in hosts else "another process"


def _raced(records: list[Record]) -> Iterator[str]:
    """The kinds of lines of which there is one more when a host has asked its model once more of a child's end."""
    late = {record.agent for record in records if isinstance(record, ModelRequest) and record.late}
    yield from (place for place, _ in _stream(records) if place.partition(" ")[0] in late)


def _stream(records: list[Record]) -> Iterator[tuple[str, Any]]:
    kinds: Counter[str] = Counter()
    for record in records:
        if not isinstance(record, HostLine) or record.line_subtype in _UNTOLD:
            continue
        words = [record.line_type, record.line_subtype, record.line_status, record.line_item]
        kinds[f"{record.session} {'/'.join(str(word) for word in words if word)}"] += 1
    yield from kinds.items()


def _exit(record: HostExited) -> str:
    return f"signal {record.signal}" if record.signal else f"code {record.code}"


def _happenings(records: list[Record], names: Names) -> Iterator[str]:
    waiting = {record.pid: record.job for record in records if isinstance(record, ProbeWaits)}
    ours = {record.seq for record in tapped(records)}
    for record in records:
        if isinstance(record, SweepBegan):
            return
        if isinstance(record, HookStarted) and record.seq in ours:
            yield label(record, names)
        elif isinstance(record, ModelRequest) and not record.aside and not record.late:
            yield f"{names.agent(record.agent)} asks its model"
        elif isinstance(record, ProcessDied) and record.pid in waiting:
            yield f"the command {waiting[record.pid]} is gone"
        elif isinstance(record, HostExited):
            yield f"the host of {record.session} is gone"


def _numbered(labels: Iterator[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for each in labels:
        seen[each] += 1
        yield each if seen[each] == 1 else f"{each} #{seen[each]}"
