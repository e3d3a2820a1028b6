"""The causes that look alike from outside, each told from who did what, whatever the plugin makes of its row."""

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

from hookproof.judge.causes.signature import CAUSE_OF, Signature, find_signature
from hookproof.judge.causes.table import CAUSE_IDS, CAUSES
from hookproof.judge.run_view import RunView
from hookproof.records import Record
from hookproof.records.base import Json
from hookproof.records.faults import StateTorn, WorkerKilled
from hookproof.records.jobs import JobEnded, JobLaunched, JobsLaunched, JobStarted, SnapshotTaken
from hookproof.records.model import GateAbandoned
from hookproof.records.parts import Process, StateRoot
from hookproof.records.run import Census, Settled
from hookproof.records.sent import CodexSignal, HookStarted, SessionStarted, ShellEnded, ShellStarted, SubagentEnded

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

FAILED = row("failed", errorMessage="its worker is gone")
"""What a plugin leaves that notices its loss and records it properly."""
TORN = "state.json is not JSON: 0 bytes"
CUT_OWN = session_end(ROOT, killed(None, code=0), ended_by="budget")


def torn_list(n: int = 1) -> SnapshotTaken:
    """A look that finds the list of jobs damaged."""
    found = look()
    return replace(found, n=n, state=[replace(found.state[0], torn=TORN, there=True)])


def two(found: SnapshotTaken, *rows: Json, main: bool = True) -> SnapshotTaken:
    """The look with a second root, in which these rows are; main's status tells them."""
    other = StateRoot(root="elsewhere", rows=list(rows), job_files=[], server=None, error=None, there=True)
    places = look(*rows).places if main else {}
    return replace(found, state=[*found.state, other], places={**found.places, **places})


def numbered(*looks: SnapshotTaken) -> list[SnapshotTaken]:
    return [replace(each, n=n) for n, each in enumerate(looks, start=1)]


def cleared(session: str) -> SessionStarted:
    """Main's host goes on under another session id, as after /clear."""
    return SessionStarted(by=3000, session_id=session, agent_id=None, transcript_path=None)


