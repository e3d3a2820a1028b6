"""What a player does inside: it plays one case after the other, as long as whoever asked for it is there.

The main thread plays, since it hears signals; another one listens. When the connection ends, what is being played is
cleared away; if that takes too long, this process ends at once, and its namespace with it.
"""

from __future__ import annotations

import os
import queue
import threading
from multiprocessing.connection import Connection

from hookproof import claims, interrupts, processes
from hookproof.report.results import Result
from hookproof.suite.player import Interrupt, Play, Played
from hookproof.suite.pool import Pool
from hookproof.suite.preflight import Launches

_CLEARING_SECONDS = 20.0


def serve(connection: Connection) -> int:
    """Play what is asked for until the connection ends. The exit status."""
    processes.adopt_orphans()
    asked, launches = _Asked(connection), Launches()
    try:
        while (one := asked.next()) is not None:
            if one.play.number == 1:
                claims.clear_away()
            played = Played(one.play.number, _result(one, launches))
            connection.send(played)
    except interrupts.Interrupted as interrupted:
        return interrupts.told(interrupted)
    except OSError:  # nobody is there any more
        return 0
    return 0


class _One:
    """A case that is asked for, and the pool in which it can be interrupted before it is begun."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.pool = Pool(insists=False)


class _Asked:
    """What is asked for, read in a thread of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[_One | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="asked", daemon=True).start()

    def next(self) -> _One | None:
        """The next case; None at the end of the connection."""
        return self._waiting.get()

    def _listen(self) -> None:
        playing: _One | None = None
        while True:
            try:
                message: Play | Interrupt = self._connection.recv()
            except (EOFError, OSError):
                break
            if isinstance(message, Play):
                playing = _One(message)
                self._waiting.put(playing)
            elif playing is not None and playing.play.number == message.number:
                playing.pool.interrupt()
        if playing is not None:
            playing.pool.interrupt()
        self._waiting.put(None)
        threading.Event().wait(_CLEARING_SECONDS)
        os._exit(1)


def _result(one: _One, launches: Launches) -> Result | None:
    """None when it was interrupted, and is cleared away. Raises Interrupted when this process is asked to end."""
    results: list[Result] = []
    asked = one.play

    def work(_: int) -> None:
        results.append(launches.run_case(asked.case, asked.run, asked.options, asked.judges, runner=one.pool.play))

    try:
        with one.pool:
            one.pool.each(work, range(1), workers=1)
    except interrupts.Interrupted:
        raise
    except KeyboardInterrupt:
        return None
    return results[0]
