"""The wall around a case: whatever happens behind it, the others are judged and every report is written."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from hookproof import cli, processes
from hookproof import journal as journals
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.play import Case, PlayOptions
from hookproof.play.companion import CompanionDriver
from hookproof.records.run import Error
from hookproof.report.results import Result
from hookproof.suite.cases import run_case
from hookproof.suite.judging import Judges
from hookproof.suite.wall import BlockedError, Guarded

SCENARIOS = {path.stem: path for path in scenario_files()}


def a_case(scenario: str = "pattern-a") -> Case:
    lifecycle = resolve_lifecycle("as-reported-345")
    return Case(read_scenario(SCENARIOS[scenario]), resolve_plugin("reference"), lifecycle)


def played(case: Case, folder: Path, *, seconds: float = 60.0) -> Result:
    processes.become_subreaper()
    return run_case(case, folder, PlayOptions(seconds=seconds), Judges.read())


class OddError(Exception):
    pass


@pytest.mark.parametrize(
    "error", [OddError("odd"), MemoryError(), RecursionError("deep"), OSError(28, "No space left")]
)
@pytest.mark.parametrize("where", ["prepare", "evidence", "close"])
def test_what_playing_raises_is_the_unknown_of_its_case(
    where: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_self: object) -> None:
        raise error

    monkeypatch.setattr(CompanionDriver, where, fails)
    result = played(a_case(), tmp_path)
    assert result.verdict == "unknown"
    assert not result.expected
    assert any(type(error).__name__ in told for told in result.errors)
    again = Judges.read().judge(Path(result.journal))
    assert again.verdict == "unknown", "the journal tells it, too"


def test_what_judging_raises_is_the_unknown_of_its_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_words: object) -> None:
        raise KeyError("run")

    monkeypatch.setattr("hookproof.suite.judging.judge", fails)
    result = played(a_case(), tmp_path)
    assert result.verdict == "unknown"
    assert "cannot be judged (KeyError: 'run')" in result.errors[0]
    assert [check.verdict for check in result.checks] == ["unknown"] * len(result.checks)
    assert result.checks[0].accepted


def test_a_case_without_a_journal_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_journal(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hookproof.play.case.Journal", no_journal)
    result = played(a_case(), tmp_path)
    assert result.verdict == "unknown"
    assert "No space left on device" in result.errors[0]
    assert result.scenario == "jobs/pattern-a"


def test_a_case_that_blocks_for_good_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never, started = threading.Event(), threading.Event()
    sandboxes: list[Path] = []

    async def blocks(self: CompanionDriver) -> None:
        sandboxes.append(self.run.sandbox.root)
        started.set()
        never.wait()  # in the loop, as a read of a FIFO would

    monkeypatch.setattr(CompanionDriver, "evidence", blocks)
    result = played(a_case(), tmp_path, seconds=2.0)
    assert started.is_set()
    assert result.verdict == "unknown"
    assert "held up for good in wait, called by _collect_evidence (play/runner.py" in result.errors[-1]
    assert not sandboxes[0].exists(), "its sandbox is removed"
    never.set()


def test_work_that_is_slow_is_not_blocked() -> None:
    def busy(_guarded: object) -> int:
        total = 0
        while not over.is_set():
            total += 1
        return 7

    over = threading.Event()
    timer = threading.Timer(1.0, over.set)
    timer.start()
    assert Guarded(busy, seconds=0.2).run() == 7


def test_a_loop_that_answers_is_not_blocked() -> None:
    async def waits() -> int:
        await asyncio.sleep(0.7)
        return 7

    assert Guarded(lambda guarded: asyncio.run(guarded.listening(waits)), seconds=0.1).run() == 7


def test_the_one_who_waits_is_told_where_it_stands() -> None:
    never = threading.Event()

    def blocked(_guarded: object) -> None:
        never.wait()

    with pytest.raises(BlockedError, match="held up for good in"):
        Guarded(blocked, seconds=0.1).run()
    never.set()


def test_an_interrupt_goes_through_the_wall() -> None:
    def interrupted(_guarded: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Guarded(interrupted, seconds=1.0).run()


def test_the_others_are_judged_and_all_reports_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKPROOF_CACHE", str(tmp_path / "cache"))
    real = CompanionDriver.prepare

    async def fails_once(self: CompanionDriver) -> None:
        if self.run.case.scenario.id == "jobs/pattern-a":
            raise OddError("a \x1b[2J\n::error::of one case")
        await real(self)

    monkeypatch.setattr(CompanionDriver, "prepare", fails_once)
    files = [f"--{kind}={tmp_path / kind}" for kind in ("json", "junit", "html", "markdown")]
    words = ["run", "jobs/pattern-a", "jobs/pattern-c", "--plugin", "reference", "--replays", "0", *files]
    assert cli.main(words) == 1
    out = capsys.readouterr().out
    assert "OddError" in out
    assert "\x1b" not in out
    assert "\n::error" not in out
    written = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert [each["verdict"] for each in written["results"]] == ["unknown", "conforms"]
    for kind in ("junit", "html", "markdown"):
        text = (tmp_path / kind).read_text(encoding="utf-8")
        assert "OddError" in text
        assert "\x1b" not in text
    (run,) = (path for path in (tmp_path / "cache" / "runs").glob("2*"))
    for lines in (run / "results.jsonl", tmp_path / "json.jsonl"):
        told = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        assert sorted(each["scenario"] for each in told) == ["jobs/pattern-a", "jobs/pattern-c"]
    assert cli.main(["recheck", str(run)]) == 1
    assert "2 cases" in capsys.readouterr().out


def test_one_damaged_journal_costs_the_others_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = played(a_case(), tmp_path)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "journal.jsonl").write_text('{"kind": "case"\n{}\n', encoding="utf-8")
    assert cli.main(["recheck", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "1 case" in told.out
    assert "not judged" in told.err
    assert cli.main(["recheck", str(tmp_path / "damaged")]) == 2
    assert cli.main(["recheck", result.journal]) == 0


def test_an_error_is_added_to_a_journal_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"seq":1,"at":0.5,"kind":"sweep.began"}\n{"seq":2,"at":1,"ki', encoding="utf-8")
    journals.append_error(path, where="harness", what="a reason")
    assert journals.read(path)[1] == Error(seq=2, at=0.5, where="harness", what="a reason")
    with pytest.raises(journals.JournalError, match="does not exist"):
        journals.append_error(tmp_path / "none", where="harness", what="a reason")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_run_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKPROOF_CACHE", str(tmp_path / "cache"))
    before = os.umask(0o022)
    try:
        assert cli.main(["run", "jobs/pattern-a", "--plugin", "reference"]) == 0
    finally:
        os.umask(before)
    (run,) = (path for path in (tmp_path / "cache" / "runs").glob("2*"))
    for folder in (run, *(path for path in run.iterdir() if path.is_dir())):
        assert folder.stat().st_mode & 0o077 == 0
