"""What is played is compiled once, where its starts cannot keep what they compile."""

from __future__ import annotations

import os
import py_compile
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from hookproof import places
from hookproof.compiled import compile_programs


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "FAKES", tmp_path / "fakes")
    monkeypatch.setattr(places, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for path in ("fakes/claude/one.py", "reference/companion/two.py", "fakes/claude/notes.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")
    return tmp_path


def compiled(path: Path) -> Path:
    return Path(cache_from_source(str(path)))


def test_what_was_never_compiled_is_compiled(programs: Path) -> None:
    compile_programs()
    assert compiled(programs / "fakes/claude/one.py").exists()
    assert compiled(programs / "reference/companion/two.py").exists()
    assert not compiled(programs / "fakes/claude/notes.txt").exists()


def test_only_what_has_changed_is_compiled_again(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_programs()
    again: list[str] = []
    monkeypatch.setattr(py_compile, "compile", lambda source, **_: again.append(source))
    compile_programs()
    assert again == []
    changed = programs / "fakes/claude/one.py"
    later = compiled(changed).stat().st_mtime + 10
    os.utime(changed, (later, later))
    compile_programs()
    assert again == [str(changed)]


def test_what_cannot_be_compiled_stops_nobody(programs: Path) -> None:
    (programs / "fakes/claude/one.py").write_text("this is no program")
    (programs / "reference/companion/__pycache__").write_text("a file in the way")
    compile_programs()


def test_who_wants_nothing_kept_gets_nothing_kept(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compile_programs()
    assert not list(programs.rglob("__pycache__"))
