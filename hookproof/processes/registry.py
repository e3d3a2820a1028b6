"""The cases that are open in this process, and of which of them an adopted process is.

A process that left its parents, its session and its environment behind comes to this process as its subreaper (Linux)
and says nothing of where it is from. `attribute` decides by what it still shows, and says so where nothing decides.
Cases register themselves as they open (`CaseProcesses`), in any thread; the platform's census asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hookproof.processes.base import Identity, Instant, ProcessInfo

TOKEN, DESCENDANT, SESSION, FOLDER = "token", "descendant", "session", "folder"
ONLY_CASE, UNDECIDED = "only case", "undecided"
SPAWNED, SEEN = "spawned", "seen before"

_GRAIN = 0.01


@dataclass(eq=False, slots=True)
class Entry:
    """One case: since when, until when, and what is known of its processes."""

    token: str
    since: Instant
    folder: str | None = None
    closed: Instant | None = None
    known: dict[Identity, str] = field(default_factory=dict)
    """Those that `spawn` started or a census saw, and how each was recognised at first."""
    groups: set[int] = field(default_factory=set)
    """The sessions and process groups that these led or were in."""
    undecided: dict[Identity, ProcessInfo] = field(default_factory=dict)
    """Adopted ones of which this case is one of several candidates, also after they have ended."""

    def recognised(self, identity: Identity) -> str:
        """How one that shows no token now, and is known to the case, was recognised."""
        first = self.known[identity]
        return SEEN if first == TOKEN else first

    def open_at(self, moment: Instant) -> bool:
        """Whether it was open then; `moment` is up to a tick of the clock that stamps starts too early."""
        return self.had_started(moment) and (self.closed is None or moment <= self.closed)

    def had_started(self, moment: Instant) -> bool:
        """Whether it had been opened by then."""
        return self.since <= moment + _GRAIN


@dataclass(frozen=True, slots=True)
class Stray:
    """A process that was adopted, by what it still shows. `places` reads, when asked, which paths it holds."""

    identity: Identity
    began: Instant
    groups: frozenset[int]
    token: str | None
    places: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose a stray is: of one case, or of one of several candidates, or (neither) of none."""

    entry: Entry | None = None
    by: str = UNDECIDED
    candidates: frozenset[Entry] = frozenset()

    @property
    def over(self) -> bool:
        """Whether no open case will end it: it is of cases, and all of them are closed."""
        of = self.candidates if self.entry is None else {self.entry}
        return bool(of) and all(each.closed is not None for each in of)


_lock = threading.RLock()
_entries: tuple[Entry, ...] = ()
_attributed: dict[Identity, Attribution] = {}


def open_case(entry: Entry) -> None:
    """From now on adopted processes may be of this case."""
    global _entries  # noqa: PLW0603 - the registry is the process's
    with _lock:
        _entries = (*_entries, entry)


def close_case(entry: Entry, now: Instant | None) -> None:
    """What begins from now on is not of this case; without `now` nothing is. May be called twice."""
    global _entries  # noqa: PLW0603
    with _lock:
        if now is None:
            _entries = tuple(each for each in _entries if each is not entry)
        if entry.closed is None:
            entry.closed = entry.since if now is None else now


def tidy() -> None:
    """Forget the closed cases at whose time no case was open that still is: nothing can be mistaken for theirs."""
    global _entries  # noqa: PLW0603
    with _lock:
        still = [each.since for each in _entries if each.closed is None]
        _entries = tuple(each for each in _entries if each.closed is None or any(at <= each.closed for at in still))
        kept = set(_entries)
        for identity, attribution in list(_attributed.items()):
            if not kept & (attribution.candidates if attribution.entry is None else {attribution.entry}):
                del _attributed[identity]


def entries() -> tuple[Entry, ...]:
    """The cases that are remembered, in the order in which they were opened."""
    return _entries


def covers(moment: Instant) -> bool:
    """Whether a case that is remembered was open then."""
    return any(each.open_at(moment) for each in _entries)


def note(entry: Entry, identity: Identity, by: str, groups: Iterable[int] = ()) -> None:
    """A process of the case was seen: what descends from it, or stays in its session, is of the case too."""
    with _lock:
        entry.known.setdefault(identity, by)
        entry.groups.update(groups)


def note_undecided(attribution: Attribution, info: ProcessInfo) -> None:
    """Remember a process with every case that it may be of."""
    with _lock:
        for each in attribution.candidates:
            each.undecided[info.identity] = info


def attribute(stray: Stray) -> Attribution:
    """Whose it is, by the first of these that says so; what is decided stays so.

    It was seen before as one of the case's; its token; its session or group is one that a process known to the case
    led or was in; a path below the case's folder is its directory, program or root, or is open in it; only one case
    was open when it began. Else all cases that were open then are candidates; and if one of them shares another
    undecided process with further cases, these as well, since the one may have begotten the other.
    """
    with _lock:
        before = _attributed.get(stray.identity)
        if before is not None and before.entry is not None:
            return before
        attribution = _by_traces(stray) or _by_time(stray)
        if attribution.entry is not None:
            for each in _entries:
                each.undecided.pop(stray.identity, None)
            note(attribution.entry, stray.identity, attribution.by, stray.groups)
        if attribution.entry is not None or attribution.candidates:
            _attributed[stray.identity] = attribution
        return attribution


def _by_traces(stray: Stray) -> Attribution | None:
    earlier = [each for each in _entries if each.had_started(stray.began)]
    for entry in earlier:
        if stray.identity in entry.known:
            return Attribution(entry, entry.recognised(stray.identity))
    for entry in earlier:
        if stray.token == entry.token:
            return Attribution(entry, TOKEN)
    of_group = [each for each in earlier if stray.groups & each.groups]
    if len(of_group) == 1:
        return Attribution(of_group[0], SESSION)
    below = [(each, each.folder.rstrip("/") + "/") for each in earlier if each.folder]
    if below:
        for path in stray.places():
            for entry, folder in below:
                if f"{path}/".startswith(folder):
                    return Attribution(entry, FOLDER)
    return None


def _by_time(stray: Stray) -> Attribution:
    candidates = {each for each in _entries if each.open_at(stray.began)}
    for other in _attributed.values():
        if other.entry is None and other.candidates & candidates:
            candidates |= other.candidates
    if len(candidates) == 1:
        return Attribution(candidates.pop(), ONLY_CASE)
    if not candidates:
        # began when none was open: of what is just being ended, if anything is that had begun before
        ending = [other for other in _attributed.values() if other.over]
        of = {each for other in ending for each in (other.candidates or {other.entry}) if each is not None}
        candidates = {each for each in of if each.had_started(stray.began)}
    return Attribution(candidates=frozenset(candidates))
