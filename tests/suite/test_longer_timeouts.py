"""A launch that has too little time says nothing: its case is played again with longer shell timeouts, and says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from miniature import descriptor, with_command

from hookproof import journal as journals
from hookproof import places, processes
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import Scenario, read_scenario
from hookproof.journal import JOURNAL, Journal
from hookproof.judge.verdict import Verdict
from hookproof.play import Case, PlayOptions
from hookproof.play.header import header
from hookproof.records import Record
from hookproof.records.jobs import JobRefused
from hookproof.records.model import ModelAnswer
from hookproof.records.run import Case as CaseRecord
from hookproof.records.run import Census, End
from hookproof.records.sent import ShellEnded, ShellStarted, ShellTask
from hookproof.suite import cases
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges
from hookproof.suite.runs import ALONE, PLAY, journals_of

REVIEW = places.SCENARIOS / "jobs" / "review-from-subagent.toml"
NAME = "review-from-subagent--reference_as-reported--claude-2.1.91--1"
CALL = ModelAnswer(
    n=1, agent="general-purpose", text=None, tool_use_id="t1", call="Bash", input={"command": "x"}, job="review"
)
SHELL = ShellStarted(run="s1", session_id="m", agent_id="a", tool_use_id="t1", background=False, command="x")
MOVED = ShellTask(run="s1", task="b1")
ENDED = ShellEnded(run="s1", ended_by="timeout", exit=None, signal=9, output_file=None)
EMPTY = JobRefused(job="review", agent="general-purpose", text="Command running in background with ID: b1", error=False)
NOTHING_LEFT = Census(processes=[], state=[])
FAILED = replace(EMPTY, text="Exit code 143", error=True)


def review(folder: Path, timeout: int) -> Scenario:
    """The scenario of that review, whose shell has another timeout."""
    text, before = REVIEW.read_text(encoding="utf-8"), "timeout = 2000"
    assert text.count(before) == 1
    path = folder / REVIEW.name
    path.write_text(text.replace(before, f"timeout = {timeout}"), encoding="utf-8")
    return read_scenario(path, root=folder)


def a_case(folder: Path, timeout: int = 2000, **rows: object) -> Case:
    lifecycle = resolve_lifecycle("claude-2.1.91")
    lifecycle = lifecycle.model_copy(update={"rows": {**lifecycle.rows, **rows}})
    return Case(review(folder, timeout), resolve_plugin("reference:as-reported"), lifecycle)


class Played:
    """Stands for `play`: writes what each play has in its journal, and keeps what it was asked for."""

    def __init__(self, plays: Callable[[int], list[Record]]) -> None:
        self._plays = plays
        self.cases: list[Case] = []
        self.seconds: list[float] = []

    async def __call__(self, case: Case, folder: Path, options: PlayOptions) -> Path:
        self.cases.append(case)
        self.seconds.append(options.seconds)
        journal = Journal(folder / JOURNAL)
        for record in (header(case, options), *self._plays(case.play), NOTHING_LEFT, End(world_removed=True)):
            journal.write(record)
        journal.close()
        await asyncio.sleep(0)
        return journal.path


def header_of(path: str | Path) -> CaseRecord:
    first = journals.read(Path(path))[0]
    assert isinstance(first, CaseRecord)
    return first


@pytest.mark.parametrize("cut", [[MOVED, EMPTY], [ENDED, FAILED]], ids=["moved", "killed"])
def test_until_the_launch_has_had_its_time(cut: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Played(lambda number: [CALL, SHELL, *(cut if number < 3 else [])])
    monkeypatch.setattr(cases, "play", play)
    run = tmp_path / "run"
    result = run_case(a_case(tmp_path), run, PlayOptions(seconds=10), Judges.read())
    assert [each.timeout_factor for each in play.cases] == [1, 2, 4]
    assert play.seconds == [10, 12, 16], "a wait is as much longer as the shell that it may wait for"
    assert [each.name for each in sorted(run.iterdir())] == [NAME, f"{NAME}{PLAY}2", f"{NAME}{PLAY}3"]
    told = result.shell_timeouts
    assert told is not None
    assert (told.play, told.factor, told.longest_ms) == (3, 4, 8000)
    assert result.played_longer is not None
    assert "played 3 times, at last with 8 s for a shell, 4 times what the scenario gives it" in result.played_longer
    again = Judges.read().judge(Path(result.journal))
    assert again == result, "recheck judges the same"
    assert journals_of(run) == [Path(result.journal)]


def test_four_times_at_most_and_then_it_is_not_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Played(lambda _: [CALL, SHELL, MOVED, EMPTY])
    monkeypatch.setattr(cases, "play", play)
    result = run_case(a_case(tmp_path), tmp_path / "run", PlayOptions(), Judges.read())
    assert [each.play for each in play.cases] == [1, 2, 3, 4, 5]
    assert result.verdict is Verdict.NOT_TESTED
    why = "when its shell's timeout of 32 s (play 5 of the case) was over and the host moved it to the background"
    assert {check.verdict for check in result.checks if not check.standing} == {Verdict.NOT_TESTED}
    assert all(why in check.detail for check in result.checks if not check.standing), result.checks


@pytest.mark.parametrize(
    "told",
    [
        [replace(EMPTY, text="use --wait", error=True)],
        [replace(SHELL, background=True), MOVED, EMPTY],
        [EMPTY, MOVED],
    ],
    ids=["a refusal", "a shell in the background from its start", "moved after the launch had come back"],
)
def test_what_is_no_lack_of_time_is_played_once(
    told: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [CALL] if isinstance(told[0], ShellStarted) else [CALL, SHELL]
    play = Played(lambda _: [*before, *told])
    monkeypatch.setattr(cases, "play", play)
    result = run_case(a_case(tmp_path), tmp_path / "run", PlayOptions(), Judges.read())
    assert len(play.cases) == 1
    assert result.played_longer is None


def test_a_scenario_without_a_timeout_has_none_to_double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Played(lambda _: [replace(CALL, job="preflight"), SHELL, MOVED, replace(EMPTY, job="preflight")])
    monkeypatch.setattr(cases, "play", play)
    case = replace(a_case(tmp_path), scenario=read_scenario(places.SCENARIOS / "jobs" / "pattern-a.toml"))
    result = run_case(case, tmp_path / "run", PlayOptions(), Judges.read())
    assert len(play.cases) == 1
    assert result.shell_timeouts is None


def test_of_each_case_the_last_play_is_judged_again(tmp_path: Path) -> None:
    names = ["a", f"a{PLAY}2", f"a{PLAY}10", "b", f"b{ALONE}", f"b{ALONE}{PLAY}2", f"c{PLAY}2"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / JOURNAL).touch()
    assert [each.parent.name for each in journals_of(tmp_path)] == [f"a{PLAY}10", f"b{ALONE}{PLAY}2", f"c{PLAY}2"]


@pytest.mark.parametrize(
    ("lifecycle", "does"),
    [
        ("as-reported-345", "moves to the background"),
        ("claude-2.1.91", "moves to the background"),
        ("claude-2.1.91-windows", "moves to the background"),
        ("claude-2.1.329", "moves to the background"),
        ("claude-2.1.91", "kills"),
    ],
)
def test_a_launch_that_never_begins_its_job_is_never_a_refusal(lifecycle: str, does: str, tmp_path: Path) -> None:
    """Played: the launch does not go on until it is ended. What the model is told of it are the host's own words."""
    processes.become_subreaper()
    blocked = "import signal\nsignal.pause() if hasattr(signal, 'pause') else input()"
    plugin = resolve_plugin(
        str(with_command(tmp_path, "adversarial-review", blocked)), descriptor_file=descriptor(tmp_path)
    )
    resolved = resolve_lifecycle(lifecycle)
    rows = {**resolved.rows, "bash_timeout": does, "bash_timeout_ms": {"default": 120000, "least": 1}}
    case = Case(review(tmp_path, 20), plugin, resolved.model_copy(update={"rows": rows}))
    result = run_case(case, tmp_path / "run", PlayOptions(main_launches=started(case)), Judges.read())
    assert result.errors == []
    assert {check.id: check.verdict for check in result.checks if not check.standing} == {
        "JOB-03": Verdict.NOT_TESTED,
        "JOB-04": Verdict.NOT_TESTED,
    }
    assert result.shell_timeouts is not None
    assert (result.shell_timeouts.play, result.shell_timeouts.longest_ms) == (5, 320)
    given = [each.input["timeout"] for each in told_shells(tmp_path / "run")]
    assert given == [20, 40, 80, 160, 320]


