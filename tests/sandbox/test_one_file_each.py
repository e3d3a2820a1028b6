"""Damage on purpose where each row is a file of its own, called by the job's id or by a glob."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.descriptor import Fields, State, Words
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.hosts.registry import stand_ins
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.sandbox import Sandbox
from hookproof.sandbox.state import find_row, read_state
from hookproof.sandbox.state_edits import NoSuchRowError, StateFiles

ROW: dict[str, Any] = {"status": "running", "proc": {"pid": 42}, "prompt": "job=review look", "at": 1000.0}
WORDS = Words(active=["queued", "running"], succeeded=["completed"], ended=["failed"])


def state(file: str, rows: str = "files") -> State:
    return State(roots=["{home}/.mini"], file=file, rows=rows, fields=Fields(pid="proc.pid"), words=WORDS)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    built = sandboxes.build(
        resolve_plugin("reference"), Resolved(name="x", host="claude", rows={}), programs=stand_ins()
    )
    yield built
    built.remove()


def leave(sandbox: Sandbox, name: str, row: dict[str, Any]) -> Path:
    path = sandbox.home / ".mini" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(row))
    return path


SHAPES = [
    ("jobs/{id}.json", "jobs/task-1.json"),
    ("jobs/*.json", "jobs/task-1.json"),
    ("*/{id}/s.json", "a/task-1/s.json"),
]


@pytest.mark.parametrize(("pattern", "name"), SHAPES)
def test_a_row_is_read_changed_copied_and_torn(sandbox: Sandbox, pattern: str, name: str) -> None:
    path, shape = leave(sandbox, name, ROW), state(pattern)
    files = StateFiles(sandbox, shape)
    (entry,) = read_state(sandbox, shape)
    assert (entry.rows, entry.names, entry.there) == ([ROW], ["task-1"], True)
    found = find_row([entry], shape, "review", sandbox)
    assert found is not None
    assert (found.id, found.pid) == ("task-1", 42)
    files.change_row("task-1", lambda row: row | {"status": "queued"})
    assert json.loads(path.read_text()) == ROW | {"status": "queued"}
    files.add_row("task-1", "task-1-later", lambda text: text.replace("review", "later"), dict)
    later = sandbox.home / ".mini" / name.replace("task-1", "task-1-later")
    assert json.loads(later.read_text())["prompt"] == "job=later look"
    assert {torn.file.rpartition(".mini/")[2] for torn in files.tear()} == {
        name,
        name.replace("task-1", "task-1-later"),
    }
    (entry,) = read_state(sandbox, shape)
    assert (entry.rows, entry.there) == ([], True)
    assert entry.error


def test_a_list_that_is_full_is_many_files(sandbox: Sandbox) -> None:
    leave(sandbox, "jobs/task-1.json", ROW)
    shape = state("jobs/*.json")
    StateFiles(sandbox, shape).fill("task-1", 12, dict)
    (entry,) = read_state(sandbox, shape)
    assert len(entry.rows) == 13
    over = [row for row in entry.rows if row["status"] == "completed"]
    assert [row["proc"] for row in over] == [{"pid": None}] * 12


def test_an_id_of_the_rows_own_goes_before_the_name_of_its_file(sandbox: Sandbox) -> None:
    path = leave(sandbox, "jobs/f00.json", ROW | {"id": "task-1"})
    shape = state("jobs/*.json")
    files = StateFiles(sandbox, shape)
    files.add_row("task-1", "task-2", lambda text: text, dict)
    assert {row["id"] for row in read_state(sandbox, shape)[0].rows} == {"task-1", "task-2"}
    assert path.is_file()


def test_a_file_with_room_for_one_job_takes_no_second(sandbox: Sandbox) -> None:
    leave(sandbox, "state.json", ROW | {"id": "task-1"})
    with pytest.raises(NoSuchRowError, match="has room for one job only"):
        StateFiles(sandbox, state("state.json", ".")).add_row("task-1", "task-2", lambda text: text, dict)


@pytest.mark.parametrize(
    ("file", "rows", "said"),
    [
        ("state.json", "files", "expected a glob"),
        ("jobs/{id}.json", "jobs", 'takes `rows = "files"`'),
        ("jobs/{id}-*.json", "files", "no wildcard in the same part"),
        ("{id}/{id}.json", "files", "expected one `{id}`"),
        ("state.json", "jobs[0]", "expected a path such as"),
        ("../x/*.json", "files", "stays inside"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(file: str, rows: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).*" + said.replace("{", r"\{").replace("[", r"\[")):
        state(file, rows)


def test_words_that_may_both_fit_one_row_are_refused() -> None:
    first: dict[str, str | bool | int] = {"status": "running", "stale": True}
    second: dict[str, str | bool | int] = {"status": "running", "owner": "gone"}
    with pytest.raises(ValueError, match="may both fit one row"):
        Words(active=[first], succeeded=["done"], ended=[second])
    Words(active=[first | {"stale": False}], succeeded=["done"], ended=[first])
