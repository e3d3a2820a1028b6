"""How a tapped hook ends: what its records say, who is left when the host ends it, who may hold its output."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tap_bench import PAYLOAD, SECONDS, Bench, bench, python, tapped_line

from hookproof.records import plain
from hookproof.records.sent import HookEnded, HookHeld, HookStarted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shell and the signals of POSIX")

HANGS = "echo partly; exec sleep 600"
STUBBORN = 'trap "echo told" TERM; echo ready; while :; do read -r line < never; done'


def played(folder: Path, play: Callable[[Bench], Awaitable[None]], **env: str) -> None:
    async def whole() -> None:
        async with bench(folder, **env) as host, asyncio.timeout(SECONDS):
            await play(host)

    asyncio.run(whole())


async def started(host: Bench, command: str, said: bytes) -> tuple[asyncio.subprocess.Process, int]:
    """Start a tapped hook and wait until it has said something. The host's child, and the hook's own pid."""
    process = await host.start(tapped_line(host.folder, command))
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(PAYLOAD).encode())
    process.stdin.close()
    assert await process.stdout.readline() == said
    pid = (await host.record(HookStarted)).pid
    assert pid is not None
    return process, pid


def test_a_run_leaves_the_records_that_a_stand_in_writes(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        process = await host.start(tapped_line(tmp_path, "echo out; echo err >&2; exit 7"))
        await host.finish(process, json.dumps(PAYLOAD, indent=1).encode() + b"\n")
        begun, ended = await host.record(HookStarted), await host.record(HookEnded)
        who = {"event": "PreToolUse", "session_id": "s", "agent_id": "a", "run": begun.run}
        told = {"agent_type": "t", "plugin": "toy", "command": "echo out; echo err >&2; exit 7", "payload": PAYLOAD}
        here = {"cwd": str(tmp_path), "pgid": os.getpgid(0), "env": {"CLAUDE_X": "1", "PLUGIN_X": "2", "CODEX_X": "3"}}
        assert plain(begun) == plain(begun) | who | told | here
        assert begun.source == "claude"
        assert begun.by == process.pid != begun.pid
        end = {"exit": 7, "signal": None, "stdout": "out\n", "stderr": "err\n", "ended_by": "itself"}
        assert plain(ended) == plain(ended) | who | end
        assert "effects" not in plain(ended)

    played(tmp_path, play, CLAUDE_X="1", PLUGIN_X="2", CODEX_X="3", CLEAR="4")


def test_what_is_too_long_for_a_record_is_handed_on_whole_and_the_cut_is_told(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        ran = await host.run(
            tapped_line(tmp_path, python('import os; [os.write(1, b"\\0" * 65536) for _ in range(33)]'))
        )
        assert ran.stdout == b"\0" * 65536 * 33
        ended = await host.record(HookEnded)
        assert (len(ended.stdout), ended.stdout_bytes) == (2**20, 65536 * 33)

    played(tmp_path, play)


def test_sigterm_reaches_the_hook_and_its_death_is_handed_on(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        process, hook = await started(host, HANGS, b"partly\n")
        process.terminate()
        assert await process.wait() == -signal.SIGTERM
        await host.death_of(hook)
        ended = await host.record(HookEnded)
        assert (ended.exit, ended.signal, ended.ended_by) == (None, signal.SIGTERM, "host")
        assert ended.stdout == "partly\n"

    played(tmp_path, play)


def test_a_hook_that_obeys_no_sigterm_is_left_to_the_hosts_next_signal(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        host.gate("never")
        process, hook = await started(host, STUBBORN, b"ready\n")
        process.terminate()
        assert process.stdout is not None
        assert await process.stdout.readline() == b"told\n"
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        await host.death_of(hook)

    played(tmp_path, play)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a hook killed with its tap")
def test_sigkill_leaves_nothing_behind_and_the_harness_writes_the_end(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        process, hook = await started(host, HANGS, b"partly\n")
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        await host.death_of(hook)
        ended = await host.record(HookEnded)
        begun = await host.record(HookStarted)
        assert (ended.run, ended.exit, ended.ended_by) == (begun.run, None, "host")
        assert ended.signal in {None, signal.SIGKILL}  # None where nobody can ask for it
        assert ended.inferred

    played(tmp_path, play)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a hook killed with its tap")
def test_a_hook_that_waits_at_the_gate_dies_with_its_tap(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        # a recorder that never answers: the tap waits for it, and the hook for the tap
        silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        host.env["HOOKPROOF_RECORDER"] = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        process = await host.start(tapped_line(tmp_path, "echo ran > ran"))
        assert process.stdin is not None
        process.stdin.close()
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        assert not (tmp_path / "ran").exists()
        silent.close()

    played(tmp_path, play)


def test_somebody_who_holds_the_output_holds_it_for_the_host_and_the_exit_comes_at_once(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        let_go = host.gate("go")
        process, _ = await started(host, "(read -r line < go; echo late) & echo early; exit 4", b"early\n")
        assert process.stdout is not None
        assert await host.death_of(process.pid) == 4
        held = await host.record(HookHeld)
        assert not [record for record in host.journal.records if isinstance(record, HookEnded)]
        let_go()
        assert await process.stdout.read() == b"late\n"
        ended = await host.record(HookEnded)
        assert (ended.exit, ended.stdout, ended.ended_by) == (4, "early\nlate\n", "itself")
        await host.death_of(held.pid)

    played(tmp_path, play)


def test_a_host_that_waits_no_longer_is_not_waited_for(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        let_go = host.gate("go")
        line = tapped_line(tmp_path, "(read -r line < go; echo late) 2>&- & echo early")
        async with dropping(host, line, b"early\n") as (process, drop):
            assert await host.death_of(process.pid) == 0
            held = await host.record(HookHeld)
            drop()
            ended = await host.record(HookEnded)
            assert (ended.exit, ended.stdout) == (0, "early\n")
            await host.death_of(held.pid)
            let_go()

    played(tmp_path, play)


def test_a_host_that_drops_its_pipe_breaks_the_hooks_as_well(tmp_path: Path) -> None:
    async def play(host: Bench) -> None:
        # it writes on, because the tap learns of the drop a moment after it: one write may still go nowhere
        command = "echo ready; read -r line < go; while echo late; do :; done; exit 3"
        codes = []
        for line in (command, tapped_line(tmp_path, command)):
            let_go = host.gate("go")
            async with dropping(host, line, b"ready\n") as (process, drop):
                drop()
                let_go()
                codes.append(await process.wait())
            (tmp_path / "go").unlink()
        assert codes[0] == codes[1]

    played(tmp_path, play)


@asynccontextmanager
async def dropping(
    host: Bench, line: str, said: bytes
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Callable[[], None]]]:
    """A hook that has said something, and what drops the pipe to its output."""
    reads, writes = os.pipe()
    process = await host.start(line, stdout=writes)
    os.close(writes)
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.to_thread(os.read, reads, 100) == said
    yield process, lambda: os.close(reads)
