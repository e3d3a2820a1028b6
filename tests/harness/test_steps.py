"""The `[[then]]` steps: what each waits for, what it does, and what it says when a wait is in vain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from whole_records import whole

from hookproof.catalogue.fault import AnyFault
from hookproof.catalogue.scenario import Scenario
from hookproof.errors import DeadlineMissedError
from hookproof.journal import Journal
from hookproof.play.steps import HostExitedError, Steps
from hookproof.records import Record
from hookproof.records.jobs import JobRefused
from hookproof.records.run import Settled, StepSkipped


class Actions:
    """Ten lines that write down what they were asked to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def take_snapshot(self, step: int) -> None:
        self.done.append(f"look {step}")

    async def fetch_result(self, job: str) -> None:
        self.done.append(f"fetch {job}")

    def release(self, job: str) -> None:
        self.done.append(f"release {job}")

    def release_shell(self) -> None:
        self.done.append("let go")

    async def start_session(self, name: str) -> None:
        self.done.append(f"start {name}")

    async def fork_session(self, name: str) -> None:
        self.done.append(f"fork {name}")

    async def end_session(self, name: str) -> None:
        self.done.append(f"end {name}")

    async def resume_session(self) -> None:
        self.done.append("resume")

    async def end_sessions(self) -> None:
        self.done.append("end all")

    async def inject(self, fault: AnyFault, job: str) -> None:
        self.done.append(f"{fault}: {job}")

    async def kill_host(self, name: str) -> None:
        self.done.append(f"kill {name}")

    async def close_terminal(self, name: str) -> None:
        self.done.append(f"hang up {name}")

    async def type(self, session: str, text: str) -> None:
        self.done.append(f"type {session} {text}")

    async def settle(self) -> Record:
        self.done.append("settle")
        return Settled(seq=99, alive=1)


def scenario(*then: dict[str, str], **more: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "title": "t",
            "source": "s",
            "host": "claude",
            "kind": "companion",
            "requires": ["JOB-01"],
            "user": "u",
            "jobs": {"review": {}, "other": {}},
            "sessions": {"second": {"user": "hi"}},
            "model": {"main": [{"text": "x"}], "second": [{"text": "x"}], "a:b": []},
            "then": list(then),
            **more,
        }
    )


def play(
    tmp_path: Path, records: list[Record], *then: dict[str, str], seconds: float = 10.0
) -> tuple[list[str], Journal]:
    async def run() -> tuple[list[str], Journal]:
        journal = Journal(tmp_path / "j.jsonl")
        actions = Actions()
        steps = asyncio.create_task(Steps(scenario(*then), journal, actions, seconds).play())
        await asyncio.sleep(0)
        for record in records:
            journal.write(record)
            await asyncio.sleep(0)
        try:
            await steps
        finally:
            journal.close()
        return actions.done, journal

    return asyncio.run(run())


def r(kind: str, **fields: Any) -> Record:
    return whole(kind, **fields)


SECOND = r("host.started", session="second", session_id="s9", pid=9)
TURN = r("model.answer", agent="main", text="done")


