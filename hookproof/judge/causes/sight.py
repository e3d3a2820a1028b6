"""H4, H7: the job is as it should be, and whoever asks or tears down does not see it.

Pure functions of the run view and one job. Each gives what it found, or None.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.causes.evidence import Found, present_session
from hookproof.judge.run_view import JobView, NoEvidenceError, RunView
from hookproof.records.jobs import SnapshotTaken
from hookproof.records.parts import StateRoot
from hookproof.records.run import Census
from hookproof.records.sent import HookStarted
from hookproof.rows import Row

_DATA = "CLAUDE_PLUGIN_DATA"


def two_roots(view: RunView, job: JobView) -> Found | None:
    """H4."""
    for snapshot, row in _hidden(view, job):
        reasons = _other_root(view, job, snapshot, row)
        if reasons:
            return Found("H4", "inferred", (*_there(view, job, snapshot), *reasons))
    return _server_elsewhere(view)


def filtered(view: RunView, job: JobView) -> Found | None:
    """H7."""
    for snapshot, row in _hidden(view, job):
        main = present_session(view, MAIN, snapshot)
        tagged = row.session if row.session is not None else view.session_tag(job)
        # a row that has lost its tag, or was first seen without one, was changed by more than status's filter
        kept = job.row is not None and tagged == row.session
        if _other_root(view, job, snapshot, row) or not kept or (tagged is not None and tagged == main):
            continue
        tag = f"is tagged with session {row.session}" if row.session is not None else "carries no session's tag"
        return Found("H7", "inferred", (*_there(view, job, snapshot), f"it {tag}, and main's is {main}"))
    return None


def hidden_unexplained(view: RunView, job: JobView) -> tuple[str, ...]:
    """What was seen of a row that is there and that main's status does not list, whatever the reason."""
    found = next(_hidden(view, job), None)
    return _there(view, job, found[0]) if found is not None else ()


def _hidden(view: RunView, job: JobView) -> Iterator[tuple[SnapshotTaken, Row]]:
    """The looks, from the job's start to its loss, in which its row is there and main's status does not list it.

    Of a job of main's: that of another conversation is not expected there.
    """
    if view.conversation_of(job) != MAIN:
        return
    for snapshot in view.snapshots:
        if job.started is None or snapshot.seq < job.started.seq or view.damaged:
            continue
        missing = job.lost is not None and snapshot.seq > job.lost.seq
        answer = snapshot.places.get(MAIN)
        if missing or answer is None or answer.answer is None:
            continue
        row = view.stored(snapshot, job)
        if row is not None and view.listed(snapshot, MAIN, job) is None:
            yield snapshot, row


def _there(view: RunView, job: JobView, snapshot: SnapshotTaken) -> tuple[str, str]:
    elsewhere = [place for place in snapshot.places if place != MAIN and view.listed(snapshot, place, job) is not None]
    death = job.worker_death
    gone = death is not None and death.seq < snapshot.seq
    alive = not gone and any(process.pid == job.worker for process in snapshot.processes)
    there = f"the row is there and its worker {'alive' if alive else 'no longer'} (look {snapshot.n})"
    return there, f"status lists it in: {', '.join(elsewhere)}" if elsewhere else "no place's status lists it"


def _other_root(view: RunView, job: JobView, snapshot: SnapshotTaken, row: Row) -> list[str]:
    """How it shows that main asks in another root than the row is in; nothing where only one root was seen."""
    home = next((entry for entry in snapshot.state if row.id in {each.id for each in view.rows.of_root(entry)}), None)
    given = _given(view, snapshot)
    if home is None:
        return []
    if given is not None and not _below(home.root, _relative(given)):
        launched = _exported(job)
        if launched is not None and launched[0] != given.env[_DATA]:
            return [f"its root is {home.root}", f"hooks are given {_relative(given)}, and its launch was not"]
        if launched is not None:
            return []  # the launch was given the same: it is the plugin that keeps its state elsewhere, for everybody
    others = [entry for entry in snapshot.state if entry is not home and _is_root(entry)]
    asked = _roots_of_answer(view, snapshot, others)
    if asked:
        return [f"its root is {home.root}", f"main's status tells what is in {asked[0].root}"]
    if others and row.session is not None and row.session == present_session(view, MAIN, snapshot):
        return [f"its root is {home.root}", f"another one is there: {others[0].root}"]
    return []


def _roots_of_answer(view: RunView, snapshot: SnapshotTaken, others: list[StateRoot]) -> list[StateRoot]:
    """Those of the other roots whose rows main's status tells."""
    told = {row.id for row in view.rows.answered(snapshot, MAIN)}
    return [entry for entry in others if told & {row.id for row in view.rows.of_root(entry)}]


def _is_root(entry: StateRoot) -> bool:
    return bool(entry.rows or entry.server or entry.job_files or entry.there)


def _exported(job: JobView) -> tuple[str | None] | None:
    """The data directory that the job's worker has from its launch; None where nobody knows."""
    exported = job.started.exported if job.started is not None else None
    return None if exported is None else (exported.get(_DATA),)


def _given(view: RunView, before: SnapshotTaken) -> HookStarted | None:
    """The last hook before a look that was given a data directory."""
    runs = [run.started for run in view.hooks if run.started.seq < before.seq and run.started.env.get(_DATA)]
    return runs[-1] if runs else None


def _server_elsewhere(view: RunView) -> Found | None:
    """After SessionEnd a server that no job accounts for lives on, known only where the hook was not sent.

    And the launch was sent there: its shell had another value of the variable than the hook, or none.
    """
    census = view.census
    ends = [run for run in view.session_end_hooks() if run.started.env.get(_DATA)]
    if census is None or not ends:
        return None
    given = ends[-1].started
    launched = [found for job in view.jobs.values() if (found := _exported(job)) is not None]
    if all(data == given.env[_DATA] for (data,) in launched):
        return None
    for entry in census.state:
        pid = view.server_of(entry)
        if pid in _unaccounted(view, census) and not _below(entry.root, _relative(given)):
            reasons = (
                f"a server (pid {pid}) that {entry.root} tells of outlived the session",
                f"the SessionEnd hook was given the data directory {_relative(given)}, and the launch was not",
            )
            return Found("H4", "inferred", reasons)
    return None


def _unaccounted(view: RunView, census: Census) -> set[int]:
    try:
        return {process.pid for process in view.unaccounted(census)}
    except NoEvidenceError:
        return set()


def _relative(hook: HookStarted) -> str:
    """The data directory as seen from the run's own directory, which the project is in."""
    cwd, data = (str(each).replace("\\", "/") for each in (hook.cwd, hook.env[_DATA]))
    return posixpath.relpath(data, posixpath.dirname(cwd))


def _below(path: str, folder: str) -> bool:
    return path.replace("\\", "/").startswith(folder.rstrip("/") + "/")
