"""The player: a process inside the isolation, which plays the cases of a process that stays outside of it.

pytest and each worker of xdist have one (`pytesting.playing`), for they keep their own namespaces: they run other
tests, too. What it does is in `player_program` and `player_inside`. The two sides run the same code, and trust each
other.

Life: begun when it is asked for, it answers with its isolation; then one case after the other is played. An interrupt
of the case is handed on, and waited for until the case is cleared away. The player leads a session of its own, so that
a terminal asks pytest alone to end. It ends when the connection does, and that is when this process has ended, however
it was ended; an end of the connection that comes from the other side tells that nothing of the player is alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from hookproof.errors import DeadlineMissedError, HookproofError, Status
from hookproof.isolation.level import Isolation, Level
from hookproof.play import Case, PlayOptions
from hookproof.report.results import Result
from hookproof.suite.judging import Judges

_PROGRAM = Path(__file__).with_name("player_program.py")
_SECONDS = 60.0


class PlayerError(HookproofError):
    """The player has ended, although it was not asked to. The text says how."""

    status = Status.HARNESS


@dataclass(frozen=True, slots=True)
class Play:
    """Asks for a case."""

    number: int
    case: Case
    run: Path
    options: PlayOptions
    judges: Judges


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Asks for the end of a case that is being played."""

    number: int


@dataclass(frozen=True, slots=True)
class Played:
    """A case is over; without a result it was interrupted, and is cleared away."""

    number: int
    result: Result | None


class Player:
    """The player of this process, which plays one case at a time."""

    def __init__(self, wanted: Level | None, *, allow_network: bool) -> None:
        """Begin it. Raises IsolationError when `wanted` cannot be had, PlayerError when it ends on its way."""
        ours, theirs = socket.socketpair()
        self._number = 0
        self._sending = threading.Lock()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would have to be read
        self._connection = Connection(ours.detach())
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_PROGRAM), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
            )
        try:
            self.isolation = self._begun(wanted, allow_network)
        except BaseException:
            self.close()
            raise

    def _begun(self, wanted: Level | None, allow_network: bool) -> Isolation:
        try:
            self._connection.send((sys.path, wanted, allow_network))
            if not self._connection.poll(_SECONDS):
                raise DeadlineMissedError("the isolation in which the scenarios are played", _SECONDS)
            answer: Isolation | HookproofError = self._connection.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        if isinstance(answer, HookproofError):
            raise answer
        return answer

    async def play(self, case: Case, run: Path, options: PlayOptions, judges: Judges) -> Result:
        """Have a case played and judged. Raises PlayerError. Who is cancelled waits until it is cleared away."""
        self._number += 1
        asked = Play(self._number, case, run, options, judges)
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(None, self._exchange, asked)
        try:
            played = await asyncio.shield(answer)
        except asyncio.CancelledError:
            await loop.run_in_executor(None, self._interrupt, asked.number)
            await asyncio.wait([answer])
            answer.exception()  # it is gone, and with it the case: nobody asks any more
            raise
        assert played.result is not None, "only who interrupts is told of an interruption"
        return played.result

    def _exchange(self, asked: Play) -> Played:
        try:
            self._send(asked)
            while True:
                played: Played = self._connection.recv()
                if played.number == asked.number:
                    return played
        except (EOFError, OSError):
            raise self._ended() from None

    def _interrupt(self, number: int) -> None:
        with contextlib.suppress(OSError):  # it has ended by itself
            self._send(Interrupt(number))

    def _send(self, message: Play | Interrupt) -> None:
        with self._sending:
            self._connection.send(message)

    def close(self) -> None:
        """End it, and wait until it has cleared away. May be called twice."""
        self._connection.close()
        self._wait()
        self._said.close()

    def _wait(self) -> None:
        try:
            self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ended(self) -> PlayerError:
        self._wait()
        status = self._process.returncode
        number = -status if status < 0 else status - 128
        how = f"exit status {status}"
        with contextlib.suppress(ValueError):
            how = signal.Signals(number).name
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return PlayerError(f"the process that plays scenarios has ended ({how})" + (f": {said[-1]}" if said else ""))
