"""How what a plugin left running is told: by program, and by the hook, the shell or the job that it comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from job_runs import RAN, SHELL
from run_records import CODEX, SERVER, WORKER, census, hook_started, journal, launch, process, started

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import judge
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import CheckResult
from hookproof.records import Record
from hookproof.records.jobs import JobStarted
from hookproof.records.parts import Process
from hookproof.records.run import Case, Census

REQUIREMENTS = read_requirements()
DAEMON = process(11, "daemon", "serve")
HOOK = replace(hook_started("run-1", "root-session", command="start.sh"), event="SessionStart")


def check(*parts: Record | list[Record], jobs: tuple[str, ...] = ("review",)) -> CheckResult:
    (found,) = judge(journal(*parts, requires=["JOB-07"], jobs=jobs), REQUIREMENTS).checks
    return found


def standing(records: list[Record], about: str) -> list[Record]:
    """The journal of a scenario of that kind, in which standing requirements are asked, too."""
    case, *rest = records
    assert isinstance(case, Case)
    return [replace(case, about=about), *rest]


def counted(*processes: Process) -> Census:
    return replace(census(), processes=list(processes))


SERVER_OF_A_WORKER = [
    launch(),
    replace(
        next(each for each in started() if isinstance(each, JobStarted)),
        processes=[process(WORKER, "worker"), process(SERVER, "server", ppid=WORKER), CODEX],
    ),
]
SHELL_OF_A_LAUNCH = replace(SHELL, run="run-2")
ANOTHER_SHELL = replace(SHELL, run="run-2", tool_use_id="another")


@pytest.mark.parametrize(
    ("before", "left", "whence"),
    [
        ([HOOK], replace(DAEMON, started_by="run-1"), "started by the SessionStart hook `start.sh`"),
        (SERVER_OF_A_WORKER, process(SERVER, "server"), "started for the job review"),
        ([launch(), SHELL_OF_A_LAUNCH], replace(DAEMON, started_by="run-2"), "by the shell that launched review"),
        ([launch(), ANOTHER_SHELL], replace(DAEMON, started_by="run-2"), "started by a shell of the model's"),
        ([counted(process(12, "parent", "of"), process(11, "daemon", "serve", ppid=12))], DAEMON, "by parent of"),
        ([], DAEMON, "nobody saw what started it"),
        ([HOOK], replace(DAEMON, started_by="run-9"), "nobody saw what started it"),
    ],
)
def test_what_started_it_is_told(before: list[Record], left: Process, whence: str) -> None:
    looks = [each for each in before if isinstance(each, Census)]
    rest = [each for each in before if each not in looks]
    # a census that is no end: what was seen earlier
    seen = [JobStarted(job="review", row=None, worker=None, processes=each.processes) for each in looks]
    found = check(*rest, *seen, counted(left))
    assert found.verdict == "violates"
    assert found.detail.endswith(whence) or f"{whence};" in found.detail, found.detail


def test_many_of_one_program_are_told_as_one() -> None:
    servers = [replace(process(pid, "codex", "app-server"), started_by="run-1") for pid in range(21, 27)]
    found = check(HOOK, counted(*servers, DAEMON))
    told = "6 times codex app-server (pids 21, 22, 23, 24, 25, 26), started by the SessionStart hook `start.sh`"
    assert found.detail.startswith(f"7 of 7 alive that no listed job accounts for: {told}; pid 11: daemon serve")


def test_of_many_programs_the_rest_is_counted() -> None:
    found = check(counted(*(process(pid, f"program-{pid}") for pid in range(11, 18))))
    assert found.detail.endswith("; 3 more")


def test_what_ended_by_itself_is_told_and_is_not_red() -> None:
    found = check(*RAN, replace(counted(), ended=[DAEMON]))
    assert found.verdict == "conforms"
    assert "1 more ended by themselves after the last session's end: pid 11: daemon serve" in found.detail


def test_it_is_asked_in_every_case_and_only_worsens_it() -> None:
    def verdict(*parts: Record) -> str:
        return judge(standing(journal(*RAN, *parts, requires=["JOB-01"]), "companion"), REQUIREMENTS).verdict

    assert verdict(counted()) == "conforms"
    assert verdict(counted(DAEMON)) == "violates"


@pytest.mark.parametrize("about", ["companion", "context"])
def test_it_needs_no_job(about: str) -> None:
    found = judge(standing(journal(counted(DAEMON), jobs=()), about), REQUIREMENTS)
    assert [(each.id, each.verdict, each.standing) for each in found.checks if each.id == "JOB-07"] == [
        ("JOB-07", "violates", True)
    ]


def test_a_journal_of_before_has_nothing_of_hookproof_in_it() -> None:
    view = RunView(journal(counted(DAEMON)))
    assert view.census is not None
    assert (view.census.own, view.census.ended) == ([], [])
