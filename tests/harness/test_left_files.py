"""The files that a sentence is about, as the harness reads them: below their folder alone, and only so much of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hookproof.hosts.claude.print_mode import tells_of_itself
from hookproof.play import left_files
from hookproof.play.left_files import left_file
from hookproof.play.run import Run
from hookproof.records import Record
from hookproof.records.parts import FoundFile
from hookproof.records.sent import HookStarted


def run(root: Path, *records: Record) -> Run:
    """As much of a run as the reader of files asks for."""
    for name in ("home", "project"):
        (root / name).mkdir(exist_ok=True)
    journal = SimpleNamespace(of=lambda kind: [each for each in records if isinstance(each, kind)])
    sandbox = SimpleNamespace(root=root, home=root / "home", project=root / "project")
    return cast("Run", SimpleNamespace(sandbox=sandbox, journal=journal))


def hook(**env: str) -> Record:
    nobody: dict[str, Any] = dict.fromkeys(("agent_id", "agent_type", "plugin", "pid", "pgid"))
    return HookStarted(run="r", event="Stop", session_id="s", command="c", cwd="/", payload={}, env=env, **nobody)


def test_a_star_is_any_name_and_nothing_else_is_special(tmp_path: Path) -> None:
    at = run(tmp_path)
    for name in (".a.txt", "b[1].txt", "c.md"):
        (tmp_path / "home" / name).write_text(name)
    assert [each.path for each in left_file(at, "{home}/*.txt").found] == ["{home}/.a.txt", "{home}/b[1].txt"]
    assert [each.text for each in left_file(at, "{home}/b[1].txt").found] == ["b[1].txt"]
    assert left_file(at, "{home}/?.md").found == []
    assert left_file(at, "{project}/c.md").found == []


def test_a_link_that_leads_out_is_there_and_not_read(tmp_path: Path) -> None:
    at = run(tmp_path)
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "home" / "x").symlink_to(tmp_path / "outside")
    (found,) = left_file(at, "{home}/x").found
    assert found.text == ""
    assert found.unread is not None
    assert "leads out of" in found.unread
    assert found.cut


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFOs in folders")
def test_a_fifo_and_a_folder_hold_nobody_up(tmp_path: Path) -> None:
    at = run(tmp_path)
    os.mkfifo(tmp_path / "home" / "fifo")
    (tmp_path / "home" / "folder").mkdir()
    told = {each.path: each.unread for each in left_file(at, "{home}/*").found}
    assert told == {
        "{home}/fifo": "is a FIFO; expected a regular file",
        "{home}/folder": "is a directory; expected a regular file",
    }


def test_of_long_texts_and_of_many_files_the_beginning_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = run(tmp_path)
    monkeypatch.setattr(left_files, "MOST_KEPT", 10)
    monkeypatch.setattr(left_files, "MOST_FOUND", 2)
    for name in "abc":
        (tmp_path / "home" / name).write_bytes(b"\xff" + b"x" * 20)
    left = left_file(at, "{home}/*")
    assert (len(left.found), left.more) == (2, 1)
    assert left.found[0] == FoundFile(path="{home}/a", text="\ufffd" + "x" * 9, bytes=21, shortened=True)
    assert left.found[0].cut


def test_the_plugins_data_are_where_its_hooks_are_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log").write_text("x")
    told = hook(CLAUDE_PLUGIN_DATA=str(tmp_path / "data"))
    assert [each.path for each in left_file(run(tmp_path, told), "{data}/log").found] == ["{data}/log"]
    for records in ((), (hook(),), (hook(CLAUDE_PLUGIN_DATA=str(tmp_path.parent)),)):
        assert left_file(run(tmp_path, *records), "{data}/log").nowhere is not None


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ({"type": "system", "subtype": "some_warning"}, True),
        ({"type": "system", "subtype": "init"}, False),
        ({"type": "system", "subtype": "hook_started"}, False),
        ({"type": "system", "subtype": "task_started"}, False),
        ({"type": "assistant"}, False),
        ({"type": "system", "subtype": 3}, False),
    ],
)
def test_of_its_stream_what_a_host_tells_of_itself_is_kept(line: dict[str, Any], own: bool) -> None:
    assert tells_of_itself(line) is own
