"""Processes to play with: one-liners, and a harness process of its own for what marks a whole process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from hookproof.processes import TOKEN_VARIABLE, Death, DeathWatch, Identity

T = TypeVar("T")

LINUX = sys.platform == "linux"
SECONDS = 30.0
"""The deadline of every wait. When all is well nothing waits for it."""

LIVES = "import time; print('here', flush=True); time.sleep(600)"
"""Says a line when it runs, and lives until it is ended."""

ORPHAN = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        print(os.getpid(), flush=True)
        time.sleep(600)
    os._exit(0)
os.wait()
"""
"""Double fork: leaves an orphan in a session of its own, and says its pid."""


def skip_module_unless(fits: bool, reason: str) -> None:
    """Skip the module that says this at its top. (mypy does not see through it, and reads on to the assertion.)"""
    if not fits:
        pytest.skip(reason, allow_module_level=True)


def python(program: str, *arguments: str) -> list[str]:
    """The command line of a Python one-liner."""
    return [sys.executable, "-I", "-S", "-c", program, *arguments]


def environment(token: str | None = None, **more: str) -> dict[str, str]:
    """What a Python needs to start, and the token if there is one."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    return {**kept, **({TOKEN_VARIABLE: token} if token else {}), **more}


@contextmanager
def running(program: str, *arguments: str, token: str | None = None, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A one-liner that was not started by the harness; ended at the end."""
    process = subprocess.Popen(
        python(program, *arguments),
        env=environment(token, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def said(process: subprocess.Popen[bytes]) -> str:
    """Its next line; waits for it."""
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def played(main: Callable[[], Awaitable[T]]) -> T:
    """Run a test's coroutine in a loop of its own, with a deadline; what callbacks raise counts too."""
    raised: list[dict[str, object]] = []

    async def within() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: raised.append(context))
        async with asyncio.timeout(SECONDS):
            result = await main()
        await asyncio.sleep(0)  # transports close in the next round
        return result

    result = asyncio.run(within())
    gc.collect()  # what a task raised is told when it is collected
    assert raised == []
    return result


def zombies() -> set[int]:
    """The dead children of this process whose status nobody has taken. Linux."""
    pids: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that just ended
            pids |= {int(pid) for pid in (task / "children").read_text("ascii").split()}
    return {pid for pid in pids if ") Z " in Path(f"/proc/{pid}/stat").read_text("ascii")}


def wait_until_zombie(pid: int | None = None) -> None:
    """Wait until a child of this process (any, without a pid) has ended; leave its status where it is. Linux."""
    if sys.platform == "linux":
        os.waitid(os.P_ALL if pid is None else os.P_PID, pid or 0, os.WEXITED | os.WNOWAIT)


def take_status(pid: int) -> None:
    """Wait for a child of this process, and take its status from whoever started it. Linux."""
    if sys.platform == "linux":
        os.waitid(os.P_PID, pid, os.WEXITED)


def group_and_session(pid: int) -> tuple[int, int]:
    """Of a process. POSIX."""
    if sys.platform != "win32":
        return os.getpgid(pid), os.getsid(pid)
    raise NotImplementedError


class Deaths:
    """A DeathWatch whose deaths can be awaited."""

    def __init__(self) -> None:
        self.all: list[Death] = []
        self._news = asyncio.Event()
        self.watch = DeathWatch(asyncio.get_running_loop(), self._add)

    def _add(self, death: Death) -> None:
        self.all.append(death)
        self._news.set()

    async def of(self, identities: Iterable[Identity]) -> list[Death]:
        """The deaths of these, in the same order, once all have come."""
        wanted = list(identities)
        while True:
            told = {death.identity: death for death in self.all}
            if all(identity in told for identity in wanted):
                return [told[identity] for identity in wanted]
            self._news.clear()
            await self._news.wait()


def in_own_process(scenario: Callable[[], None]) -> None:
    """Run a module's function in a fresh Python process, whose attributes it may change."""
    module, name = scenario.__module__, scenario.__name__
    program = f"import sys; sys.path[:0] = {sys.path!r}; from {module} import {name}; {name}()"
    argv = [sys.executable, "-W", "always::ResourceWarning", "-c", program]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS * 2, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