@pytest.mark.parametrize(
    ("step", "records", "done"),
    [
        ({"when": "job started", "do": "look"}, [r("job.started", job="review")], ["look 1"]),
        ({"when": "job other ended", "do": "release job other"}, [r("job.ended", job="other")], ["release other"]),
        ({"when": "job started", "do": "fetch result other"}, [r("job.started", job="review")], ["fetch other"]),
        ({"when": "job other cancelled", "do": "end sessions"}, [r("cancel", job="other")], ["end all"]),
        (
            {"when": "job queued", "do": "cancel job other"},
            [r("job.queued", job="review")],
            ["cancel job other: other"],
        ),
        ({"when": "turn ended", "do": "tear state"}, [TURN], ["tear state: review"]),
        ({"when": "turn ended", "user": "go on"}, [TURN], ["type main go on"]),
        ({"when": "turn ended", "do": "start session second"}, [TURN], ["start second"]),
        (
            {"when": "turn of second ended", "do": "end session second"},
            [TURN, r("model.answer", agent="second", text="x")],
            ["end second"],
        ),
        ({"when": "turn ended", "do": "end session"}, [TURN], ["end main"]),
        ({"when": "turn ended", "do": "clear session"}, [TURN], ["type main /clear"]),
        ({"when": "turn ended", "do": "release shell"}, [TURN], ["let go"]),
        ({"when": "shell ended", "do": "look"}, [r("job.refused", job="review")], ["look 1"]),
        (
            {"when": "session second ended", "do": "look"},
            [SECOND, r("host.exited", session="second", asked=True, pid=9, code=0, signal=None)],
            ["look 1"],
        ),
        (
            {"when": "session second started", "do": "look"},
            [r("host.line", session="second", line_subtype="init")],
            ["look 1"],
        ),
        (
            {"when": "shell ended", "do": "look"},
            [
                r("model.answer", agent="main", text=None, job="review", tool_use_id="t1"),
                r("shell.started", run="s0", tool_use_id="t0"),
                r("shell.started", run="s1", tool_use_id="t1"),
                r("shell.ended", run="s0"),
                r("shell.ended", run="s1"),
            ],
            ["look 1"],
        ),
        (
            {"when": "subagent a:b ended", "do": "look"},
            [r("subagent.ended", agent_type="c"), r("subagent.ended", agent_type="a:b")],
            ["look 1"],
        ),
    ],
)
def test_each_step_waits_for_its_record_and_has_its_action_done(
    tmp_path: Path, step: dict[str, str], records: list[Record], done: list[str]
) -> None:
    assert play(tmp_path, records, step)[0] == done


def test_the_second_turn_is_not_the_first(tmp_path: Path) -> None:
    steps = [{"when": "turn ended", "do": "look"}, {"when": "turn ended", "do": "look"}]
    with pytest.raises(DeadlineMissedError, match="'turn ended'"):
        play(tmp_path, [TURN], *steps, seconds=0.05)
    assert play(tmp_path, [TURN, TURN], *steps)[0] == ["look 1", "look 2"]


def test_what_a_step_would_do_with_a_refused_job_is_skipped_and_the_rest_goes_on(tmp_path: Path) -> None:
    done_to_it = ["release job", "fetch result", "cancel job", "end worker of job", "plant foreign pid in job"]
    steps = [{"when": "job started", "do": each} for each in done_to_it]
    others = [{"when": "job ended", "do": "thaw server"}, {"when": "job ended", "user": "Anything new?"}]
    done, journal = play(tmp_path, [r("job.refused", job="review")], *steps, *others)
    assert done == ["thaw server: review", "type main Anything new?"]
    skipped = [record for record in journal.records if isinstance(record, StepSkipped)]
    assert [record.why for record in skipped] == ["no job: refused"] * len(done_to_it)


def test_a_job_that_is_like_a_refused_one_is_refused_too(tmp_path: Path) -> None:
    steps = [{"when": "turn ended", "do": "queue job other"}, {"when": "job other queued", "do": "cancel job other"}]
    last = {"when": "job other cancelled", "do": "look"}
    done, journal = play(tmp_path, [r("job.refused", job="review"), TURN], *steps, last)
    assert done == ["look 3"]
    assert [record.job for record in journal.records if isinstance(record, JobRefused)] == ["review", "other"]


def test_the_refusal_of_another_job_skips_nothing(tmp_path: Path) -> None:
    records = [r("job.refused", job="other"), r("job.started", job="review")]
    assert play(tmp_path, records, {"when": "job review started", "do": "look"})[0] == ["look 1"]


def test_a_host_that_goes_away_unasked_is_an_error_not_a_wait(tmp_path: Path) -> None:
    gone = r("host.exited", session="main", asked=False, code=None, signal=11)
    with pytest.raises(HostExitedError, match=r"session 'main' went away by itself \(signal 11\)"):
        play(tmp_path, [gone], {"when": "job started", "do": "look"})


