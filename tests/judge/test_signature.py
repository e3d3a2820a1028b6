"""The seven causes that look alike from outside, each told from what it leaves behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from run_records import (
    CODEX,
    HOOK,
    OTHER,
    ROOT,
    SERVER,
    SUB,
    WORKER,
    cancel,
    census,
    died,
    finished,
    hook_started,
    journal,
    killed,
    launch,
    look,
    process,
    row,
    said,
    session_end,
    started,
)

from hookproof.judge.causes.signature import EVIDENCE, HYPOTHESES, Signature, find_signature
from hookproof.judge.run_view import RunView
from hookproof.records import Record
from hookproof.records.faults import StateTorn, WorkerKilled
from hookproof.records.jobs import JobEnded, JobLaunched, JobsLaunched, JobStarted
from hookproof.records.model import GateAbandoned
from hookproof.records.parts import StateRoot
from hookproof.records.run import Census, Settled
from hookproof.records.sent import CodexSignal, SessionStarted, ShellEnded, ShellStarted

SHELL: list[Record] = [
    ShellStarted(
        run="s1",
        session_id=ROOT,
        agent_id=None,
        tool_use_id="toolu_1",
        background=True,
        command="companion task",
        pid=6000,
    )
]
SHELL_END = ShellEnded(run="s1", ended_by="host at subagent end", exit=None, signal=9, output_file=None)
LAUNCHED: Record = JobLaunched(job="review", agent="main", id="task-1")

STORIES: dict[str, list[Any]] = {
    "H1": [launch("agent"), *started(SUB), said("agent"), *session_end(SUB, killed()), look(files=False)],
    "H2": [launch(), *started(ROOT), *session_end(OTHER, killed(None, code=0)), look(row("running"))],
    "H3": [launch("agent"), *SHELL, *started(ROOT), said("agent"), *killed(9), SHELL_END, look(row("running"))],
    "H4": [launch(), *started(None), look(row("running", session=None), main=[])],
    "H5": [launch(), *started(ROOT), look(worker=True), *finished()],
    "H6": [launch(), LAUNCHED, look(row("queued"))],
    "H7": [launch("agent"), *started(SUB), look(row("running", session=SUB), main=[]), *finished()],
}


def signature(*parts: Any) -> Signature:
    return find_signature(RunView(journal(*parts)))


def test_every_hypothesis_has_a_story_and_its_evidence() -> None:
    assert set(STORIES) == set(HYPOTHESES) == set(EVIDENCE)


@pytest.mark.parametrize("name", STORIES)
def test_each_story_has_its_signature(name: str) -> None:
    found = signature(*STORIES[name])
    assert found.id == name, found.reasons
    assert found.reasons


def test_a_shell_that_was_ended_before_the_row_was_written_left_nothing_and_is_h3() -> None:
    end = replace(SHELL_END, output_file="/tmp/tasks/b1.output", output_bytes=0)
    found = signature(launch("agent"), *SHELL, said("agent"), end, look(files=False))
    assert found.id == "H3"
    assert "before the row was written: no row of it is anywhere" in found.reasons
    assert "status in main lists no job" in found.reasons
    assert "its output file holds 0 bytes" in found.reasons
    assert found.culprit is not None
    assert (found.culprit.who.value, found.culprit.who.how) == ("the host itself, at subagent end", "observed")


def test_a_shell_that_was_ended_before_its_job_was_at_work_says_what_the_row_says() -> None:
    found = signature(launch("agent"), *SHELL, said("agent"), SHELL_END, look(row("running")))
    assert found.id == "H3"
    assert "the row says 'running', and no worker ever asked its model" in found.reasons


@pytest.mark.parametrize(
    "parts", [[replace(SHELL_END, ended_by="itself"), look(files=False)], []], ids=["by itself", "not at all"]
)
def test_a_launch_that_nobody_ended_has_no_signature(parts: list[Any]) -> None:
    assert signature(launch("agent"), *SHELL, said("agent"), *parts).id is None


def test_without_a_look_nothing_is_known_of_what_an_ended_shell_left() -> None:
    assert signature(launch("agent"), *SHELL, said("agent"), SHELL_END).id == "?"


def test_an_answer_that_reaches_only_a_dying_server_is_a_loss_like_any_other() -> None:
    # under load the server's Codex lives a moment longer than the worker, and takes the answer that nobody will get
    story = [launch(), *started(ROOT), *session_end(OTHER), *finished(), look(row("running"))]
    assert signature(*story).id == "H2"


def test_nothing_wrong_has_no_signature() -> None:
    assert signature(launch(), *started(), *finished(), look(row("completed"))) == Signature(None, (), (), None)


def test_a_loss_that_fits_nothing_says_so() -> None:
    found = signature(launch(), *started(), *killed(11), look(row("running"), server=True))
    assert found.id == "?"


def test_a_filter_is_seen_beside_the_kill() -> None:
    found = signature(
        launch("agent"),
        *started(SUB),
        look(row("running", session=SUB), main=[]),
        *session_end(SUB, killed()),
        look(files=False),
    )
    assert (found.id, found.also) == ("H1", ("H7",))


ABANDONED: list[Record] = [GateAbandoned(job="review", n=2), JobEnded(job="review", how="abandoned", worker=WORKER)]
"""The job's request is dropped, and nobody saw its worker die."""
NEAR_MISSES: dict[str, list[Any]] = {
    "H1, but nobody saw the worker die": [launch(), *started(ROOT), *session_end(ROOT, ABANDONED), look(files=False)],
    "H1, but the row is there": [launch(), *started(ROOT), *session_end(ROOT, killed()), look(row("running"))],
    "H1, but of a row without a session": [launch(), *started(None), *session_end(ROOT, killed()), look(files=False)],
    "H2, but of the job's own session": [launch(), *started(ROOT), *session_end(ROOT, killed(code=0)), look(row())],
    "H2, but the server lives": [
        launch(),
        *started(ROOT),
        *session_end(OTHER, killed(None, code=0)),
        look(row("running"), server=True),
    ],
    "H2, but the row is terminal": [launch(), *started(ROOT), *session_end(OTHER, killed(code=0)), look(row("failed"))],
    "H6, but the row says running": [launch(), LAUNCHED, look(row("running"))],
}


