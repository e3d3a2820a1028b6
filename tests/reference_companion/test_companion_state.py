"""The files of a workspace: what is written when, what a damaged list comes back from, what the cap forgets."""

from __future__ import annotations

import json
import multiprocessing
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from companion_world import policy, posix, processes, state

Row = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("CLAUDE_PLUGIN_DATA", str(tmp_path / "data"))
    project = tmp_path / "my project!"
    (project / ".git").mkdir(parents=True)
    return project


def open_workspace(project: Path, line: str = "correct") -> state.Workspace:
    return state.Workspace(str(project), policy.parse(line))


def a_row(job_id: str, status: str = "completed", created_at: str = "2026-05-22T10:00:00.000Z", **more: object) -> Row:
    return {"id": job_id, "status": status, "createdAt": created_at, **more}


def enter(workspace: state.Workspace, *rows: Row) -> None:
    workspace.change(lambda known: known.extend(rows))


def ids(workspace: state.Workspace) -> list[str]:
    return [row["id"] for row in workspace.rows()]


def test_hook_and_shell_find_the_same_place_without_any_variable(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen_by_hook = open_workspace(project).home
    monkeypatch.delenv("CLAUDE_PLUGIN_DATA")
    assert open_workspace(project).home == seen_by_hook
    assert Path(seen_by_hook).parent == tmp_path / "home" / ".codex-companion" / "state"


def test_1_0_4_does_not(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen_by_hook = open_workspace(project, "as-reported").home
    monkeypatch.delenv("CLAUDE_PLUGIN_DATA")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    seen_by_shell = open_workspace(project, "as-reported").home
    assert Path(seen_by_hook).parent == tmp_path / "data" / "state"
    assert Path(seen_by_shell).parent == tmp_path / "tmp" / "codex-companion" / "state"


def test_the_workspace_is_the_git_work_tree(project: Path, tmp_path: Path) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)
    link = tmp_path / "link"
    try:
        link.symlink_to(below, target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links here: {error}")
    if link.resolve() == link:
        pytest.skip("links are not followed here: Wine")
    assert open_workspace(link).home == open_workspace(project).home
    assert open_workspace(tmp_path).home != open_workspace(project).home
    assert Path(open_workspace(project).home).name.startswith("my-project-")


def test_a_deleted_workspace_is_still_the_same(project: Path) -> None:
    home = open_workspace(project).home
    (project / ".git").rmdir()
    project.rmdir()
    (project.parent / ".git").mkdir()
    assert open_workspace(project).home == home


def test_the_list_is_thin_and_the_job_file_whole(project: Path) -> None:
    workspace = open_workspace(project)
    enter(workspace, a_row("task-1", request={"prompt": "p"}, result="r"))
    listed = json.loads(Path(workspace.list_file).read_text())
    assert listed == {"version": 1, "jobs": [a_row("task-1")]}
    assert workspace.record("task-1") == a_row("task-1", request={"prompt": "p"}, result="r")
    workspace.change(lambda rows: rows[0].update(status="failed"))
    assert workspace.record("task-1") == a_row("task-1", "failed", request={"prompt": "p"}, result="r")


def test_reading_writes_nothing(project: Path) -> None:
    workspace = open_workspace(project)
    enter(workspace, a_row("task-1"))
    written = Path(workspace.list_file).stat().st_mtime_ns
    workspace.rows()
    assert Path(workspace.list_file).stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"version": 1, "jobs": [{"id": "task-', b"\xff\x00", b"[]", b'{"jobs": {}}', b"null", b"[" * 100_000, None],
    ids=["empty", "torn", "binary", "other", "no list", "null", "deep", "missing"],
)
def test_a_damaged_list_is_set_aside_and_made_again(project: Path, damage: bytes | None) -> None:
    workspace = open_workspace(project)
    enter(
        workspace, a_row("task-1", created_at="2026-05-22T10:00:00.000Z"), a_row("task-2", "running", "2026-05-22T11")
    )
    Path(workspace.home, "jobs", "task-3.json").write_text("torn")
    if damage is None:
        Path(workspace.list_file).unlink()
    else:
        Path(workspace.list_file).write_bytes(damage)
    assert ids(workspace) == ["task-2", "task-1"]
    assert len(json.loads(Path(workspace.list_file).read_text())["jobs"]) == 2
    assert [path.read_bytes() for path in Path(workspace.home).glob("state.json.damaged-*")] == [damage] * bool(
        damage is not None
    )


def test_1_0_4_takes_a_damaged_list_for_an_empty_one(project: Path) -> None:
    workspace = open_workspace(project, "as-reported")
    enter(workspace, a_row("task-1"))
    Path(workspace.list_file).write_text("{")
    enter(workspace, a_row("task-2"))
    assert ids(workspace) == ["task-2"]


def test_a_row_cannot_name_a_file_elsewhere(project: Path) -> None:
    workspace = open_workspace(project)
    enter(workspace, a_row("task-1"))
    planted: list[object] = [a_row("../../x"), a_row(""), {"id": 5}, "task-9", None, {}]
    Path(workspace.list_file).write_text(json.dumps({"jobs": [*planted, a_row("task-2")]}))
    assert ids(workspace) == ["task-2"]


@pytest.mark.parametrize(("line", "active_survives"), [("correct", True), ("as-reported", False)])
def test_the_cap_and_an_active_job(project: Path, line: str, active_survives: bool) -> None:
    workspace = open_workspace(project, line)
    enter(workspace, a_row("task-old", "running", "2026-05-22T09"))
    enter(workspace, *[a_row(f"task-{n}", created_at=f"2026-05-22T10:{n:02}") for n in range(60)])
    remembered = ids(workspace)
    assert len(remembered) == 50
    assert ("task-old" in remembered) is active_survives
    assert {"task-0", "task-59"} & set(remembered) == {"task-59"}
    assert {path.stem for path in Path(workspace.home, "jobs").iterdir()} == set(remembered)


def test_more_active_jobs_than_the_cap_are_all_remembered(project: Path) -> None:
    workspace = open_workspace(project)
    enter(workspace, *[a_row(f"task-{n}", "running") for n in range(55)], a_row("task-done"))
    assert len(ids(workspace)) == 55


CONTEXT = multiprocessing.get_context("spawn" if sys.platform == "win32" else "fork")


def enter_many(project: Path, line: str, name: str, start: Any) -> None:
    workspace = open_workspace(project, line)
    start.wait(20)
    for n in range(10):
        enter(workspace, a_row(f"task-{name}-{n}"))


def entered_at_once(project: Path, line: str) -> set[str]:
    context = CONTEXT
    start = context.Barrier(4)
    writers = [context.Process(target=enter_many, args=(project, line, str(n), start)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    return set(ids(open_workspace(project, line)))


def test_nobody_loses_what_another_writes_at_the_same_time(project: Path) -> None:
    assert entered_at_once(project, "correct") == {f"task-{w}-{n}" for w in range(4) for n in range(10)}


def hold(project: Path, held: Any) -> None:
    workspace = open_workspace(project)

    def die_in_the_middle(_rows: list[Row]) -> None:
        Path(f"{workspace.list_file}.new").write_text("half a li")
        held.set()
        threading.Event().wait()

    workspace.change(die_in_the_middle)


def test_who_is_killed_in_the_middle_leaves_the_list_whole_and_unlocked(project: Path) -> None:
    workspace = open_workspace(project)
    enter(workspace, a_row("task-1"))
    context = CONTEXT
    held = context.Event()
    writer = context.Process(target=hold, args=(project, held))
    writer.start()
    assert held.wait(20)
    writer.kill()
    enter(workspace, a_row("task-2"))
    writer.join(20)
    assert ids(workspace) == ["task-1", "task-2"]


@posix("a lock that a thread does not have already if it has it")
def test_a_lock_that_is_not_let_go_is_waited_for_in_vain(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = open_workspace(project)
    enter(workspace, a_row("task-1"))
    monkeypatch.setattr(processes.Lock._wait, "__defaults__", (0.05,))
    lock = processes.Lock(workspace.path("state.lock"))
    with lock, pytest.raises(TimeoutError, match=r"waited 0\.05 s for .*state\.lock"):
        workspace.rows()
    assert ids(workspace) == ["task-1"]