def test_a_host_that_goes_away_is_told_with_the_last_line_of_its_stderr(tmp_path: Path) -> None:
    lines = [
        r("host.stderr", session=name, text=text) for name, text in (("main", "a"), ("main", "no row\n"), ("x", "b"))
    ]
    gone = r("host.exited", session="main", asked=False, code=1, signal=None)
    with pytest.raises(HostExitedError, match=r"\(exit code 1\); its last line on stderr: no row$"):
        play(tmp_path, [*lines, gone], {"when": "job started", "do": "look"})


def test_a_wait_in_vain_names_the_step_and_which_of_several_it_waited_for(tmp_path: Path) -> None:
    steps = [{"when": "turn ended", "do": "look"}, {"when": "turn ended", "do": "release job"}]
    wanted = r"'turn ended' for the 2nd time \(step 2 of scenario "
    with pytest.raises(DeadlineMissedError, match=wanted):
        play(tmp_path, [TURN], *steps, seconds=0.05)


def test_a_resumed_session_begins_and_ends_with_the_host_that_it_lives_in_then(tmp_path: Path) -> None:
    resumed = scenario(
        {"when": "turn ended", "do": "end session"},
        {"when": "session ended", "do": "resume session"},
        {"when": "session resumed", "do": "look"},
        {"when": "session ended", "do": "release job"},
    )
    first, second = (r("host.started", session="main", session_id="s1", pid=pid) for pid in (7, 8))
    gone, gone_again = (r("host.exited", session="main", asked=True, pid=pid, code=0, signal=None) for pid in (7, 8))
    # a real host's hook may be spoken for by a shell
    begun, other = (r("session.started", by=80, session_id=name, agent_id=None) for name in ("s1", "s2"))
    heard: list[tuple[Record, int]] = [
        (first, 0),
        (begun, 0),
        (TURN, 1),
        (gone, 2),
        (second, 2),
        (other, 2),
        (begun, 3),
        (gone_again, 4),
    ]
    assert heed(tmp_path, resumed, heard) == ["end main", "resume", "look 3", "release review"]


def test_at_a_terminal_records_of_the_host_itself_tell(tmp_path: Path) -> None:
    at_terminal = scenario(
        {"when": "session started", "do": "look"},
        {"when": "turn reported", "do": "clear session"},
        {"when": "session cleared", "user": "again"},
        {"when": "turn reported", "do": "close terminal"},
        claude={"interactive": True},
    )
    heard: list[tuple[Record, int]] = [
        (r("host.started", session="main", session_id="s1", pid=7), 0),
        (r("session.started", by=8, session_id="x", agent_id=None), 0),
        (r("session.started", by=7, session_id="sub", agent_id="a1"), 0),
        (r("session.started", by=7, session_id="s1", agent_id=None), 1),
        (r("turn.ended", by=8, agent_id=None), 1),
        (r("turn.ended", by=7, agent_id="a1"), 1),
        (r("turn.ended", by=7, agent_id=None), 2),
        (r("session.started", by=8, session_id="y", agent_id=None), 2),
        (r("session.started", by=7, session_id="s1", agent_id=None, how="compact"), 2),
        (r("session.started", by=7, session_id="s2", agent_id=None, how="clear"), 3),
        (r("turn.ended", by=7, agent_id=None), 4),
    ]

    done = heed(tmp_path, at_terminal, heard)
    assert done == ["look 1", "type main /clear", "type main again", "hang up main"]


def heed(tmp_path: Path, what: Scenario, heard: list[tuple[Record, int]]) -> list[str]:
    """Play beside these records; each says how many actions are done once it has been seen."""

    async def run() -> list[str]:
        journal, actions = Journal(tmp_path / "j.jsonl"), Actions()
        playing = asyncio.create_task(Steps(what, journal, actions, 10.0).play())
        for record, done in heard:
            journal.write(record)
            for _ in range(5):
                await asyncio.sleep(0)
            assert len(actions.done) == done, record
        await playing
        journal.close()
        return actions.done

    return asyncio.run(run())
