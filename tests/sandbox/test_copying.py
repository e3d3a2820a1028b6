"""A copy of what is the user's: the same content, modes and times, and no link that leads out of it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from user_tree import State, snapshot

from hookproof.catalogue.tree import Tree, survey
from hookproof.sandbox import copying

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "users"
    (root / "scripts" / "lib").mkdir(parents=True)
    (root / "scripts" / "run.sh").write_bytes(b"\x00\xff" * 700_000)
    (root / "scripts" / "run.sh").chmod(0o751)
    (root / "scripts" / "lib" / "module.py").write_text("x = 1\n")
    (root / "empty").touch(0o600)
    (root / "scripts" / "lib").chmod(0o700)
    for number, path in enumerate(sorted(root.rglob("*"), reverse=True)):
        os.utime(path, ns=(10**18, 10**18 + number))
    return root


def relative(state: State, root: Path) -> State:
    return {os.path.relpath(path, root): each for path, each in state.items()}


def copied(root: Path, target: Path) -> list[str]:
    return [str(each) for each in copying.copy(survey(root), target)]


def test_content_modes_and_times_are_those_of_the_original(root: Path, tmp_path: Path) -> None:
    before = snapshot(root)
    assert copied(root, tmp_path / "copy") == []
    assert relative(snapshot(tmp_path / "copy"), tmp_path / "copy") == relative(before, root)
    assert snapshot(root) == before


def test_links_lead_to_the_copy(root: Path, tmp_path: Path) -> None:
    for name, to in (("a", "scripts/run.sh"), ("b", str(root / "scripts")), ("scripts/c", ".."), ("d", "nothing")):
        (root / name).symlink_to(to)
    before = snapshot(root)
    copy = tmp_path / "copy"
    assert copied(root, copy) == []
    assert snapshot(root) == before
    root.rename(tmp_path / "away")
    assert (copy / "a").resolve() == copy / "scripts" / "run.sh"
    assert (copy / "b" / "lib" / "module.py").read_text() == "x = 1\n"
    assert (copy / "scripts" / "c").resolve() == copy
    assert (copy / "d").is_symlink()
    assert all(path.resolve().is_relative_to(copy) for path in copy.rglob("*"))


def test_where_no_links_can_be_made_their_content_is_there(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "scripts" / "lib" / "again.py").symlink_to("module.py")
    for name, to in (("a", "scripts/run.sh"), ("b", "scripts"), ("d", "nothing"), ("e", "b/lib")):
        (root / name).symlink_to(to)
    tree = survey(root)
    _refuse_links(monkeypatch)
    copy = tmp_path / "copy"
    assert copying.copy(tree, copy) == []
    assert not [path for path in copy.rglob("*") if path.is_symlink()]
    assert (copy / "a").read_bytes() == (root / "scripts" / "run.sh").read_bytes()
    for place in ("scripts/lib", "b/lib", "e"):
        assert {path.name: path.read_text() for path in (copy / place).iterdir()} == {
            "module.py": "x = 1\n",
            "again.py": "x = 1\n",
        }
    assert not (copy / "d").exists()


def test_a_link_to_a_folder_that_holds_it_cannot_become_content(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "scripts" / "up").symlink_to("..")
    (root / "x").mkdir()
    (root / "y").mkdir()
    (root / "x" / "y").symlink_to("../y")
    (root / "y" / "x").symlink_to("../x")
    tree = survey(root)
    _refuse_links(monkeypatch)
    wrong = [str(each) for each in copying.copy(tree, tmp_path / "copy")]
    assert "scripts/up is a link to a folder that holds it, and no links can be made here" in wrong
    assert all("is a link to a folder that holds it" in each for each in wrong)


def _refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", refuse)


def test_what_has_become_something_else_meanwhile_is_told(root: Path, tmp_path: Path) -> None:
    """Between the look at the folder and the copying: nothing is followed, nothing is waited for."""
    tree = survey(root)
    secret = tmp_path / "secret"
    secret.write_text("not for a run")
    for name, instead in (("empty", "fifo"), ("scripts/run.sh", "link"), ("scripts/lib/module.py", "nothing")):
        (root / name).unlink()
        if instead == "fifo":
            os.mkfifo(root / name)
        elif instead == "link":
            (root / name).symlink_to(secret)
    wrong = [str(each) for each in copying.copy(tree, tmp_path / "copy")]
    assert sorted(wrong) == [
        "empty is a FIFO, which cannot be copied",
        "scripts/lib/module.py cannot be read: No such file or directory",
        "scripts/run.sh cannot be read: Too many levels of symbolic links",
    ]
    assert not [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]


def test_a_copy_of_what_may_only_be_read_can_be_written_to_and_removed(root: Path, tmp_path: Path) -> None:
    (root / "scripts" / "lib" / "module.py").chmod(0o444)
    (root / "scripts" / "lib").chmod(0o555)
    assert copied(root, tmp_path / "copy") == []
    folder = tmp_path / "copy" / "scripts" / "lib"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "module.py").stat().st_mode) == 0o444
    (root / "scripts" / "lib").chmod(0o755)


def test_a_file_to_which_somebody_adds_is_copied_as_long_as_it_was(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, log = os.read, root / "scripts" / "run.sh"
    size = log.stat().st_size

    def and_add(handle: int, most: int) -> bytes:
        chunk = read(handle, most)
        if len(chunk) > 100:  # the log itself
            with log.open("ab") as file:
                file.write(b"more" * 100_000)
        return chunk

    tree = survey(root)
    monkeypatch.setattr(os, "read", and_add)
    assert copying.copy(tree, tmp_path / "copy") == []
    assert (tmp_path / "copy" / "scripts" / "run.sh").stat().st_size == size


def test_an_empty_folder_is_copied(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert copying.copy(Tree(tmp_path / "empty"), tmp_path / "copy") == []
    assert list((tmp_path / "copy").iterdir()) == []