STORIES: dict[str, list[Any]] = {
    "H1": [launch("agent"), *started(SUB), said("agent"), *session_end(SUB, killed()), look(files=False)],
    "H2": [launch(), *started(ROOT), *session_end(OTHER, killed(None, code=0)), look(row("running"))],
    "H3": [launch("agent"), *SHELL, *started(ROOT), said("agent"), *killed(9), SHELL_END, look(row("running"))],
    "H4": [launch(), *started(None), two(look(row("running", session=None)), row("completed", id="old"))],
    "H5": [launch(), *started(ROOT), look(worker=True), *finished()],
    "H6": [launch(), LAUNCHED, look(row("queued"))],
    "H7": [launch("agent"), *started(SUB), look(row("running", session=SUB), main=[]), *finished()],
    "H8": [launch(), *started(ROOT), *CUT_OWN, look(row("running"))],
    "H9": [launch(), *started(ROOT), torn_list(), *finished()],
}
SERVER_DIES = [launch(), *started(ROOT), look(row(), server=True)]
FITS: list[tuple[str, str, list[Any]]] = [
    ("H1", "it is recorded", [launch(), *started(ROOT), *session_end(ROOT, killed()), look(FAILED)]),
    ("H1", "nobody saw the worker die", [launch(), *started(ROOT), *session_end(ROOT, killed()[:1]), look()]),
    ("H1", "the row has no session", [launch(), *started(None), *session_end(ROOT, killed()), look(files=False)]),
    ("H1", "the row says running", [launch(), *started(ROOT), *session_end(ROOT, killed()), look(row("running"))]),
    ("H1", "nobody looked", [launch(), *started(ROOT), *session_end(ROOT, killed())]),
    ("H1", "the server first", [*SERVER_DIES, *session_end(ROOT, died(SERVER, code=0)), *killed(None, 0), look()]),
    (
        "H1",
        "a finished job's row",
        [launch(), *started(), *finished(), look(row("completed")), *session_end(ROOT), look()],
    ),
    ("H2", "it is recorded", [launch(), *started(ROOT), *session_end(OTHER, killed()), look(FAILED)]),
    ("H2", "the row is erased", [launch(), *started(ROOT), *session_end(OTHER, killed()), look()]),
    ("H2", "the server lives", [launch(), *started(ROOT), *session_end(OTHER, killed()), look(row(), server=True)]),
    (
        "H2",
        "the server first",
        [*SERVER_DIES, *session_end(OTHER, died(SERVER, code=0)), *killed(None, 0), look(FAILED)],
    ),
    ("H3", "it is recorded", [launch("agent"), *SHELL, *started(ROOT), *killed(9), SHELL_END, look(FAILED)]),
    ("H3", "the row is erased", [launch("agent"), *SHELL, *started(ROOT), *killed(9), SHELL_END, look()]),
    ("H3", "never begun, recorded", [launch("agent"), *SHELL, LAUNCHED, SHELL_END, look(FAILED)]),
    ("H4", "main's own row", [launch(), *started(ROOT), two(look(row(), main=[]), main=False), *finished()]),
    (
        "H5",
        "it went back",
        [launch(), *started(), *finished(), *numbered(look(row("completed")), look(row("running")))],
    ),
    ("H5", "never brought up to date", [launch(), *started(), *finished(), look(row("running"))]),
    ("H5", "it waits again", [launch(), *started(), *numbered(look(row("running")), look(row("queued"))), *finished()]),
    ("H6", "it is recorded", [launch(), died(WORKER, code=1), LAUNCHED, look(FAILED)]),
    ("H6", "its process is dead", [launch(), died(WORKER, code=1), LAUNCHED, look(row("queued"))]),
    ("H7", "after /clear", [launch(), *started(ROOT), cleared("after"), look(row(), main=[]), *finished()]),
    ("H7", "of no session", [launch(), *started(None), look(row("running", session=None), main=[]), *finished()]),
    ("H8", "something is left", [launch(), *started(), *finished(), *session_end(ROOT, ended_by="budget"), census(77)]),
    ("H8", "torn by the cut", [launch(), *started(ROOT), *CUT_OWN, torn_list()]),
    ("H9", "the job is lost", [launch(), *started(ROOT), torn_list(), *killed(None, 1), look()]),
]
NEARLY: list[tuple[str, str | None, list[Any]]] = [
    ("H1, of another session", "H2", [launch(), *started(ROOT), *session_end(OTHER, killed()), look()]),
    (
        "H1, at rest before the loss",
        "?",
        [launch(), *started(ROOT), *session_end(ROOT), Settled(alive=1), *killed(), look()],
    ),
    (
        "H1, at rest before the hook",
        "?",
        [launch(), *started(ROOT), *killed(), Settled(alive=1), *session_end(ROOT), look()],
    ),
    (
        "H1, the row stays",
        None,
        [launch(), *started(), *finished(), look(row("completed")), *session_end(ROOT), look(row("completed"))],
    ),
    (
        "H1, nobody asks again",
        None,
        [launch(), *started(), *finished(), look(row("completed")), *session_end(ROOT), census()],
    ),
    ("H2, of the own session", "H1", [launch(), *started(ROOT), *session_end(ROOT, killed(None, code=0)), look(row())]),
    (
        "H2, at rest before",
        "?",
        [launch(), *started(ROOT), *session_end(OTHER), Settled(alive=1), *killed(None, 0), look(row())],
    ),
    (
        "H3, by itself",
        "?",
        [launch("agent"), *SHELL, *started(ROOT), *killed(9), replace(SHELL_END, ended_by="itself"), look(row())],
    ),
    (
        "H3, it lived on",
        "H1",
        [launch("agent"), *SHELL, *started(ROOT), SHELL_END, Settled(alive=1), *session_end(ROOT, killed()), look()],
    ),
    (
        "H3, seen alive after it",
        "?",
        [launch("agent"), *SHELL, *started(ROOT), SHELL_END, look(row(), worker=True), *killed(11), look(row())],
    ),
    ("H4, one root", "H7", [launch(), *started(SUB), look(row(session=SUB), main=[]), *finished()]),
    ("H4, one root, main's own", "?", [launch(), *started(ROOT), look(row(), main=[]), *finished()]),
    (
        "H4, main lists it",
        None,
        [launch(), *started(ROOT), two(look(row()), main=False), *finished(), look(row("completed"))],
    ),
    ("H5, a hook ran", "H1", [launch(), *started(), look(row()), *session_end(ROOT), look(worker=True), *finished()]),
    ("H5, the list is torn", "H9", [launch(), *started(), look(row()), torn_list(2), *finished()]),
    ("H5, it goes on", None, [launch(), *started(), *numbered(look(row("queued")), look(row("running"))), *finished()]),
    (
        "H5, the worker was killed",
        "?",
        [launch(), *started(), *finished()[:2], died(WORKER, signal=11), look(row("running"))],
    ),
    ("H6, it says running", "?", [launch(), LAUNCHED, look(row("running"))]),
    ("H6, dead later", "?", [launch(), LAUNCHED, died(WORKER, code=1), look(FAILED)]),
    ("H6, it began", None, [launch(), *started(), look(row("queued")), *finished(), look(row("completed"))]),
    (
        "H7, of the present session",
        "?",
        [launch(), *started("after"), cleared("after"), look(row(session="after"), main=[]), *finished()],
    ),
    ("H7, main lists it", None, [launch(), *started(SUB), look(row(session=SUB)), *finished(), look(row("completed"))]),
    (
        "H8, to its own end",
        "H1",
        [launch(), *started(ROOT), *session_end(ROOT, killed(None, code=0)), look(row("running"))],
    ),
    ("H8, its work done", "H1", [launch(), *started(ROOT), *CUT_OWN, look(FAILED)]),
    (
        "H8, another's row",
        "H2",
        [launch(), *started(ROOT), *session_end(OTHER, killed(), ended_by="budget"), look(row())],
    ),
    ("H8, nothing left", None, [launch(), *started(), *finished(), *session_end(ROOT, ended_by="budget"), census()]),
    ("H9, by the scenario", None, [launch(), *started(), StateTorn(files=[]), torn_list(), *finished()]),
    ("H9, whole again", None, [launch(), *started(), look(row()), *finished(), look(row("completed"))]),
]


