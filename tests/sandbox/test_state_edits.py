"""Damage on purpose: what is changed in a companion's state files, and that the rest stays as it was."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from user_tree import snapshot

from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.hosts.registry import stand_ins
from hookproof.records.parts import StateRoot
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox import state_edits
from hookproof.sandbox.state_edits import NoSuchRowError, StateFiles

ROW = {"id": "task-1", "status": "running", "pid": 42, "pidStart": "7", "updatedAt": "2026-01-02T03:04:05.678Z"}
REQUEST = {"request": {"prompt": "job=review look at it"}}


class Bench:
    """A world in which a plugin has left one job."""

    def __init__(self) -> None:
        plugin = resolve_plugin("reference")
        assert isinstance(plugin.descriptor, Companion)
        self.sandbox = sandboxes.build(plugin, Resolved(name="x", host="claude", rows={}), programs=stand_ins())
        self.files = StateFiles(self.sandbox, plugin.descriptor.state)
        self.root = self.sandbox.home / ".codex-companion" / "state" / "project-1"
        (self.root / "jobs").mkdir(parents=True)
        self.list = self.root / "state.json"
        self.list.write_text(json.dumps({"version": 1, "jobs": [ROW]}))
        (self.root / "jobs" / "task-1.json").write_text(json.dumps({**ROW, **REQUEST}))

    def rows(self) -> list[dict[str, Any]]:
        table: dict[str, Any] = json.loads(self.list.read_text())
        assert table["version"] == 1
        return list(table["jobs"])

    def record(self, job: str) -> dict[str, Any]:
        return dict(json.loads((self.root / "jobs" / f"{job}.json").read_text()))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.sandbox.remove()


def test_a_row_changes_in_the_list_and_in_its_own_file(bench: Bench) -> None:
    bench.files.change_row("task-1", lambda row: row | {"pid": 99})
    assert bench.rows() == [ROW | {"pid": 99}]
    assert bench.record("task-1") == {**ROW, **REQUEST, "pid": 99}


def test_a_job_that_is_like_another_has_its_own_names(bench: Bench) -> None:
    def renamed(text: str) -> str:
        return text.replace("job=review ", "job=later ").replace("task-1", "task-1-later")

    bench.files.add_row("task-1", "task-1-later", renamed, lambda row: row | {"status": "queued"})
    later, first = bench.rows()
    assert (later["id"], later["status"], first) == ("task-1-later", "queued", ROW)
    assert bench.record("task-1-later")["request"] == {"prompt": "job=later look at it"}
    assert bench.record("task-1") == {**ROW, **REQUEST}


def test_a_full_list_holds_younger_jobs_that_are_over(bench: Bench) -> None:
    bench.files.fill("task-1", 55, dict)
    *others, first = bench.rows()
    assert first == ROW
    assert len({row["id"] for row in others} - {"task-1"}) == 55
    assert {(row["status"], row["pid"]) for row in others} == {("completed", None)}
    assert all(row["updatedAt"] > ROW["updatedAt"] and row["updatedAt"].endswith("Z") for row in others)


def test_a_torn_list_is_half_of_what_it_was(bench: Bench) -> None:
    before = bench.list.read_bytes()
    (torn,) = bench.files.tear()
    assert bench.list.read_bytes() == before[: len(before) // 2]
    assert (torn.bytes, torn.left) == (len(before), len(before) // 2)
    assert torn.file.endswith("project-1/state.json")


def test_where_there_is_no_server_none_is_changed(bench: Bench) -> None:
    assert bench.files.server() is None
    assert bench.files.change_server(pid=99) is False
    (bench.root / "server.json").write_text(json.dumps({"pid": 42, "port": 1}))
    assert bench.files.change_server(pid=99) is True
    assert json.loads((bench.root / "server.json").read_text()) == {"pid": 99, "port": 1}


def test_a_job_that_no_list_has_is_an_error_that_says_where_was_looked(bench: Bench) -> None:
    with pytest.raises(NoSuchRowError, match=r"codex-companion/state.*has the job 'task-2'"):
        bench.files.change_row("task-2", dict)


def test_nothing_of_ours_is_left_beside_the_files(bench: Bench) -> None:
    bench.files.change_row("task-1", lambda row: row | {"pid": 99})
    assert sorted(path.name for path in bench.root.rglob("*")) == ["jobs", "state.json", "task-1.json"]


# -- what a plugin's hooks may have put in the place of its files

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
Change = Callable[[StateFiles], object]
CHANGES: dict[str, Change] = {
    "tear": lambda files: files.tear(),
    "change a row": lambda files: files.change_row("task-1", lambda row: row | {"pid": 99}),
    "fill": lambda files: files.fill("task-1", 55, dict),
    "add a row": lambda files: files.add_row("task-1", "task-2", lambda text: text.replace("task-1", "task-2"), dict),
    "change the server": lambda files: files.change_server(pid=99),
}


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """The user's own state of the same plugin."""
    users = tmp_path / "users"
    (users / "jobs").mkdir(parents=True)
    (users / "state.json").write_text(json.dumps({"version": 1, "jobs": [ROW]}))
    (users / "jobs" / "task-1.json").write_text(json.dumps({**ROW, **REQUEST}))
    (users / "server.json").write_text(json.dumps({"pid": 42}))
    return users


