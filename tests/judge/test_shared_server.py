"""A plugin whose jobs share a server: where nobody saw that server alive, nothing of it was tried."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from job_runs import AT_WORK_AS_BOTH_END, DONE, GHOST, LOST
from run_records import OTHER, ROOT, SERVER, WORKER, census, finished, journal, launch, look, session_end, started

from hookproof.catalogue.requirement import read_requirements
from hookproof.judge.judge import judge
from hookproof.judge.verdict import CheckResult
from hookproof.records import Record
from hookproof.records.faults import ServerFrozen
from hookproof.records.jobs import JobStarted
from hookproof.records.run import Case

REQUIREMENTS = read_requirements()
ABOUT_A_SERVER = ("JOB-05", "JOB-07", "JOB-11", "JOB-23")


def of_server(records: list[Record]) -> list[Record]:
    """The same of a plugin whose descriptor names the file of a shared server."""
    return [replace(each, shared_server=True) if isinstance(each, Case) else each for each in records]


def with_server(records: list[Record]) -> list[Record]:
    """The same where the server was alive when the job began."""
    return [replace(each, servers=[SERVER]) if isinstance(each, JobStarted) else each for each in records]


def check(name: str, records: list[Record]) -> CheckResult:
    (found,) = [each for each in judge(records, REQUIREMENTS).checks if each.id == name]
    return found


def whole(name: str, *, frozen: bool = False) -> list[Record]:
    """A run that satisfies a requirement whatever the plugin shares."""
    stopped = [ServerFrozen(pids=[SERVER] if frozen else [])] if name == "JOB-11" else []
    ends = AT_WORK_AS_BOTH_END if name == "JOB-23" else [launch(), *started(), *stopped, *session_end(OTHER)]
    return journal(*ends, *finished(), *session_end(ROOT), look(DONE), census(), requires=[name])


@pytest.mark.parametrize("name", ABOUT_A_SERVER)
def test_a_plugin_that_names_none_is_judged_as_ever(name: str) -> None:
    assert check(name, whole(name)).verdict == "conforms"


@pytest.mark.parametrize("name", ABOUT_A_SERVER)
def test_where_the_server_was_there_it_is_tested(name: str) -> None:
    assert check(name, of_server(with_server(whole(name, frozen=True)))).verdict == "conforms"


@pytest.mark.parametrize("name", ABOUT_A_SERVER)
def test_where_it_had_not_come_up_it_is_not_tested(name: str) -> None:
    found = check(name, of_server(whole(name)))
    assert (found.verdict, found.seen) == ("not tested", "not tested")
    assert "state.server_file" in found.detail


def test_a_server_that_was_seen_in_a_look_before_the_end_was_there() -> None:
    def story(*before: Record, after: tuple[Record, ...] = ()) -> list[Record]:
        parts: list[Any] = [launch(), *started(), *before, *session_end(ROOT), *after, *finished(), census()]
        return of_server(journal(*parts, requires=["JOB-07"]))

    assert check("JOB-07", story(look(GHOST, server=True))).verdict == "conforms"
    assert check("JOB-07", story(look(GHOST))).verdict == "not tested"
    dead = replace(look(GHOST, server=True), processes=[])
    assert check("JOB-07", story(dead)).verdict == "not tested", "its file alone is no server"
    assert check("JOB-07", story(after=(look(GHOST, server=True),))).verdict == "not tested", "it was too late for that"


def test_what_is_really_left_or_lost_is_a_violation_all_the_same() -> None:
    ran = [launch(), *started(), *finished(), *session_end(ROOT)]
    assert check("JOB-07", of_server(journal(*ran, census(11), requires=["JOB-07"]))).verdict == "violates"
    assert check("JOB-07", of_server(journal(*ran, census(WORKER), requires=["JOB-07"]))).verdict == "violates"
    assert check("JOB-05", of_server(journal(*LOST, requires=["JOB-05"]))).verdict == "violates"
    slow = journal(*ran[:-1], *session_end(ROOT, ended_by="budget"), requires=["JOB-11"])
    assert check("JOB-11", of_server(slow)).verdict == "violates"
    ghost = journal(*AT_WORK_AS_BOTH_END, *finished(), look(), census(), requires=["JOB-23"])
    assert check("JOB-23", of_server(ghost)).verdict == "violates"


def test_without_evidence_it_stays_unknown() -> None:
    assert check("JOB-07", of_server(journal(launch(), *started(), requires=["JOB-07"]))).verdict == "unknown"
