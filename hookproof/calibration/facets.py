"""What one journal says of its host, facet by facet: place -> value, normalised.

A facet is one thing about which a stand-in can be wrong. Its values are plain JSON, so that two runs are compared by
equality; only the order of what happened is compared otherwise, pair by pair, for a host may race with itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hookproof.calibration.files import files
from hookproof.calibration.names import Names, kind_of
from hookproof.calibration.requests import context_roles, contexts, notifications, shell_names
from hookproof.records import Record
from hookproof.records.base import Json
from hookproof.records.hosts import HostExited, HostLine, HostStarted
from hookproof.records.inheritance import with_inheritance
from hookproof.records.model import GateAnswered, ModelRequest
from hookproof.records.run import Error, ProcessDied, SessionStays, SweepBegan
from hookproof.records.sent import HookStarted, ProbeSignalled, ProbeWaits

IDENTITY = frozenset({"session_id", "agent_id", "agent_type", "transcript_path", "agent_transcript_path", "cwd"})
_OPEN = frozenset({"tool_input", "tool_response"})
"""Keys below which the names are looked at as well."""
_UNTOLD = frozenset({"hook_started", "hook_response", "hook_progress"})
"""Stream lines of hooks: a real host is observed by a plugin of ours, whose hooks it tells of too.

How many of progress there are says how long a hook took.
"""
_SUBJECTS = ("tool_name", "source", "reason", "trigger")
ORDER = "order"
RACED = "came in a race of the host with itself"
"""The value of what one run of a real host says nothing about."""
ABOUT_EVENTS = frozenset({"payload keys", "payload values", "identity", "hook environment", "hook processes"})
"""The facets whose places are about an event: what each is about stands in `Facets.about`."""
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
    "files",
    "deaths",
    "stream",
    "exit",
)
"""All of them, as they are shown."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook run as calibration sees it. As text it is its label: `main PreToolUse(Bash)`."""

    agent: str
    event: str
    subject: str
    """The tool, source or reason that tells it from others of its event."""
    keys: tuple[str, ...]
    """The names in its payload."""
    session: Any
    """Whose session its payload names."""
    in_hosts_group: bool

    def __str__(self) -> str:
        return f"{self.agent} {self.event}{f'({self.subject})' if self.subject else ''}"


