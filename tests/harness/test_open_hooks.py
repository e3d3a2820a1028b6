"""Whoever waits in vain says for which hook, and in time; and who holds the output of one that has gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from whole_records import whole

from hookproof import journal as journals
from hookproof import places, processes
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario
from hookproof.journal import Journal
from hookproof.judge.judge import judge
from hookproof.play import Case, PlayOptions, play
from hookproof.play.open_hooks import OpenHooks
from hookproof.records import Record
from hookproof.records.jobs import HookHolders, HookOverdue
from hookproof.records.run import Error, SweepBegan
from hookproof.records.sent import HookHeld

SECONDS = 20.0
LIVES = "import sys; sys.stdin.read()"


@contextlib.contextmanager
def living(**more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is let go."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", LIVES], stdin=subprocess.PIPE, **more) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def started(pid: int | None, run: str = "r1", by: int = 1, **more: Any) -> Record:
    who = {"run": run, "event": "SessionStart", "session_id": "s1", "agent_id": None}
    return whole("hook.started", **{**who, "command": "python3 hook.py", "pid": pid, "by": by, **more})


def test_a_hook_that_is_still_running_is_told_once_at_half_of_the_patience(tmp_path: Path) -> None:
    async def run() -> list[str]:
        journal = Journal(tmp_path / "j.jsonl")
        hooks = OpenHooks(journal, 0.02, list)
        with living(stdout=subprocess.DEVNULL) as process:
            journal.write(started(process.pid, timeout=600))
            overdue = await journal.wait(lambda r: isinstance(r, HookOverdue), waiting_for="it", seconds=SECONDS)
            assert isinstance(overdue, HookOverdue)
            assert {name: getattr(overdue, name) for name in ("run", "event", "command", "timeout", "held_by")} == {
                "run": "r1",
                "event": "SessionStart",
                "command": "python3 hook.py",
                "timeout": 600,
                "held_by": None,
            }
            assert overdue.ms >= 10
            said = hooks.sentences()
        journal.write(whole("hook.ended", run="r1"))
        assert hooks.sentences() == []
        journal.close()
        return said

    (sentence,) = asyncio.run(run())
    assert sentence.startswith("the SessionStart hook `python3 hook.py` (session s1, run r1) began 0.")
    assert sentence.endswith("and has not ended (its timeout is 600 s)")


def test_who_holds_the_output_is_told_when_that_is_noticed(tmp_path: Path) -> None:
    async def run() -> None:
        journal = Journal(tmp_path / "j.jsonl")
        reads, writes = os.pipe()
        with living(stdout=writes) as holder:
            who = processes.identify(holder.pid)
            assert who is not None
            alive = [processes.ProcessInfo(who, 1, None, None, ["sleep", "9"], 0.0, 0.0)]
            OpenHooks(journal, SECONDS, lambda: alive)
            journal.write(started(None, by=1))
            journal.write(
                HookHeld(run="r1", event="SessionStart", session_id="s", agent_id=None, pid=os.getpid(), by=1)
            )
            await asyncio.sleep(0)  # what was begun at the record is done
            os.close(writes)
        os.close(reads)
        await journal.stop()
        journal.write(SweepBegan())
        journal.close()
        (told,) = journal.of(HookHolders)
        assert told.held_by == [f"pid {holder.pid} `sleep 9`"]

    asyncio.run(run())


def test_what_has_ended_in_time_is_not_told(tmp_path: Path) -> None:
    async def run() -> list[Record]:
        journal = Journal(tmp_path / "j.jsonl")
        OpenHooks(journal, SECONDS, list)
        loop = asyncio.get_running_loop()
        journal.write(started(None))
        journal.write(started(None, "r2"))
        journal.write(whole("hook.ended", run="r1"))
        journal.write(SweepBegan())
        # no timer is left that could still tell of them
        assert [handle for handle in loop._scheduled if not handle.cancelled()] == []  # type: ignore[attr-defined]
        journal.close()
        return journal.records

    assert len(asyncio.run(run())) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="who holds a pipe stands in /proc")
def test_who_holds_the_output_of_a_hook_that_has_gone_is_named(tmp_path: Path) -> None:
    async def run() -> list[str]:
        journal = Journal(tmp_path / "j.jsonl")
        reads, writes = os.pipe()
        with living(stdout=writes) as holder, living(stdout=subprocess.DEVNULL) as other:
            identities = [processes.identify(each.pid) for each in (holder, other)]
            alive = [
                processes.ProcessInfo(who, 1, None, None, ["sleep", str(number)], 0.0, 0.0)
                for number, who in enumerate(identities)
                if who is not None
            ]
            hooks = OpenHooks(journal, SECONDS, lambda: alive)
            # this process is the host here: it reads what the hook prints
            journal.write(started(None, by=os.getpid()))
            said = hooks.sentences()
            os.close(writes)
        os.close(reads)
        journal.write(SweepBegan())
        journal.close()
        assert f"pid {holder.pid} `sleep 0`" in said[0]
        assert f"pid {other.pid} " not in said[0]
        return said

    (sentence,) = asyncio.run(run())
    assert "began 0.0 s ago and has ended, but a process that it started (pid" in sentence
    assert sentence.endswith("holds its output open")


def with_hook(tmp_path: Path, code: str) -> Path:
    """The reference companion, with this line of Python before everything that its SessionStart hook does."""
    plugin = tmp_path / "plugin"
    shutil.copytree(places.REFERENCE / "companion", plugin, ignore=shutil.ignore_patterns("__pycache__"))
    hooks = plugin / "hooks" / "hooks.json"
    declared = json.loads(hooks.read_text())
    (plugin / "manner.py").write_text(code)
    for group in declared["hooks"]["SessionStart"]:
        for hook in group["hooks"]:
            hook["command"] = f'{sys.executable} -I -S "${{CLAUDE_PLUGIN_ROOT}}/manner.py"'
            hook.pop("timeout", None)
    hooks.write_text(json.dumps(declared))
    return plugin


@pytest.mark.skipif(sys.platform == "win32", reason="the commands of the hook are for a POSIX shell")
@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import signal\nsignal.pause()\n", "and has not ended (its timeout is 600 s)"),
        ("import subprocess\nsubprocess.Popen(['sleep', '600.5'])\n", "`sleep 600.5`) holds its output open"),
    ],
    ids=["hangs", "a grandchild holds its output"],
)
def test_a_case_that_waits_in_vain_names_the_hook_and_the_report_has_it(tmp_path: Path, code: str, says: str) -> None:
    case = Case(
        read_scenario(places.SCENARIOS / "jobs" / "pattern-a.toml"),
        resolve_plugin(str(with_hook(tmp_path, code))),
        resolve_lifecycle("claude-2.1.91"),
    )
    (tmp_path / "run").mkdir()
    path = asyncio.run(play(case, tmp_path / "run", PlayOptions(seconds=3.0)))
    records = journals.read(path)
    (error,) = [record.what for record in records if isinstance(record, Error) and "'turn ended'" in record.what]
    if sys.platform != "linux":
        says = says.rpartition("`")[2]
    assert "the SessionStart hook `" in error
    assert says in error
    (overdue,) = [record for record in records if isinstance(record, HookOverdue)]
    assert (overdue.held_by is None) == ("pause" in code)
    assert says in judge(records, read_requirements()).checks[0].detail