def told_shells(run: Path) -> list[Any]:
    """The calls of a shell in every play, by the time that they were given."""
    answers = [each for path in run.rglob(JOURNAL) for each in journals.read(path) if isinstance(each, ModelAnswer)]
    return sorted(
        (each for each in answers if each.job == "review"), key=lambda each: int((each.input or {})["timeout"])
    )


def started(case: Case) -> dict[tuple[str, str], Any]:
    return {(case.plugin.name, case.lifecycle.name): "started"}


def test_a_launch_that_is_slow_at_first_is_judged_when_it_has_had_its_time(tmp_path: Path) -> None:
    """Two plays in which it never gets there, and others in which it does what the reference always does."""
    processes.become_subreaper()
    counted = tmp_path / "counted"
    counted.mkdir()
    lines = (
        f"import signal\nwhere = {str(counted)!r}\n"
        "number = len(os.listdir(where))\nopen(os.path.join(where, str(number)), 'x').close()\n"
        "if number < 2:\n    signal.pause()"
    )
    plugin = with_command(tmp_path, "adversarial-review", lines)
    found = resolve_plugin(str(plugin), descriptor_file=descriptor(tmp_path))
    lifecycle = resolve_lifecycle("claude-2.1.91")
    case = Case(review(tmp_path, 1000), found, lifecycle)
    result = run_case(case, tmp_path / "run", PlayOptions(main_launches=started(case)), Judges.read())
    assert result.errors == []
    assert result.shell_timeouts is not None
    assert result.shell_timeouts.play >= 3
    assert result.verdict is Verdict.CONFORMS


def test_the_json_tells_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "play", Played(lambda number: [CALL, SHELL, *([MOVED, EMPTY] if number < 2 else [])]))
    result = run_case(a_case(tmp_path), tmp_path / "run", PlayOptions(), Judges.read())
    assert json.loads(result.model_dump_json())["shell_timeouts"] == {"play": 2, "factor": 2, "longest_ms": 4000}
    assert header_of(result.journal).shell_timeouts is not None