@dataclass(frozen=True, slots=True)
class Facets:
    """One run's facets."""

    tables: dict[str, dict[str, Any]]
    order: tuple[str, ...]
    """What happened, as labels that are unique in the run."""
    hooks: tuple[Hook, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    """By place, of the facets about events: the label, or the event, that it is about."""
    context_roles: frozenset[str] = frozenset()
    """The roles of the messages in which hooks' context stood."""
    failed: tuple[str, ...] = ()
    """What went wrong in the run, a missed deadline too: with any of it nothing was measured."""

    @property
    def present(self) -> set[str]:
        """Every label and every event of the run."""
        return {name for hook in self.hooks for name in (str(hook), hook.event)}


def extract(records: list[Record]) -> Facets:
    """The facets of a journal."""
    names = Names(records)
    hosts = {record.pid for record in records if isinstance(record, HostStarted)}
    runs = tapped(records)
    seen = tuple(_hook(record, names, hosts) for record in runs)
    groups: dict[str, list[Json]] = {}
    for hook, record in zip(seen, runs, strict=True):
        groups.setdefault(str(hook), []).append(record.payload)
    values = {
        facet: {(label, key): found for label, key, found in _values(groups, names, identity=facet == "identity")}
        for facet in ("identity", "payload values")
    }
    tables: dict[str, dict[str, Any]] = {
        "events": dict(Counter(str(hook) for hook in seen)),
        "payload keys": {label: _payload_keys(payloads) for label, payloads in groups.items()},
        **{facet: {f"{label}: {key}": each for (label, key), each in found.items()} for facet, found in values.items()},
        "hook environment": _environment(runs),
        "hook processes": {hook.event: _group(hook) for hook in seen},
        "shell environment": shell_names(records, names),
        "context": contexts(with_inheritance(records), names),
        "notifications": notifications(records, names),
        "files": files(records, names),
        "deaths": dict(_deaths(records)) | dict(_ends(records)),
        "stream": _stream(records),
        "exit": {str(r.session): _exit(r) for r in records if isinstance(r, HostExited)},
    }
    about = {f"{label}: {key}": label for found in values.values() for label, key in found}
    about |= {label: label for label in groups} | {hook.event: hook.event for hook in seen}
    order = tuple(_numbered(_happenings(records, names, dict(zip((each.seq for each in runs), seen, strict=True)))))
    failed = tuple(f"{record.where}: {record.what}" for record in records if isinstance(record, Error))
    return Facets(tables, order, seen, about, context_roles(records), failed)


def tapped(records: list[Record]) -> list[HookStarted]:
    """The hook runs that a tap recorded. A stand-in records each of them as well; that is passed over."""
    hosts = {record.pid for record in records if isinstance(record, HostStarted)}
    return [r for r in records if isinstance(r, HookStarted) and r.by not in hosts and r.thread_id is None]


def _hook(record: HookStarted, names: Names, hosts: set[int]) -> Hook:
    payload = record.payload
    subject = next((payload[key] for key in _SUBJECTS if isinstance(payload.get(key), str)), "")
    return Hook(
        agent=names.of_hook(payload),
        event=record.event,
        subject=subject,
        keys=tuple(payload),
        session=_plain(payload.get("session_id"), names),
        in_hosts_group=record.pgid in hosts,
    )


def _payload_keys(payloads: list[Json]) -> list[str]:
    found: dict[str, Counter[str]] = {}
    for payload in payloads:
        for key, value in _opened(payload):
            found.setdefault(key, Counter())[kind_of(value)] += 1
    return sorted(
        f"{key}: {' or '.join(sorted(kinds))}{'' if kinds.total() == len(payloads) else ' (not always)'}"
        for key, kinds in found.items()
    )


def _opened(payload: Json) -> Iterator[tuple[str, Any]]:
    for key, value in payload.items():
        yield key, value
        if key in _OPEN and isinstance(value, dict):
            yield from ((f"{key}.{inner}", each) for inner, each in value.items())


def _values(groups: Mapping[str, list[Json]], names: Names, *, identity: bool) -> Iterator[tuple[str, str, list[Any]]]:
    """A label, a key of its payloads, and every value that stood there."""
    for label, payloads in groups.items():
        for key in dict.fromkeys(key for payload in payloads for key in payload):
            values = [payload[key] for payload in payloads if key in payload]
            if (key in IDENTITY) is identity and all(
                isinstance(value, (str, bool)) or value is None for value in values
            ):
                plain = [_plain(value, names) for value in values]
                yield label, key, [each for number, each in enumerate(plain) if each not in plain[:number]]


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


def _group(hook: Hook) -> str:
    # the harness starts every host as the leader of a group
    return "in the host's process group" if hook.in_hosts_group else "in a process group of its own"


def _deaths(records: list[Record]) -> Iterator[tuple[str, Any]]:
    """What became of the commands that wait."""
    swept = next((number for number, record in enumerate(records) if isinstance(record, SweepBegan)), len(records))
    before = records[:swept]
    for waits in (record for record in before if isinstance(record, ProbeWaits)):
        job = waits.job
        died = next((r for r in before if isinstance(r, ProcessDied) and r.pid == waits.pid), None)
        signalled = next((r for r in before if isinstance(r, ProbeSignalled) and r.job == job), None)
        answered = any(isinstance(r, GateAnswered) and r.job == job for r in before)
        if died is None:
            yield job, "outlives every session"
        elif signalled is not None:
            yield job, f"{signalled.signal} from {_sender(signalled.sender, records)}"
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


def _stream(records: list[Record]) -> dict[str, Any]:
    """How many lines of each kind a session's host has printed.

    Where a host has asked its model once more of a child's end there is one more of some: that is a race of its own.
    """
    late = {record.agent for record in records if isinstance(record, ModelRequest) and record.late}
    kinds: Counter[tuple[str, str]] = Counter()
    for record in records:
        if not isinstance(record, HostLine) or record.line_subtype in _UNTOLD:
            continue
        parts = [record.line_type, record.line_subtype, record.line_status, record.line_item]
        kinds[record.session, "/".join(str(word) for word in parts if word)] += 1
    return {f"{session} {kind}": RACED if session in late else n for (session, kind), n in kinds.items()}


def _exit(record: HostExited) -> str:
    return f"signal {record.signal}" if record.signal else f"code {record.code}"


def _happenings(records: list[Record], names: Names, hooks: Mapping[int, Hook]) -> Iterator[str]:
    waiting = {record.pid: record.job for record in records if isinstance(record, ProbeWaits)}
    for record in records:
        if isinstance(record, SweepBegan):
            return
        if record.seq in hooks:
            yield str(hooks[record.seq])
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
