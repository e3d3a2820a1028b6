"""The verb as a person uses it. The real host is played by the stand-in, under a name that says it is none."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from hookproof import places
from hookproof.calibration.compare import Difference, judge
from hookproof.catalogue.lifecycle import KnownDifference, read_lifecycle, resolve_lifecycle
from hookproof.commands import UsageError, calibrate
from hookproof.report import calibration as report

posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in's disguise is a shell script")


@pytest.fixture
def disguised(tmp_path: Path) -> Path:
    """A program that says it is Claude Code 2.1.91."""
    program = tmp_path / "claude"
    fake = places.FAKES / "claude" / "claude.py"
    behaviour = tmp_path / "lifecycle.json"
    behaviour.write_text(resolve_lifecycle("claude-2.1.91").model_dump_json(), encoding="utf-8")
    start = f'HOOKPROOF_LIFECYCLE={behaviour} exec {sys.executable} -I -S {fake} "$@"'
    program.write_text(f"#!/bin/sh\n{start}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def execute(tmp_path: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    calibrate.arguments(parser)
    return calibrate.execute(parser.parse_args([*words, "--repeat", "1", "--runs", str(tmp_path / "runs")]))


@posix
def test_a_host_that_does_what_its_stand_in_does(
    tmp_path: Path, disguised: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "found.json", tmp_path / "draft.toml"]
    words = ["main", "--claude", str(disguised), "--allow-network"]
    assert execute(tmp_path, *words, "--json", str(files[0]), "--record", str(files[1])) == 0
    printed = capsys.readouterr().out
    assert "the stand-in with claude-2.1.91 does what claude 2.1.91 does: 0 differences" in printed
    assert printed.count("equal") == 14
    found = json.loads(files[0].read_text(encoding="utf-8"))
    assert (found["version"], found["scenarios"], found["differences"]) == ("2.1.91", ["main"], [])
    assert read_lifecycle(files[1]).name == "claude-2.1.91"


@posix
def test_a_host_that_does_not(tmp_path: Path, disguised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["main", "--claude", str(disguised), "--allow-network", "--lifecycle", "claude-2.1.329"]
    assert execute(tmp_path, *words) == 1
    printed = capsys.readouterr().out
    assert "does not do what claude 2.1.91 does" in printed
    assert "hook processes main: Stop" in printed
    assert "in the host's process group" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--claude", "fake"], "calibration needs the real host"),
        (["--codex", "x", "mian"], "did you mean 'main'"),
        (["--codex", "/no/such/codex"], "no such file"),
    ],
)
def test_what_cannot_be_carried_out(tmp_path: Path, words: list[str], said: str) -> None:
    from hookproof.hosts.install.releases import ReleaseError

    with pytest.raises((UsageError, ReleaseError), match=said):
        execute(tmp_path, *words)
    assert not (tmp_path / "runs").exists()


def shown(differences: list[Difference], excuses: list[KnownDifference]) -> str:
    out = io.StringIO()
    judged = judge(differences, excuses, ["s"])
    report.show(Console(file=out, width=200), "claude 9", "claude-8", ["s"], judged)
    return out.getvalue()


def test_a_difference_is_told_in_words_and_lists_only_by_what_one_side_has() -> None:
    text = shown([Difference("payload keys", "s: main Stop", ["a", "b"], ["a", "c"])], [])
    assert "differs 1" in text
    assert 'claude 9  ["c"]' in text.replace("  claude 9", "claude 9")
    assert 'claude-8  ["b"]' in text


def test_an_excuse_and_a_stale_one_are_told() -> None:
    right = KnownDifference(facet="events", where="s: main Stop", reason="nobody stops here")
    stale = KnownDifference(facet="exit", where="s: main", reason="it once did")
    text = shown([Difference("events", "s: main Stop", None, 1)], [right, stale])
    assert "excused 1 × nobody stops here" in text
    assert "stale exit, s: main: the excuse of claude-8 excuses nothing any more: it once did" in text
    assert "0 differences, 1 excused, 1 stale excuse" in text


def test_the_probe_speaks_only_where_it_may() -> None:
    root = places.FAKES / "probe" / "hooks"
    for name in ("hooks.json", "hooks.codex.json"):
        for event, groups in json.loads((root / name).read_text(encoding="utf-8"))["hooks"].items():
            speaks = groups[0]["hooks"][0]["command"].endswith(event)
            assert speaks is (
                event not in {"Stop", "SubagentStop", "StopFailure", "SessionEnd", "PreCompact", "PostCompact"}
            )
