"""The one reader: whatever a file is, it is read whole or refused in a sentence, and nobody waits for it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookproof import files
from hookproof.files import DEEPEST, FileError

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": [1, "\xc3\xa9"]}')
    (tmp_path / "a.toml").write_text("[a]\nb = 1\n", encoding="utf-8")
    assert files.read_json(tmp_path / "a.json") == {"a": [1, "é"]}
    assert files.read_toml(tmp_path / "a.toml") == {"a": {"b": 1}}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path / "none" / "below", Path(__file__) / "below"):
        with pytest.raises(FileError) as refused:
            files.read_bytes(path)
        assert refused.value.missing
        assert str(path) in str(refused.value)


@posix
@pytest.mark.parametrize("kind", ["a directory", "a FIFO", "a socket", "a device"])
def test_only_regular_files_are_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    keep = socket.socket(socket.AF_UNIX)
    if kind == "a directory":
        path.mkdir()
    elif kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a socket":
        here = Path.cwd()
        os.chdir(tmp_path)
        try:
            keep.bind("x")
        finally:
            os.chdir(here)
    else:
        path.symlink_to("/dev/zero")
    with keep, pytest.raises(FileError, match=kind) as refused:
        files.read_bytes(path)
    assert not refused.value.missing


def test_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 100)
    assert files.read_bytes(path, limit=100) == b"x" * 100
    with pytest.raises(FileError, match="too large: 100 bytes; at most 99"):
        files.read_bytes(path, limit=99)


@posix
@pytest.mark.parametrize("relative", [True, False])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, *, relative: bool) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (folder / "own").write_text("own", encoding="utf-8")
    out, own = tmp_path / "secret", folder / "own"
    (folder / "deep" / "out").symlink_to(os.path.relpath(out, folder / "deep") if relative else out)
    (folder / "deep" / "own").symlink_to(os.path.relpath(own, folder / "deep") if relative else own)
    (folder / "up").symlink_to(".." if relative else tmp_path, target_is_directory=True)
    assert files.read_text(folder / "deep" / "own", inside=folder) == "own"
    for path in (folder / "deep" / "out", folder / "up" / "secret", folder / ".." / "secret"):
        with pytest.raises(FileError, match="leads out of"):
            files.read_text(path, inside=folder)
        assert files.read_text(path) == "secret", "the test's own links work"


@posix
def test_a_folder_that_turns_into_a_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere = tmp_path / "in", tmp_path / "out"
    for each in (folder / "deep", elsewhere):
        each.mkdir(parents=True)
    (folder / "deep" / "x").write_text("own", encoding="utf-8")
    (elsewhere / "x").write_text("secret", encoding="utf-8")
    real = os.path.realpath

    def swapped(path: str | Path) -> str:
        answer = real(path)
        if answer.endswith("x"):
            (folder / "deep").rename(folder / "gone")
            (folder / "deep").symlink_to(elsewhere)
        return answer

    monkeypatch.setattr("hookproof.files.os.path.realpath", swapped)
    with pytest.raises(FileError):
        files.read_text(folder / "deep" / "x", inside=folder)


@posix
def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to("x")
    with pytest.raises(FileError, match="leads to itself"):
        files.read_text(tmp_path / "x")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000 + "]" * 200_000,
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        "[" * 200_000,
        '"unterminated ' + "[" * 200_000,
        "1" * 5_000,
        "{",
        "",
        "\ud800",
    ],
)
def test_json_that_no_parser_takes_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        files.parse_json(text)


def test_depth_counts_brackets_and_not_what_stands_in_strings() -> None:
    assert files.parse_json("[" * DEEPEST + "]" * DEEPEST) is not None
    with pytest.raises(ValueError, match="nested more than"):
        files.parse_json("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))
    said = {"text": '[{"' * 500, "flat": [[]] * 500}
    assert files.parse_json(json.dumps(said)) == said


@pytest.mark.parametrize("table", ["a = " + "[" * 3_000 + "]" * 3_000, ".".join(["a"] * 3_000) + " = 1", "a = {"])
def test_toml_that_cannot_be_taken_is_told(tmp_path: Path, table: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(FileError, match=r"x\.toml: is n"):
        files.read_toml(path)


def test_halves_of_letters_are_replaced() -> None:
    assert files.parse_json(r'{"\ud800": ["a\udfff", "\ud83d\ude00"]}') == {"\ufffd": ["a\ufffd", "😀"]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None, max_examples=200)
@given(VALUES, st.booleans())
def test_what_json_writes_is_read_back(value: object, ascii_only: bool) -> None:
    assert files.parse_json(json.dumps(value, ensure_ascii=ascii_only)) == value


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    try:
        value = files.parse_json(content)
    except ValueError:
        return
    json.dumps(value, ensure_ascii=False).encode("utf-8")


def test_reading_does_not_hold_up_the_loop() -> None:
    never = threading.Event()

    async def play() -> int:
        with pytest.raises(TimeoutError, match="the state files: could not be read within"):
            await files.off_loop(never.wait, waiting_for="the state files", seconds=0.05)
        with pytest.raises(ValueError, match="invalid"):
            await files.off_loop(lambda: int("x"), waiting_for="nothing", seconds=60)
        return await files.off_loop(lambda: 7, waiting_for="nothing", seconds=60)

    assert asyncio.run(play()) == 7
    never.set()


HEADS = {
    'title = "a"\n[jobs]\nx = 1\n': {"title": "a"},
    'title = """\n[not a table]\n"""\n[jobs]\n': {"title": "[not a table]\n", "jobs": {}},
    'rows = [\n[1],\n[2]]\ntitle = "a"\n': {"rows": [[1], [2]], "title": "a"},
    '[jobs]\ntitle = "a"\n': {"jobs": {"title": "a"}},
    "": {},
}


@pytest.mark.parametrize("text", HEADS, ids=["table", "text", "array", "at once", "empty"])
def test_the_head_of_a_toml_file_is_what_stands_before_its_first_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "it.toml"
    path.write_text(text, encoding="utf-8", newline="")
    assert files.read_toml_head(path) == HEADS[text]


def test_a_head_that_cannot_be_read_says_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text("title = \n[jobs]\n", encoding="utf-8")
    with pytest.raises(files.FileError, match=r"it\.toml.*is not TOML"):
        files.read_toml_head(path)
