"""What rows say, by the spelling of a descriptor: where they stand, what their words mean, what is no row."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hookproof.records.parts import Saying, Words
from hookproof.rows import RowPath, Spelling, place_of, rows_at, with_value

WORDS = Words(
    active=["running"],
    succeeded=["done"],
    ended=["failed", "stopped"],
    cancelled="stopped",
    together=[
        Saying(fields={"status": "running", "liveness": "likely dead"}, means="ended"),
        Saying(fields={"status": "running", "liveness": "likely dead", "stopping": True}, means="cancelled"),
        Saying(fields={"over": 1}, means="succeeded"),
    ],
)
SPELLING = Spelling({"id": "id", "status": "status", "pid": "process.pid"}, WORDS)
A, B = {"id": "a", "status": "running"}, {"id": "b", "status": "done"}


@pytest.mark.parametrize(
    ("paths", "answer", "ids"),
    [
        (["running", "latestFinished", "recent"], {"running": [A], "latestFinished": B, "recent": []}, ["a", "b"]),
        (["running", "recent[*]"], {"running": [], "recent": [B]}, ["b"]),
        (["running"], {"running": []}, []),
        (["latest"], {"latest": None}, []),
        (["."], [A, B], ["a", "b"]),
        (["."], A, ["a"]),
        (["."], [], []),
        (["[*]"], [A], ["a"]),
        (["data.jobs"], {"data": {"jobs": [A]}}, ["a"]),
        (["jobs[*]"], {"jobs": {"x": {"status": "done"}, "y": B}}, ["x", "b"]),
        (["groups[*].jobs"], {"groups": [{"jobs": [A]}, {"jobs": [B]}]}, ["a", "b"]),
        # nothing of these is understood
        (["jobs"], {"running": [A]}, None),
        (["."], {"jobs": [A]}, None),
        (["jobs"], {"jobs": [{"task": "a"}]}, None),
        (["jobs"], {"jobs": "none"}, None),
        (["jobs[*]"], [A], None),
        (["jobs"], None, None),
    ],
)
def test_rows_stand_where_the_paths_say(paths: list[str], answer: Any, ids: list[str] | None) -> None:
    rows = rows_at(answer, [RowPath.parse(path) for path in paths], SPELLING)
    assert (None if rows is None else [row.id for row in rows]) == ids


@pytest.mark.parametrize("text", ["", "a..b", "a[0]", "a[*", ".a", "a.", "a.[*]", "[*]x"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a path such as"):
        RowPath.parse(text)


@pytest.mark.parametrize(
    ("row", "means", "shown"),
    [
        ({"status": "running"}, "active", "'running'"),
        ({"status": "running", "liveness": "fine"}, "active", "'running' (liveness 'fine')"),
        ({"status": "running", "liveness": "likely dead"}, "ended", "'running' (liveness 'likely dead')"),
        (
            {"status": "running", "liveness": "likely dead", "stopping": True},
            "cancelled",
            "'running' (liveness 'likely dead', stopping True)",
        ),
        ({"status": "stopped"}, "cancelled", "'stopped'"),
        ({"over": 1}, "succeeded", "'' (over 1)"),
        # a flag is no number
        ({"over": True}, None, "'' (over True)"),
        ({"status": "starting"}, None, "'starting'"),
        ({}, None, "''"),
    ],
)
def test_a_status_means_what_the_most_words_that_fit_it_mean(
    row: dict[str, Any], means: str | None, shown: str
) -> None:
    status = SPELLING.status(row)
    assert (status.means, repr(status)) == (means, shown)


def test_a_row_may_have_its_id_from_its_file_and_a_thing_without_a_status_is_no_row() -> None:
    assert SPELLING.id({"status": "done"}, "task-1") == "task-1"
    assert SPELLING.id({"id": 7, "status": "done"}, "task-1") == "7"
    assert SPELLING.id({"version": 2}, "index") is None
    assert SPELLING.id({"status": "done"}) is None


def test_a_job_at_a_place_that_no_path_names_is_found() -> None:
    answer = {"running": [], "over": {"today": [B]}}
    assert place_of("b", answer, SPELLING) == "over.today[0]"
    assert place_of("b", {"text": "b", "ids": ["b"]}, SPELLING) is None


def test_fields_of_inner_objects_are_read_and_changed() -> None:
    row = {"id": "a", "process": {"pid": 4, "host": "h"}}
    before = copy.deepcopy(row)
    assert SPELLING.pid(row) == 4
    assert with_value(row, "process.pid", 5) == {"id": "a", "process": {"pid": 5, "host": "h"}}
    assert with_value({}, "process.pid", 5) == {"process": {"pid": 5}}
    assert row == before
    assert SPELLING.pid({"process": {"pid": True}}) is None


def test_rows_change_and_are_added_where_they_stand() -> None:
    listed, keyed, alone = {"jobs": [dict(A)]}, {"jobs": {"a": dict(A)}}, dict(A)
    (slot,) = RowPath.parse("jobs").slots([listed])
    slot.put(B)
    assert slot.add(A, "a")
    assert listed == {"jobs": [A, B]}
    (slot,) = RowPath.parse("jobs[*]").slots([keyed])
    assert slot.name == "a"
    assert slot.add(B, "b")
    assert keyed == {"jobs": {"a": A, "b": B}}
    (slot,) = RowPath.parse(".").slots([alone])
    assert not slot.add(B, "b")
