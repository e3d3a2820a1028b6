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
from hookproof.calibration.compare import Compared, Difference, NotMeasured, judge
from hookproof.calibration.events import NoHookRanError
from hookproof.calibration.facets import FACETS
from hookproof.catalogue.lifecycle import KnownDifference, Resolved, read_lifecycle, resolve_lifecycle
from hookproof.commands import UsageError, calibrate
from hookproof.report import calibration as report

posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in's disguise is a shell script")


@pytest.fixture
def disguised(tmp_path: Path) -> Path:
    """A program that says it is Claude Code 2.1.91."""
    return disguise(tmp_path, resolve_lifecycle("claude-2.1.91"))


def disguise(tmp_path: Path, lifecycle: Resolved) -> Path:
    """The stand-in with a lifecycle, as a program that says it is Claude Code 2.1.91."""
    program = tmp_path / "claude"
    fake = places.FAKES / "claude" / "claude.py"
    behaviour = tmp_path / "lifecycle.json"
    behaviour.write_text(lifecycle.model_dump_json(), encoding="utf-8")
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
    assert printed.count("equal") == len(FACETS)
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


@posix
def test_a_host_that_does_not_know_an_event_of_the_probe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = resolve_lifecycle("claude-2.1.91")
    gone = {"StopFailure", "PostCompact"}
    fewer = [event for event in known.rows["known_events"] if event not in gone]
    moments = {moment: [each for each in fires if each["event"] not in gone] for moment, fires in known.events.items()}
    program = disguise(
        tmp_path, known.model_copy(update={"rows": {**known.rows, "known_events": fewer}, "events": moments})
    )
    record = tmp_path / "draft.toml"
    assert execute(tmp_path, "main", "--claude", str(program), "--allow-network", "--record", str(record)) == 0
    printed = capsys.readouterr().out
    assert "claude 2.1.91 does not know StopFailure, PostCompact: a plugin that declares one of them loses" in printed
    assert "does what claude 2.1.91 does: 0 differences" in printed
    assert read_lifecycle(record).rows["known_events"]["is"] == fewer


@posix
def test_a_host_that_runs_no_hook_measures_nothing(tmp_path: Path) -> None:
    known = resolve_lifecycle("claude-2.1.91")
    nothing = known.model_copy(update={"rows": {**known.rows, "known_events": []}, "events": {}})
    program = disguise(tmp_path, nothing)
    record = tmp_path / "draft.toml"
    with pytest.raises(NoHookRanError):
        execute(tmp_path, "main", "--claude", str(program), "--allow-network", "--record", str(record))
    assert not record.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--claude", "/bin/sh", "--seconds", "0"], "--seconds 0: expected more than 0"),
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


def shown(*compared: Compared, known: list[KnownDifference] | None = None, unknown: tuple[str, ...] = ()) -> str:
    out = io.StringIO()
    scenarios = tuple(each.scenario for each in compared)
    held = report.Held("claude", "9", "claude-8", scenarios, unknown, judge(compared, known or []))
    report.show(Console(file=out, width=200), held)
    return out.getvalue()


def test_a_difference_is_told_in_words_and_lists_only_by_what_one_side_has() -> None:
    text = shown(Compared("s", [Difference("payload keys", "s: main Stop", ["a", "b"], ["a", "c"])], []))
    assert "differs 1" in text
    assert 'claude 9  ["c"]' in text.replace("  claude 9", "claude 9")
    assert 'claude-8  ["b"]' in text


def test_a_known_difference_and_a_stale_one_are_told() -> None:
    right = KnownDifference(facet="events", where="s: main Stop", reason="nobody stops here")
    stale = KnownDifference(facet="exit", where="s: main", reason="it once did")
    text = shown(Compared("s", [Difference("events", "s: main Stop", None, 1)], []), known=[right, stale])
    assert "known 1 × nobody stops here" in text
    assert "stale exit, s: main: claude-8 knows of a difference that is none any more: it once did" in text
    assert (
        "the stand-in with claude-8 does what claude 9 does: 0 differences, 1 known, 1 known difference stale" in text
    )


def test_what_was_not_measured_is_neither_alike_nor_different() -> None:
    missed = [NotMeasured("t", "real host", 3, 3, ("play: waited 30 s",))]
    text = shown(Compared("s", [], [NotMeasured("s", "stand-in", 1, 3, ("late",))]), Compared("t", [], missed))
    assert "not measured t, no run on the real host: play: waited 30 s" in text
    assert "not measured s, 1 of 3 runs not on the stand-in: late" in text
    assert text.count("not measured") == 2 + len(FACETS)
    assert "does what claude 9 does, as far as it was measured (1 of 2 scenarios were not): 0 differences" in text


def test_where_nothing_was_measured_nobody_says_that_they_are_alike() -> None:
    text = shown(Compared("s", [], [NotMeasured("s", "real host", 1, 1, ("late",))]))
    assert "nothing was measured, so that nobody knows whether claude-8 does what claude 9 does" in text


def test_events_that_the_release_does_not_know_are_told() -> None:
    text = shown(Compared("s", [], []), unknown=("StopFailure", "PostCompact"))
    sentence = "claude 9 does not know StopFailure, PostCompact: a plugin that declares one of them loses all its hooks"
    assert sentence in text


def test_the_probe_speaks_only_where_it_may() -> None:
    root = places.FAKES / "probe" / "hooks"
    for name in ("hooks.json", "hooks.codex.json"):
        for event, groups in json.loads((root / name).read_text(encoding="utf-8"))["hooks"].items():
            speaks = groups[0]["hooks"][0]["command"].endswith(event)
            assert speaks is (
                event not in {"Stop", "SubagentStop", "StopFailure", "SessionEnd", "PreCompact", "PostCompact"}
            )
