"""When a run has settled: what waits is at rest, what works is not, and what is certain to come is waited for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from subprocess import PIPE

import pytest
from whole_records import whole

from hookproof import processes
from hookproof.errors import DeadlineMissedError
from hookproof.journal import Journal
from hookproof.play.patience import Patience, measured
from hookproof.play.rest import Rest
from hookproof.records import Record

ENV = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
SHORT = Patience(bare_hook_ms=4.0)
WAITS = "import sys; sys.stdin.read()"
WORKS = "while True: pass"
BEGETS = "import subprocess, sys\nwhile True: subprocess.run([sys.executable, '-I', '-S', '-c', 'pass'])"
WORKS_ONCE_TOLD = "import sys; sys.stdin.read(); sum(range(3_000_000))"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="what is played here is POSIX")


def with_rest(folder: Path, work: Callable[[Rest], Awaitable[None]], *, seconds: float = 30.0) -> None:
    """Have `work` with a run that has nothing but processes and a journal."""

    async def within() -> None:
        with processes.CaseProcesses(secrets.token_hex(16)) as group:
            journal = Journal(folder / "j.jsonl")
            try:
                await work(Rest(journal, group, SHORT, seconds))
            finally:
                group.sweep_now(seconds=10.0)
                journal.close()

    asyncio.run(within())


@contextlib.asynccontextmanager
async def started(rest: Rest, program: str) -> AsyncIterator[processes.Child]:
    """A process of the run."""
    argv = [sys.executable, "-I", "-S", "-c", program]
    child = await processes.spawn(argv, env=ENV, cwd=Path.cwd(), stdin=PIPE, case=rest.group)
    try:
        yield child
    finally:
        child.close()


def test_what_waits_is_at_rest(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, WAITS) as child:
            assert [info.identity for info in await rest.settled()] == [child.identity]

    with_rest(tmp_path, work)


def test_a_run_without_processes_is_at_rest(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        assert await rest.settled() == []

    with_rest(tmp_path, work)


@pytest.mark.parametrize("program", [WORKS, BEGETS], ids=["works itself", "has others work"])
def test_what_works_is_waited_for_and_named(program: str, tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, program):
            with pytest.raises(DeadlineMissedError, match="what was started to come to rest: "):
                await rest.settled()

    with_rest(tmp_path, work, seconds=0.5)


def test_who_is_known_to_work_on_holds_nobody_up(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, WORKS) as busy, started(rest, WAITS) as waiting:
            both = {info.identity for info in await rest.settled(but=lambda info: info.identity == busy.identity)}
            assert both == {busy.identity, waiting.identity}
            with pytest.raises(DeadlineMissedError, match=f"process {busy.identity.pid} "):
                await rest.settled(but=lambda info: info.identity == waiting.identity)

    with_rest(tmp_path, work, seconds=2.0)


def test_what_works_until_its_end_is_waited_for_until_then(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, WORKS_ONCE_TOLD) as child:
            assert child.stdin is not None
            child.stdin.close()
            assert await rest.settled() == []
            assert child.exit is not None

    with_rest(tmp_path, work)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long somebody waits for a processor")
def test_who_waits_for_a_processor_is_not_at_rest(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        cpu = min(os.sched_getaffinity(0))
        async with started(rest, WORKS) as hog, started(rest, WORKS) as starved:
            for child in (hog, starved):
                os.sched_setaffinity(child.identity.pid, {cpu})
            os.sched_setscheduler(starved.identity.pid, os.SCHED_IDLE, os.sched_param(0))
            before = processes.activity(starved.identity)
            await rest.moves()
            after = processes.activity(starved.identity)
            assert before is not None
            assert after is not None
            assert after.runnable
            assert after.worked > before.worked

    with_rest(tmp_path, work)


def test_a_dead_process_has_no_activity(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, "pass") as child:
            await child.wait()
            assert processes.activity(child.identity) is None
            reused = processes.Identity(os.getpid(), child.identity.start)
            assert processes.activity(reused) is None

    with_rest(tmp_path, work)


HOST = whole("host.started", session="main", session_id="S", pid=7)
OF_HOOK = {"run": "r", "event": "Stop", "session_id": "S", "agent_id": None, "by": 7, "command": "stop.py"}
HOOK = whole("hook.started", **OF_HOOK)
BESIDE, AHEAD = (whole("hook.started", **OF_HOOK, asynchronous=each) for each in (True, False))
HELD = whole("job.started", job="review")
ANSWERED = whole("gate.answered", job="review")


@pytest.mark.parametrize(
    ("records", "due"),
    [
        ([HOST, HOOK], "the Stop hook `stop.py` of session S has not ended"),
        ([HOST, HOOK, whole("hook.ended", run="r")], None),
        ([HOST, BESIDE], None),
        ([HOST, AHEAD], "the Stop hook"),
        ([HOST, HOOK, whole("hook.ended", run="another")], "the Stop hook"),
        ([HOST, HOOK, whole("host.exited", pid=7)], None),
        ([HOST, HOOK, whole("model.request", agent="main")], None),
        ([HOST, HOOK, whole("model.request", agent="codex:codex-rescue")], "the Stop hook"),
        (
            [HOST, HOOK, whole("hook.started", run="r2", event="Notification", session_id="S", agent_id=None, by=7)],
            "the N",
        ),
        (
            [HOST, HOOK, whole("hook.started", run="r2", event="Stop", session_id="S", agent_id=None, by=7)],
            "the Stop hook",
        ),
        ([HELD], None),
        ([HELD, ANSWERED], "job review has had its answer, and its worker has not come to its end"),
        ([HELD, ANSWERED, whole("job.ended", job="review")], None),
        ([HELD, ANSWERED, whole("job.ended", job="other")], "job review"),
    ],
)
def test_what_is_certain_to_come_is_waited_for(records: list[Record], due: str | None, tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        for record in records:
            rest.journal.write(record)
        moving = await rest.moves()
        assert (moving is None) == (due is None)
        assert due is None or str(moving).startswith(due)

    with_rest(tmp_path, work)


def test_who_waits_for_the_end_of_a_job_does_not_wait_for_itself(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        for record in (HELD, ANSWERED):
            rest.journal.write(record)
        assert await rest.moves(jobs=False) is None

    with_rest(tmp_path, work)


def test_a_record_is_something_that_happens(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, WAITS):
            watching = asyncio.ensure_future(rest.moves())
            await asyncio.sleep(0)
            rest.journal.write(HOST)
            assert await watching == "record 1 (host.started) has just come"

    with_rest(tmp_path, work)


def test_waiting_for_something_ends_when_nothing_moves(tmp_path: Path) -> None:
    async def work(rest: Rest) -> None:
        async with started(rest, WAITS) as child:
            assert not await rest.until(lambda: child.exit is not None, "its end")
            assert child.stdin is not None
            child.stdin.close()
            assert await rest.until(lambda: not processes.is_alive(child.identity), "its end")

    with_rest(tmp_path, work)


@POSIX
def test_the_patience_is_a_multiple_of_what_a_bare_hook_costs() -> None:
    patience = asyncio.run(measured())
    assert patience.bare_hook_ms > 0
    assert patience.seconds == pytest.approx(patience.multiple * patience.bare_hook_ms / 1000)
    assert asyncio.run(measured()) is patience
    assert patience.part.multiple == patience.multiple