@pytest.mark.parametrize(
    ("name", "parts"), [(each[0], each[2]) for each in FITS], ids=[f"{a}: {b}" for a, b, _ in FITS]
)
def test_a_cause_is_told_whatever_the_plugin_makes_of_its_row(name: str, parts: list[Any]) -> None:
    found = signature(*parts)
    assert found.id == name, found
    assert found.causes[0].reasons == found.reasons


@pytest.mark.parametrize(("name", "parts"), [each[1:] for each in NEARLY], ids=[each[0] for each in NEARLY])
def test_what_is_one_condition_away_from_a_cause_is_another_or_none(name: str | None, parts: list[Any]) -> None:
    found = signature(*parts)
    assert found.id == name, found


def signature(*parts: Any) -> Signature:
    return find_signature(RunView(journal(*parts)))


def test_every_cause_has_a_story_and_a_function() -> None:
    assert set(STORIES) == set(CAUSES) == set(CAUSE_OF) == set(CAUSE_IDS)


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


def test_without_a_look_it_is_known_who_ended_the_shell_and_not_what_that_left() -> None:
    found = signature(launch("agent"), *SHELL, said("agent"), SHELL_END)
    assert (found.id, found.reasons[-1]) == ("H3", "nobody looked after that")


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


@pytest.mark.parametrize(
    ("session", "name", "after"),
    [(ROOT, "H1", look(files=False)), (OTHER, "H2", look(row("running")))],
    ids=["H1", "H2"],
)
def test_a_hook_that_began_after_the_loss_is_no_cause_of_it(session: str, name: str, after: Record) -> None:
    lost = [launch(), *started(ROOT), *killed(None, code=0)]
    began, ended = session_end(session)
    assert isinstance(began, HookStarted)
    told_late = [replace(began, by=3000), ended]
    ending = SubagentEnded(by=3000, session_id=session, agent_id="a1", agent_type="t")
    assert signature(*lost, *told_late, after).id == name, "its host tells of a hook when it has started it"
    assert signature(*lost, ending, *told_late, after).id == "?", "its host was still at something else"
    assert signature(*lost, replace(ending, session_id="a third"), *told_late, after).id == name
    tapped = [replace(began, by=HOOK - 1), ended]
    assert signature(*lost, *tapped, after).id == "?", "a tapped hook waits until its start is told"


@pytest.mark.parametrize("apart", [0.1, 100_000.0])
def test_how_long_a_hook_was_over_before_the_loss_was_seen_decides_nothing(apart: float) -> None:
    """A busy machine tells late; what decides is what was seen between."""
    parts = [launch(), *started(ROOT), *session_end(ROOT)]
    known = len(journal(*parts, whole=False))

    def found(*more: Any) -> str | None:
        records = journal(*parts, *more, *killed(None, code=0), look(row("running")))
        moved = [replace(each, at=each.at + apart * (each.seq > known)) for each in records]
        return find_signature(RunView(moved)).id

    alive = replace(look(row("running"), worker=True), processes=[process(WORKER, "worker")])
    another = replace(alive, processes=[replace(process(WORKER, "worker"), start=2)])
    assert found() == "H1"
    assert found(another) == "H1", "a process that has its number by now is another"
    assert found(Settled(alive=1)) == "?"


