"""What a run has of each kind of plugin: its driver is chosen, given the run, and asked for no more than it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hookproof import processes
from hookproof.catalogue.fault import TearState
from hookproof.catalogue.host import Program
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.scenario import calibration_files, read_scenario, scenario_files
from hookproof.hosts.registry import HOSTS, WORKER, stand_ins
from hookproof.hosts.session import HostError, Session
from hookproof.journal import Journal
from hookproof.play import Case, PlayOptions
from hookproof.play import case as cases
from hookproof.play.calibration import CalibrationDriver
from hookproof.play.companion import CompanionDriver
from hookproof.play.context import ContextDriver
from hookproof.play.patience import Patience
from hookproof.play.run import Run
from hookproof.records.run import Error
from hookproof.sandbox import sandbox as sandboxes

REAL = Program(("/the/real/host",), "9.9.9")


def a_case(path: Path, plugin: str, lifecycle: str) -> Case:
    return Case(read_scenario(path), resolve_plugin(plugin), resolve_lifecycle(lifecycle))


def jobs() -> Case:
    path = next(path for path in scenario_files() if path.stem == "pattern-a")
    return a_case(path, "reference", "claude-2.1.91")


def context() -> Case:
    path = next(path for path in scenario_files() if path.parent.name == "context")
    return a_case(path, "reference-workflow", "codex-0.169")


def probe() -> Case:
    return a_case(calibration_files(WORKER.name)[0], "reference-workflow", "codex-0.169")


def with_run(tmp_path: Path, case: Case, work: Callable[[Run], object], options: PlayOptions | None = None) -> Journal:
    """Have `work` with the run of a case that is not played."""

    async def within() -> Journal:
        journal = Journal(tmp_path / "j.jsonl")
        sandbox = sandboxes.build(case.plugin, case.lifecycle, programs=stand_ins())
        try:
            with processes.CaseProcesses(sandbox.token, folder=sandbox.root) as group:
                run = Run.make(case, options or PlayOptions(), sandbox, journal, group, Patience(20.0))
                try:
                    done = work(run)
                    if asyncio.iscoroutine(done):
                        await done
                finally:
                    run.deaths.close()
        finally:
            sandbox.remove()
            journal.close()
        return journal

    return asyncio.run(within())


@pytest.mark.parametrize(
    ("case", "kind"),
    [(jobs, CompanionDriver), (context, ContextDriver), (probe, CalibrationDriver)],
    ids=["jobs", "context", "calibration"],
)
def test_each_kind_of_plugin_has_its_driver(tmp_path: Path, case: Callable[[], Case], kind: type) -> None:
    def work(run: Run) -> None:
        driver = cases._driver(run)
        assert type(driver) is kind
        assert driver.run is run

    with_run(tmp_path, case(), work)


def test_a_plugin_without_jobs_can_have_nothing_done_to_them(tmp_path: Path) -> None:
    async def work(run: Run) -> None:
        driver = cases._driver(run)
        assert driver.state() is None
        await driver.inject(TearState(), "review")
        with pytest.raises(ValueError, match="no job 'review'"):
            await driver.fetch_result("review")

    journal = with_run(tmp_path, context(), work)
    (error,) = journal.of(Error)
    assert error.what == "'tear state' review cannot be done to this kind of plugin"


def test_a_setting_is_of_one_session_and_the_rest_is_the_runs(tmp_path: Path) -> None:
    def work(run: Run) -> None:
        run.env["OWN"] = "1"
        mine, other = run.setting("main", run.host), run.setting("later", WORKER, lifecycle=tmp_path / "l.json")
        assert (mine.name, mine.program, mine.resume) == ("main", REAL, None)
        assert (other.name, other.program) == ("later", WORKER.stand_in())
        budget = {"CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS": str(round(run.options.seconds * 500))}
        assert mine.env == {"OWN": "1", "HOOKPROOF_LIFECYCLE": str(run.sandbox.lifecycle), **budget}
        assert other.env["HOOKPROOF_LIFECYCLE"] == str(tmp_path / "l.json")
        assert {mine.journal, other.journal} == {run.journal}

    with_run(tmp_path, replace(jobs(), program=REAL), work)


def test_who_does_jobs_is_not_who_is_played_as_the_host() -> None:
    case, stand_in = replace(context(), program=REAL), WORKER.stand_in()
    assert cases._programs(case, PlayOptions())[WORKER.name] == stand_in.argv
    assert cases._programs(jobs(), PlayOptions(worker=REAL))[WORKER.name] == REAL.argv
    assert cases._programs(replace(jobs(), program=REAL), PlayOptions()) == {
        **{name: host.stand_in().argv for name, host in HOSTS.items()},
        jobs().host: REAL.argv,
    }
    assert case.program_of(WORKER, PlayOptions()) == REAL
    assert case.program_of(HOSTS[jobs().host], PlayOptions()) != REAL


class Plain(Session):
    """A session of a host without a terminal and without clients."""

    def __init__(self) -> None:
        self.name = "main"
        self.done: list[str] = []

    async def type(self, text: str) -> None:
        self.done.append(text)

    async def end(self) -> None:
        self.done.append("end")

    async def abandon(self) -> None:
        self.done.append("abandon")


def test_what_a_session_cannot_do_it_says_or_does_in_another_way() -> None:
    session = Plain()
    asyncio.run(session.close_terminal())
    assert session.done == ["end"]
    with pytest.raises(HostError, match="session 'other': only a client of codex app-server can fork main"):
        asyncio.run(session.fork("other"))
