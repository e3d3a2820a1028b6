"""Ending a tree with taskkill: the words that must reach it, and that its words are not what is believed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import types
from collections.abc import Callable

import pytest
from windows_shims import DENIED, ENDED, GONE, Shims

from hookproof import places

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shims are programs of POSIX")

PROCESSES = places.REFERENCE / "companion" / "scripts" / "companion_lib" / "processes_windows.py"
WHOLE_TREE = [["/PID", "123", "/T", "/F"]]
ANSWERS = [(0, ENDED), (1, DENIED), *((128, text) for text in GONE.values())]
NAMES = ["ended", "denied", *(f"gone, in {language}" for language in GONE)]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The reference's Windows module, loaded where it was not meant to be: only what calls the system is left out."""
    monkeypatch.setattr(subprocess, "DETACHED_PROCESS", 0x8, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    spec = importlib.util.spec_from_file_location("processes_windows_elsewhere", PROCESSES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as pretended:
        pretended.setattr(sys, "platform", "win32")
        spec.loader.exec_module(module)
    monkeypatch.setattr(module, "start_time", lambda pid: "100" if pid == 123 else None)
    return module


def end_tree(windows: types.ModuleType) -> None:
    windows.end_tree("mark", 123, "100")


def end_group(windows: types.ModuleType) -> None:
    windows.end_group(123)


@pytest.mark.parametrize("end", [end_tree, end_group])
@pytest.mark.parametrize("shell", [None, "Git's bash"])
def test_the_words_arrive_whatever_shell_is_named(
    end: Callable[[types.ModuleType], None],
    shell: str | None,
    windows: types.ModuleType,
    shims: Shims,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SHELL", raising=False)
    if shell is not None:
        monkeypatch.setenv("SHELL", str(shims.bash))
    end(windows)
    assert shims.calls() == WHOLE_TREE


@pytest.mark.parametrize("answer", ANSWERS, ids=NAMES)
def test_what_taskkill_answers_breaks_nothing(
    answer: tuple[int, bytes], windows: types.ModuleType, shims: Shims
) -> None:
    shims.answer(*answer)
    end_tree(windows)
    end_group(windows)
    assert shims.calls() == WHOLE_TREE * 2


@pytest.mark.parametrize(("pid", "began"), [(123, "99"), (123, None), (124, "100"), (None, "100"), ("123", "100")])
def test_nobody_else_is_ended(pid: object, began: object, windows: types.ModuleType, shims: Shims) -> None:
    windows.end_tree("mark", pid, began)
    assert shims.calls() == []


@pytest.mark.parametrize("answer", ANSWERS, ids=NAMES)
def test_the_stand_in_ends_a_shell_with_the_same_words(
    answer: tuple[int, bytes], shims: Shims, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claude_fake import windows as host

    monkeypatch.setenv("SHELL", str(shims.bash))
    shims.answer(*answer)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        host.Victims(process).send("SIGKILL")
        assert shims.calls() == [["/PID", str(process.pid), "/T", "/F"]]
        process.kill()


@pytest.mark.parametrize(
    ("command", "more", "arrived", "status"),
    [
        ("taskkill /PID 123 /T /F", {}, ["C:/Program Files/Git/PID", "123", "T:/", "F:/"], 1),
        ("taskkill //PID 123 //T //F", {}, *WHOLE_TREE, 0),
        ("taskkill /PID 123 /T /F", {"MSYS_NO_PATHCONV": "1"}, *WHOLE_TREE, 0),
    ],
)
def test_what_gits_bash_makes_of_the_words(
    command: str, more: dict[str, str], arrived: list[str], status: int, shims: Shims
) -> None:
    done = subprocess.run(
        [shims.bash, "-c", command], env={**os.environ, **more}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, shims.calls()) == (status, [arrived])
    assert ("Invalid argument/option - 'C:/Program Files/Git/PID'" in done.stderr) == bool(status)