@pytest.mark.parametrize("parts", NEAR_MISSES.values(), ids=list(NEAR_MISSES))
def test_what_lacks_one_fact_of_a_cause_is_not_that_cause(parts: list[Any]) -> None:
    assert signature(*parts).id == "?"


@pytest.mark.parametrize(
    ("session", "after"), [(ROOT, look(files=False)), (OTHER, look(row("running")))], ids=["H1", "H2"]
)
def test_a_hook_that_began_well_after_the_loss_is_no_cause_of_it(session: str, after: Record) -> None:
    parts = [launch(), *started(ROOT), *killed(None, code=0)]
    late = len(journal(*parts, whole=False))
    records = journal(*parts, *session_end(session), after)
    moved = [replace(each, at=each.at + 5000) if each.seq > late else each for each in records]
    assert find_signature(RunView(moved)).id == "?"
    assert find_signature(RunView(records)).id in {"H1", "H2"}, "within a second the host may only have told it late"


def test_a_row_of_mains_own_session_that_main_is_not_shown_is_no_filter_by_session() -> None:
    assert signature(launch(), *started(ROOT), look(row("running"), main=[]), *finished()).id == "H4"
    assert signature(launch(), *started(SUB), look(row("running", session=SUB), main=[]), *finished()).id == "H7"


def test_what_status_hides_counts_from_the_jobs_start_to_its_loss() -> None:
    before = [launch(), LAUNCHED, look(row("running"), main=[]), *started(ROOT)]
    assert signature(*before, look(row("running")), *finished()).id is None
    after = signature(launch(), *started(ROOT), *killed(11), look(row("running"), main=[], server=True))
    assert (after.id, after.also) == ("?", ())


def test_a_job_that_lives_without_a_row_is_h5_only_while_its_worker_is_seen() -> None:
    gone = [launch(), *started(ROOT), look()]
    assert signature(*gone, *finished()).id is None
    assert signature(*gone[:-1], look(worker=True), *finished()).id == "H5"


def test_a_kill_of_another_sessions_row_is_not_h1() -> None:
    found = signature(launch(), *started(ROOT), *session_end(OTHER, killed()), look())
    assert found.id == "?"


def test_a_death_before_any_session_end_is_no_hooks_doing() -> None:
    late = [Settled(alive=0)] * 300  # three seconds
    found = signature(launch("agent"), *started(SUB), *killed(None, 1), *late, *session_end(SUB), look(files=False))
    assert (found.id, found.culprit) == ("?", None)


def test_two_hooks_at_once_name_no_culprit() -> None:
    both = session_end(SUB, *session_end(OTHER, killed()))
    found = signature(launch("agent"), *started(SUB), *both, look(files=False))
    assert (found.id, found.culprit) == ("H1", None)


def test_a_signal_to_somebody_elses_codex_is_no_evidence() -> None:
    sent: Record = CodexSignal(by=9999, signal=15, name="SIGTERM", sender_pid=HOOK)
    culprit = signature(launch("agent"), *started(SUB), *session_end(SUB, sent, killed()), look(files=False)).culprit
    assert culprit is not None
    assert culprit.who.how == "inferred"


def test_culprit_inferred_from_the_running_hook() -> None:
    culprit = signature(*STORIES["H1"]).culprit
    assert culprit is not None
    assert culprit.who.value == "the SessionEnd hook"
    assert culprit.who.how == "inferred"
    assert culprit.signal is not None
    assert (culprit.signal.value, culprit.signal.how) == ("SIGTERM", "observed")
    assert culprit.after_subagent_ms is not None
    assert culprit.after_subagent_ms.value == 20.0


