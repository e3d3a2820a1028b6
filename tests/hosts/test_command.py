"""`hookproof hosts` as a user meets it."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from hookproof.commands import UsageError, hosts

from .conftest import Plan, javascript


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    hosts.arguments(parser)
    return hosts.execute(parser.parse_args(words))


def test_install_list_remove(npm: Plan, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("list") == 0
    assert capsys.readouterr().out.startswith("nothing is installed (")
    npm(javascript("2.1.91"))
    assert command("install", "claude@2.1.91") == 0
    said = capsys.readouterr()
    assert said.out == f"claude@2.1.91 is in {cache / 'claude' / '2.1.91'}\n"
    assert said.err.splitlines() == [
        f"installing claude@2.1.91 from npm into {cache / 'claude'}",
        "installed claude@2.1.91",
    ]
    assert command("list") == 0
    listed = capsys.readouterr().out
    assert listed.startswith("claude@2.1.91  20")
    assert listed.endswith("2.1.91, needs node\n")
    assert command("list", "--json") == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert {"host", "version", "argv", "integrity", "needs", "folder", "installed"} == set(entry)
    assert (entry["host"], entry["integrity"]) == ("claude", "sha512-main")
    assert command("remove", "claude@2.1.91") == 0
    assert command("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_one_that_fails_does_not_keep_the_others_back(
    npm: Plan, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npm(javascript("2.1.91"))
    assert command("remove", "claude@2.1.91", "claude@2.1.90") == 1
    assert capsys.readouterr().err.count("hookproof: claude@2.1.9") == 2
    assert command("install", "codex@0.130.0", "claude@2.1.91") == 1
    assert (cache / "claude" / "2.1.91").is_dir()


@pytest.mark.parametrize(
    "spec", ["claude", "claude@", "gemini@1.0.0", "claude@../x", "@anthropic-ai/claude-code@2.1.91"]
)
def test_a_wrong_spec_is_a_wrong_usage(cache: Path, spec: str) -> None:
    with pytest.raises(UsageError):
        command("install", spec)
    assert not cache.exists()


def test_on_a_terminal_something_moves_and_no_thread_does_it() -> None:
    import threading

    before = threading.active_count()
    shown = io.StringIO()
    moving = hosts.Moving(Console(file=shown, force_terminal=True, width=80))
    moving.show("installing [x]")
    moving.busy("npm is bringing it (1 s)")
    moving.busy("npm is bringing it (2 s)")
    assert threading.active_count() == before
    moving.done()
    moving.done()
    assert "installing [x]" in shown.getvalue()
    assert "(2 s)" in shown.getvalue()