def replace(place: Path, by: Path, how: str) -> None:
    """Put the user's file or folder into the place of the plugin's."""
    if place.is_dir():
        place.rename(place.with_name("away"))
    else:
        place.unlink(missing_ok=True)
    if how == "second name":
        os.link(by, place)
    else:
        place.symlink_to(by if how == "absolute" else os.path.relpath(by, place.parent))


@LINKS
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("place", "how"),
    [
        *(
            (place, how)
            for place in ("state.json", "jobs", "jobs/task-1.json", ".")
            for how in ("absolute", "relative")
        ),
        *((place, "second name") for place in ("state.json", "jobs/task-1.json", "server.json")),
    ],
)
def test_nothing_of_the_users_is_changed(bench: Bench, users: Path, place: str, how: str, change: str) -> None:
    if how == "second name" and (users / place).is_dir():
        pytest.skip("a folder has no second name")
    replace(bench.root / place, users / place, how)
    before = snapshot(users)
    with contextlib.suppress(NoSuchRowError):
        CHANGES[change](bench.files)
    assert snapshot(users) == before


@LINKS
@pytest.mark.parametrize("change", ["tear", "change a row", "fill", "add a row"])
def test_what_is_not_changed_is_told_in_a_sentence(bench: Bench, users: Path, change: str) -> None:
    replace(bench.list, users / "state.json", "absolute")
    with pytest.raises(NoSuchRowError, match=r"^[^\n]+$"):
        CHANGES[change](bench.files)


@LINKS
def test_a_list_that_is_a_link_out_of_the_run_is_told_and_not_torn(bench: Bench, users: Path) -> None:
    replace(bench.list, users / "state.json", "absolute")
    with pytest.raises(NoSuchRowError, match=r"state\.json: leads out of .*, to .*users/state\.json"):
        bench.files.tear()


@LINKS
def test_a_list_that_has_become_no_file_is_told_and_not_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bench.root.relative_to(bench.sandbox.root).as_posix()
    monkeypatch.setattr(
        state_edits, "read_state", lambda *_: [StateRoot(root=root, rows=[ROW], job_files=[], server=None, error=None)]
    )
    bench.list.unlink()
    os.mkfifo(bench.list)
    with pytest.raises(NoSuchRowError, match=r"state\.json: is a FIFO; expected a regular file"):
        bench.files.change_row("task-1", dict)
    with pytest.raises(NoSuchRowError, match=r"state\.json: is a FIFO; expected a regular file"):
        bench.files.tear()


@LINKS
def test_a_list_that_has_two_names_in_the_run_is_torn_once(bench: Bench) -> None:
    (bench.root.parent / "latest").symlink_to("project-1")
    before = bench.list.read_bytes()
    (torn,) = bench.files.tear()
    assert bench.list.read_bytes() == before[: len(before) // 2]
    assert torn.left == len(before) // 2


@LINKS
def test_these_tests_would_notice_a_list_that_is_cut_in_place(bench: Bench, users: Path) -> None:
    for how in ("absolute", "second name"):
        replace(bench.list, users / "state.json", how)
        before = snapshot(users)
        os.truncate(bench.list, bench.list.stat().st_size // 2)
        assert snapshot(users) != before, how
