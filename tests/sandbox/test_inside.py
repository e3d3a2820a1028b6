"""Writing below a folder where a plugin may put links at any moment: never through one, never into a file in place."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from user_tree import snapshot

from hookproof.sandbox import inside
from hookproof.sandbox.inside import OutsideError, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run, beside a folder of the user's."""
    run = tmp_path / "run"
    (run / "folder").mkdir(parents=True)
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / "file").write_text("the user's")
    return run


def test_a_file_is_written_with_the_folders_on_the_way(run: Path) -> None:
    write(run, run / "a" / "b" / "file", "tëxt")
    assert (run / "a" / "b" / "file").read_text(encoding="utf-8") == "tëxt"
    assert sorted(path.name for path in run.rglob("*")) == ["a", "b", "file", "folder"]


def test_a_file_that_is_there_is_replaced_and_keeps_its_mode(run: Path) -> None:
    file = run / "folder" / "file"
    file.write_text("old")
    file.chmod(0o640)
    with file.open() as reader:
        write(run, file, b"new")
        assert reader.read() == "old"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)


def test_a_file_can_be_like_another(run: Path) -> None:
    model = run / "model"
    model.write_text("x")
    model.chmod(0o751)
    os.utime(model, ns=(1, 10**18))
    write(run, run / "file", "y", template=model.stat())
    assert stat.S_IMODE((run / "file").stat().st_mode) == 0o751
    assert (run / "file").stat().st_mtime_ns == 10**18


@pytest.mark.parametrize("to", ["../../users/file", "{users}/file", "../../users/new", "{users}/new", "file"])
def test_a_link_of_that_name_is_replaced_and_what_it_names_is_not_touched(run: Path, to: str) -> None:
    users = run.parent / "users"
    before = snapshot(users)
    (run / "folder" / "file").symlink_to(to.format(users=users))
    write(run, run / "folder" / "file", "ours")
    assert not (run / "folder" / "file").is_symlink()
    assert (run / "folder" / "file").read_text() == "ours"
    assert snapshot(users) == before


def test_a_second_name_of_the_file_keeps_its_content(run: Path) -> None:
    users = run.parent / "users"
    before = snapshot(users)
    os.link(users / "file", run / "folder" / "file")
    write(run, run / "folder" / "file", "ours")
    assert snapshot(users) == before


@pytest.mark.parametrize("to", ["../users", "{users}", "{users}/new/folder", ".."])
@pytest.mark.parametrize("name", ["link/file", "link/new/file"])
def test_a_folder_that_leads_out_is_refused(run: Path, to: str, name: str) -> None:
    users = run.parent / "users"
    (run / "link").symlink_to(to.format(users=users))
    before = snapshot(run.parent)
    with pytest.raises(OutsideError, match=r"link.*: leads out of .*, to .*hookproof writes nothing there"):
        write(run, run / name, "ours")
    assert snapshot(run.parent) == before


def test_a_folder_that_leads_to_another_of_the_run_is_followed(run: Path) -> None:
    (run / "link").symlink_to(run / "folder")
    write(run, run / "link" / "file", "ours")
    assert (run / "folder" / "file").read_text() == "ours"


@pytest.mark.parametrize("where", ["folder", "folder/inner"])
def test_a_link_that_is_put_there_in_the_last_moment_is_not_followed(
    run: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a hook could that runs meanwhile: after the place was looked at, before it is opened."""
    users = run.parent / "users"
    (users / "inner").mkdir()
    (run / "folder" / "inner").mkdir()
    before, looked = snapshot(users), inside.place

    def and_then(folder: Path, path: Path) -> Path:
        found = looked(folder, path)
        (run / where).rename(run / "away")
        (run / where).symlink_to(users / "inner", target_is_directory=True)
        return found

    monkeypatch.setattr(inside, "place", and_then)
    with pytest.raises(OutsideError, match=f"'{Path(where).name}' in it is no folder, or has become a link"):
        write(run, run / "folder" / "inner" / "file", "ours")
    assert snapshot(users) == before


def test_a_run_whose_folder_was_replaced_by_a_link_is_refused(run: Path) -> None:
    users = run.parent / "users"
    before = snapshot(users)
    run.rename(run.parent / "away")
    run.symlink_to(users)
    with pytest.raises(OutsideError, match="has a link in its path"):
        write(run, run / "file", "ours")
    assert snapshot(users) == before


@pytest.mark.parametrize("name", ["../users/file", "..", "folder/../../users/file"])
def test_a_path_that_is_spelled_out_of_the_folder_is_refused(run: Path, name: str) -> None:
    before = snapshot(run.parent)
    with pytest.raises(OutsideError):
        write(run, run / name, "ours")
    assert snapshot(run.parent) == before


def test_what_cannot_be_replaced_is_told_and_leaves_nothing(run: Path) -> None:
    (run / "file").write_text("a file")
    before = snapshot(run)
    for name, says in (("folder", "cannot be written: Is a directory"), ("file/new", "is no folder")):
        with pytest.raises(OutsideError, match=says):
            write(run, run / name, "ours")
    assert sorted(snapshot(run)) == sorted(before)


def test_a_fifo_of_that_name_is_replaced_and_not_waited_for(run: Path) -> None:
    os.mkfifo(run / "file")
    write(run, run / "file", "ours")
    assert (run / "file").read_text() == "ours"


def test_the_snapshot_would_tell(run: Path) -> None:
    """What these tests compare changes when somebody does write through a link, or touches what it names."""
    users = run.parent / "users"
    (run / "link").symlink_to(users / "file")
    before = snapshot(users)
    (run / "link").write_text("ours")
    assert snapshot(users) != before
    (run / "link").write_text("the user's")
    assert snapshot(users) != before, "the time has changed"