def test_culprit_observed_when_the_kernel_named_the_sender() -> None:
    sent: Record = CodexSignal(by=CODEX.pid, signal=15, name="SIGTERM", sender_pid=HOOK, sender_uid=0)
    culprit = signature(launch("agent"), *started(SUB), *session_end(SUB, sent, killed()), look(files=False)).culprit
    assert culprit is not None
    assert culprit.who.how == "observed"


def test_culprit_is_the_host_when_it_ended_the_shell() -> None:
    culprit = signature(*STORIES["H3"]).culprit
    assert culprit is not None
    assert culprit.who.value == "the host itself, at subagent end"
    assert culprit.who.how == "observed"


def test_the_session_of_the_hook_is_named_by_its_role() -> None:
    begun: Record = SessionStarted(session_id=SUB, agent_id="a1", transcript_path=None)
    culprit = signature(begun, *STORIES["H1"]).culprit
    assert culprit is not None
    assert culprit.session is not None
    assert culprit.session.value == "the subagent's own session (the job's own)"


def test_an_unseen_wait_status_is_not_told_as_a_signal() -> None:
    unseen = [
        GateAbandoned(job="review", n=2),
        died(WORKER, observed=False),
        JobEnded(job="review", how="abandoned", worker=WORKER),
    ]
    found = signature(launch("agent"), *started(SUB), *session_end(SUB, unseen), look(files=False))
    assert found.id == "H1"
    assert found.culprit is not None
    assert found.culprit.signal is None


DATA = "/run/home/.claude/plugins/data/codex"
INSIDE, OUTSIDE = "home/.claude/plugins/data/codex/state/p", "tmp/codex-companion/p"


def ended_with(data: str | None, server_in: str) -> list[Record]:
    """The session has ended, its hook was given a data directory, and a server lives on."""
    _, *rest = session_end(ROOT)
    hook = hook_started(f"end-{ROOT}", ROOT, env={"CLAUDE_PLUGIN_DATA": data} if data else {})
    state = StateRoot(root=server_in, rows=[], job_files=[], server={"pid": SERVER}, error=None)
    return [hook, *rest, replace(census(SERVER), state=[state])]


def started_with(data: str | None) -> list[Record]:
    """The worker has this data directory from the shell of its launch."""
    *before, start = started()
    assert isinstance(start, JobStarted)
    return [*before, replace(start, exported={"CLAUDE_PLUGIN_DATA": data})]


@pytest.mark.parametrize("data", [None, "/run/home/elsewhere"])
def test_a_server_that_only_another_root_tells_of_is_a_split(data: str | None) -> None:
    found = signature(launch(), *started_with(data), *finished(), *ended_with(DATA, OUTSIDE))
    assert found.id == "H4"
    assert OUTSIDE in found.reasons[0]


@pytest.mark.parametrize("end", [ended_with(DATA, INSIDE), ended_with(None, OUTSIDE), ended_with(DATA, OUTSIDE)[:-1]])
def test_a_server_that_the_hook_could_find_is_none(end: list[Record]) -> None:
    assert signature(launch(), *started_with(None), *finished(), *end).id is None


@pytest.mark.parametrize("begun", [started_with(DATA), started()], ids=["the same", "unknown"])
def test_a_server_of_a_launch_that_was_sent_where_the_hook_was_is_no_split(begun: list[Record]) -> None:
    assert signature(launch(), *begun, *finished(), *ended_with(DATA, OUTSIDE)).id is None


def test_the_server_of_a_job_that_rightly_outlives_the_session_is_no_split() -> None:
    *hook, left = ended_with(DATA, OUTSIDE)
    assert isinstance(left, Census)
    (state,) = left.state
    alive = [*left.processes, process(WORKER, "worker")]
    at_work = replace(left, processes=alive, state=[replace(state, rows=[row()])])
    assert signature(launch(), *started_with(None), *hook, at_work).id is None


def test_launches_at_once_of_which_a_row_is_gone_are_a_lost_update() -> None:
    launches: Record = JobsLaunched(agent="main", ids=["task-1", "task-2"])
    assert signature(launches, look(row())).id == "H5"
    assert signature(launches, look(row(), row(id="task-2"))).id is None
    assert signature(launches).id is None


def test_what_the_scenario_itself_does_to_a_job_is_no_cause_of_its_loss() -> None:
    ended = WorkerKilled(job="review", pids=[WORKER])
    assert signature(launch(), *started(), ended, *killed(9), look(row())).id is None
    assert signature(launch(), *started(), *cancel(), *killed(), look(row("cancelled"))).id is None
    assert signature(launch(), *started(), *killed(9), ended, look(row())).id == "?"
    other = WorkerKilled(job="other", pids=[1])
    assert signature(launch(), *started(), other, *killed(9), look(row())).id == "?"


def test_a_row_that_was_torn_out_is_no_lost_update() -> None:
    torn = StateTorn(files=[])
    assert signature(launch(), *started(), torn, look(worker=True), *finished()).id is None