def test_a_worker_that_was_seen_alive_after_the_hook_was_not_ended_by_it() -> None:
    alive = replace(look(row("running"), worker=True), processes=[process(WORKER, "worker")])
    died_later = [died(WORKER, code=1), JobEnded(job="review", how="died", worker=WORKER)]
    story = [launch(), *started(ROOT), *session_end(ROOT)]
    assert signature(*story, *died_later, look(row("running"))).id == "H1"
    assert signature(*story, alive, *died_later, look(row("running"))).id == "?"


def test_what_status_hides_counts_from_the_jobs_start_to_its_loss() -> None:
    before = [launch(), LAUNCHED, look(row("running"), main=[]), *started(ROOT)]
    assert signature(*before, look(row("running")), *finished()).id is None
    after = signature(launch(), *started(ROOT), *killed(11), look(row("running"), main=[], server=True))
    assert (after.id, after.also) == ("?", ())


def test_a_death_before_any_session_end_is_no_hooks_doing() -> None:
    parts = [launch("agent"), *started(SUB), *killed(None, 1), Settled(alive=0), *session_end(SUB), look(files=False)]
    found = signature(*parts)
    assert (found.id, found.culprit) == ("?", None)


def test_the_end_of_the_own_sessions_host_is_not_the_jobs() -> None:
    # the own session's hook is killed before it does anything, its host goes, and later another session's hook does it
    begun = replace_processes(started(ROOT), process(3000, "claude"), CODEX)
    killed_hook = session_end(ROOT, exit_code=-9)
    parts = [
        launch(),
        *begun,
        *killed_hook,
        died(3000, code=0),
        Settled(alive=3),
        *session_end(OTHER, killed()),
        look(row()),
    ]
    found = signature(*parts)
    assert (found.id, found.also) == ("H2", ())
    assert found.culprit is not None
    assert found.culprit.whose == "another"


def replace_processes(records: list[Record], *alive: Process) -> list[Record]:
    """The job's start, with these processes of the run alive then."""
    *before, start = records
    assert isinstance(start, JobStarted)
    return [*before, replace(start, processes=list(alive))]


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
    both = look(row(), row(id="task-2", prompt="job=other"))
    other = JobStarted(job="other", id="task-2", row=row(id="task-2"), worker=4444, processes=[])
    begun = [launch(), *started(), other]

    def of_two(*parts: Any) -> Signature:
        return find_signature(RunView(journal(launches, *begun, *parts, jobs=("review", "other"))))

    assert of_two(look(row())).id == "H5"
    assert of_two(both).id is None
    assert of_two().id is None
    later = of_two(*numbered(both, look(row())))
    assert "1 row(s) that were there before are gone (look 2)" in later.causes[0].reasons[1], "over all looks"
    stale = of_two(both, *finished(), look(row("queued"), row(id="task-2")))
    assert (stale.id, stale.also) == ("H5", ())
    assert "stale row (review)" in stale.reasons[0]


def test_of_launches_at_once_a_row_that_waits_for_ever_is_h6_where_no_update_was_lost() -> None:
    launches: Record = JobsLaunched(agent="main", ids=["task-1", "task-2"])
    waits = look(row("completed"), row("queued", id="task-2", prompt="job=other"))
    parts = [launches, launch(), *started(), *finished(), waits]
    assert find_signature(RunView(journal(*parts, jobs=("review", "other")))).id == "H6"
    lost = [launches, launch(), *started(), *finished(), look(row("queued", id="task-2", prompt="job=other"))]
    found = find_signature(RunView(journal(*lost, jobs=("review", "other"))))
    assert (found.id, found.also) == ("H5", ())


def test_a_loss_of_a_job_beside_others_is_told_with_its_name() -> None:
    begun = JobStarted(job="other", id="task-2", row=row(id="task-2", session=OTHER), worker=4444, processes=[CODEX])
    loss = GateAbandoned(job="other", n=3)
    parts = [launch(), *started(), begun, *finished(), *session_end(OTHER, loss), look(row("completed"))]
    found = find_signature(RunView(journal(*parts, jobs=("review", "other"))))
    assert found.id == "H1"
    assert all(reason.startswith("other: ") for reason in found.reasons)


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
