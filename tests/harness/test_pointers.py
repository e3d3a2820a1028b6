"""A copied row points at no live process, whatever its fields are called and however deep they lie."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hookproof.play.faults.pointers import Pointers
from hookproof.processes import Identity, ProcessInfo

BEGAN = 1_790_000_000.0


def process(pid: int, start: int) -> ProcessInfo:
    identity = Identity(pid, start)
    return ProcessInfo(identity=identity, ppid=1, pgid=pid, sid=pid, argv=[], cpu_seconds=0.0, created=BEGAN)


WORKER, SERVER, OWN = process(4100, 8812345), process(4101, 8812399), process(4200, 8813000)
POINTERS = Pointers([WORKER, SERVER, OWN], but=OWN.identity)
NEEDED = {"id", "status", "pid", "job.id"}


def without(row: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return POINTERS.without(row, lambda path, value: path in NEEDED or (isinstance(value, str) and "job=x" in value))


@pytest.mark.parametrize(
    "value",
    [
        4100,
        "4100",
        8812345,
        "8812345",
        "linux:4100:8812345",
        "4101@8812399",
        "pid 4100",
        "/proc/4101/environ",
        {"pid": 4100, "startTime": "x"},
        {"deep": [{"er": {"serverPid": 4101}}]},
        {"4100": "a table by pid"},
        time.ctime(BEGAN),
    ],
)
def test_a_field_that_points_at_one_goes(value: Any) -> None:
    assert without({"id": "a", "owner": value, "title": "t"}) == ({"id": "a", "title": "t"}, ["owner"])


@pytest.mark.parametrize(
    "value",
    [4200, 17, True, None, 4100.5, "2026-11-27T21:57:16.000Z", "41000", {"pid": 4200}, ["8813000"], "4100 lines"],
)
def test_what_points_at_none_stays(value: Any) -> None:
    row = {"id": "a", "owner": value}
    assert without(row) == (row, [])


def test_the_fields_of_the_field_report() -> None:
    """A fork's row: its cancel ended what these name, and rightly so."""
    row = {"id": "a", "status": "queued", "pid": 4200, "cwd": "/w"}
    more = {
        "ownershipSnapshot": {"pid": 4100, "startedAt": "8812345"},
        "appServerPid": 4101,
        "processIdentity": "4100:8812345",
    }
    assert without({**row, **more}) == (row, sorted(more, key=list(more).index))


def test_of_an_object_with_something_needed_only_what_points_goes() -> None:
    row = {"job": {"id": "a", "server": 4101}, "request": {"prompt": "job=x look", "parent": 4100}}
    left = {"job": {"id": "a"}, "request": {"prompt": "job=x look"}}
    assert without(row) == (left, ["job.server", "request.parent"])


def test_what_is_needed_and_points_all_the_same_is_seen() -> None:
    row, dropped = without({"id": "a", "status": "held by pid 4100"})
    assert dropped == []
    assert POINTERS.points(row)
