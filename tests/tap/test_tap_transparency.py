"""A host cannot tell a tapped hook from one that is not: the same bytes, the same end, the same surroundings."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from tap_bench import PAYLOAD, SECONDS, Ran, bench, python, tapped_line

from hookproof import processes
from hookproof.records.run import Error, Stranger
from hookproof.records.sent import HookEnded, HookStarted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shell and the signals of POSIX")

# the one thing that a hook sees of the tap is the id of its run, as it does of a stand-in, for what outlives it
SURROUNDINGS = f"""
import os, stat, sys
os.environb.pop({processes.STARTED_BY_VARIABLE.encode()!r}, None)
print(os.getpgid(0) == os.getpgid(os.getppid()), os.getcwd(), sorted(os.environb.items()))
print(stat.S_IFMT(os.fstat(0).st_mode), stat.S_IFMT(os.fstat(1).st_mode), sorted(os.listdir("/proc/self/fd")))
print([line for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn", "Umask"))])
"""
COMMANDS = {
    "says nothing": "true",
    "hands on its stdin": "cat",
    "an exit code": "echo no >&2; exit 2",
    "an exit code above 128": "exit 200",
    "a signal": "kill -9 $$",
    "a signal with a core": "kill -6 $$",
    "SIGPIPE": "kill -13 $$",
    "binary": python('import os; os.write(1, bytes(range(256)) * 100); os.write(2, b"\\xff\\x00")'),
    "big": python('import os; os.write(2, b"y" * 50000); [os.write(1, b"x" * 65536) for _ in range(80)]'),
    "does not read its stdin": "echo done",
    "closes its stdin": "exec 0<&-; echo closed",
    "no such program": "/no/such/program",
    "quotes": """printf '%s|' 'it'"'"'s' "\\"two\\"" '${CLAUDE_PLUGIN_ROOT}' "${CLAUDE_PLUGIN_ROOT}" \\\\ '`x`'""",
    "lines": "echo one\necho two # a comment\n# another",
    "its shell": 'echo "$0" "$#" "$-"',
    "signals and descriptors": "grep -E 'Sig(Ign|Blk)|Umask' /proc/self/status; ls /proc/self/fd",
    "surroundings": f"{sys.executable} -I -S surroundings.py",
}


async def both(folder: Path, command: str, payload: bytes, shell: str = "/bin/sh") -> tuple[Ran, Ran]:
    (folder / "surroundings.py").write_text(SURROUNDINGS)
    async with bench(folder, CLAUDE_PLUGIN_ROOT="/the plugin") as host:
        plain = await host.run(command, payload, shell)
        tapped = await host.run(tapped_line(folder, command), payload, shell)
    return plain, tapped


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_host_sees_the_same(name: str, shell: str, tmp_path: Path) -> None:
    plain, tapped = asyncio.run(both(tmp_path, COMMANDS[name], json.dumps(PAYLOAD).encode(), shell))
    assert tapped == plain


@pytest.mark.parametrize(
    "payload",
    [b"", b"not JSON", b"[1]", b'{"a": 1} {"b": 2}', b"\xff\xfe\x00", b'{"deep":' + b"[" * 5000, b"x" * 3_000_000],
    ids=["none", "no JSON", "an array", "two documents", "no UTF-8", "deep and cut off", "3 MB"],
)
def test_any_payload_arrives_as_it_is(payload: bytes, tmp_path: Path) -> None:
    plain, tapped = asyncio.run(both(tmp_path, "cat", payload))
    assert tapped == plain == Ran(0, payload, b"")


@pytest.mark.parametrize("recorder", ["", "127.0.0.1:1", "no address", "127.0.0.1:99999"])
def test_without_a_recorder_the_hook_runs_all_the_same(recorder: str, tmp_path: Path) -> None:
    async def play() -> Ran:
        async with bench(tmp_path, HOOKPROOF_RECORDER=recorder) as host:
            return await host.run(tapped_line(tmp_path, "cat; exit 3"), b"{}")

    assert asyncio.run(play()) == Ran(3, b"{}", b"")


def test_a_recorder_that_refuses_the_token_hinders_nothing(tmp_path: Path) -> None:
    async def play() -> Ran:
        async with bench(tmp_path, HOOKPROOF_TOKEN="another") as host:
            ran = await host.run(tapped_line(tmp_path, "cat; exit 3"), b"{}")
            assert [type(record) for record in host.journal.records] == [Stranger]
            return ran

    assert asyncio.run(play()) == Ran(3, b"{}", b"")


def test_without_its_list_of_commands_the_hook_runs_all_the_same(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path) as host:
            line = tapped_line(tmp_path, "echo here")
            (tmp_path / "plugin.tap-claude.json").unlink()
            assert await host.run(line) == Ran(0, b"here\n", b"")
            assert (await host.record(HookStarted)).command == "echo here"

    asyncio.run(play())


def test_what_is_printed_arrives_while_the_hook_runs(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path) as host:
            let_go = host.gate("go")
            process = await host.start(tapped_line(tmp_path, 'echo ready; read -r line < go; echo "$line"'))
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write_eof()
            async with asyncio.timeout(SECONDS):
                assert await process.stdout.readline() == b"ready\n"
                let_go()
                assert await process.stdout.readline() == b"go\n"
                assert await process.wait() == 0

    asyncio.run(play())


def test_a_hook_that_closes_its_output_and_lives_on_lets_the_host_see_that(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path) as host:
            let_go = host.gate("go")
            process = await host.start(tapped_line(tmp_path, "exec >&- 2>&-; read -r line < go; exit 5"))
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write_eof()
            async with asyncio.timeout(SECONDS):
                assert await process.stdout.read() == b""
                assert process.returncode is None
                let_go()
                assert await process.wait() == 5

    asyncio.run(play())


@pytest.mark.parametrize("name", ["hands on its stdin", "surroundings", "big", "a signal"])
def test_a_host_that_gives_sockets_sees_the_same(name: str, tmp_path: Path) -> None:
    """Claude Code 2.1.91 does (measured): a hook that opens /dev/stdin fails there, with a tap as well."""
    (tmp_path / "surroundings.py").write_text(SURROUNDINGS)
    payload = json.dumps(PAYLOAD).encode()
    plain = _with_sockets(COMMANDS[name], payload, tmp_path)
    tapped = _with_sockets(tapped_line(tmp_path, COMMANDS[name]), payload, tmp_path)
    assert tapped == plain


def _with_sockets(line: str, payload: bytes, folder: Path) -> Ran:
    ours, theirs = zip(*(socket.socketpair() for _ in range(3)), strict=True)
    given = dict(zip(("stdin", "stdout", "stderr"), theirs, strict=True))
    with subprocess.Popen(["/bin/sh", "-c", line], env={"PATH": os.environ["PATH"]}, cwd=folder, **given) as process:
        for end in theirs:
            end.close()
        with suppress(BrokenPipeError):  # a hook that is gone before it has read
            ours[0].sendall(payload)
        ours[0].close()
        stdout, stderr = (b"".join(iter(partial(end.recv, 65536), b"")) for end in ours[1:])
        for end in ours[1:]:
            end.close()
        return Ran(process.wait(SECONDS), stdout, stderr)


@pytest.mark.parametrize(("stream", "number"), [("stdout", 1), ("stderr", 2)])
def test_a_hundred_megabytes_are_handed_on_whole_and_cut_in_the_record(
    stream: str, number: int, tmp_path: Path
) -> None:
    async def play() -> None:
        code = f'f = open({number}, "wb"); [f.write(b"x" * 2**20) for _ in range(100)]; f.flush()'
        async with bench(tmp_path) as host:
            ran = await host.run(tapped_line(tmp_path, python(code)))
            assert (ran.code, len(getattr(ran, stream))) == (0, 100 * 2**20)
            ended = await host.record(HookEnded)
            assert (getattr(ended, stream), getattr(ended, f"{stream}_bytes")) == ("x" * 2**20, 100 * 2**20)
            assert not [record for record in host.journal.records if isinstance(record, Error)]

    asyncio.run(play())


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process had stands in /proc")
def test_a_tap_does_not_grow_with_what_it_hands_on(tmp_path: Path) -> None:
    async def play() -> None:
        async with bench(tmp_path) as host:
            line = tapped_line(tmp_path, python('import os\nwhile True: os.write(1, b"x" * 65536)'))
            process = await host.start(line)  # the shell becomes the tap
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write_eof()
            async with asyncio.timeout(SECONDS):
                await process.stdout.readexactly(100 * 2**20)
            most = _most_memory(process.pid)
            process.kill()
            await process.communicate()
            assert most < 40 * 2**20

    asyncio.run(play())


@pytest.mark.parametrize(
    "printed", ['{"a":' * 200_000, "[" * 200_000, '"\\\\ud800"'], ids=["objects", "arrays", "half"]
)
def test_what_no_json_reader_takes_is_text_to_a_tap(printed: str, tmp_path: Path) -> None:
    async def play() -> None:
        (tmp_path / "said").write_text(printed)
        async with bench(tmp_path) as host:
            assert (await host.run(tapped_line(tmp_path, "cat said"))).stdout == printed.encode()
            assert (await host.record(HookEnded)).stdout == printed[: 2**20]
            assert not [record for record in host.journal.records if isinstance(record, Error)]

    asyncio.run(play())


def _most_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
