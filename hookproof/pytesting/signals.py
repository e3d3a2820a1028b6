"""pytest: signals while scenarios are played, in the one process that there is, or in xdist's controller and workers.

Nobody else's run is changed: a process listens only while it plays a case, the controller as soon as a worker has
collected one. What ends a case there, and what comes after it:
- Ctrl-C is pytest's own KeyboardInterrupt, with the case cleared away first;
- SIGTERM and a hangup end pytest as Ctrl-C does, with 143 and 129;
- a worker that is asked to end clears away and then dies of the signal, as it would without hookproof: the controller
  counts it as crashed and goes on;
- a controller that ends, or is killed, is noticed by its workers at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import pytest

from hookproof import interrupts
from hookproof.pytesting.files import is_node_of_ours
from hookproof.suite.pool import Pool

_LIFELINE: pytest.StashKey[Lifeline] = pytest.StashKey()
_SIGNALS = [number for number in interrupts.ASKING if number not in interrupts.KEYS]
"""Those that pytest has no way of its own with."""


def play(config: pytest.Config, case: Callable[[Pool], None]) -> None:
    """Let `case` play in a pool, in a thread of its own. Raises KeyboardInterrupt or pytest's Exit when interrupted."""
    worker = hasattr(config, "workerinput")
    # execnet interrupts a worker once more when it is not gone after some seconds, and nobody sits there to insist
    pool = Pool(insists=not worker)
    try:
        with pool, _lifeline(config).cut(pool.interrupt) if worker else contextlib.nullcontext():
            pool.each(lambda _: case(pool), range(1), workers=1)
    except interrupts.Interrupted as interrupted:
        number = interrupted.number
        if number in interrupts.KEYS:
            raise KeyboardInterrupt from None
        if worker or callable(signal.getsignal(number)):
            signal.raise_signal(number)  # whoever had it before the case has it now
        raise _exit(number) from None


class Lifeline:
    """What ties a worker of xdist to its controller: the process that started it, and the channel to it."""

    def __init__(self, config: pytest.Config) -> None:
        self._lock = threading.Lock()
        self._is_cut = False
        self._on_cut: Callable[[], None] | None = None
        parent = os.getppid()
        channels: list[Any] = [getattr(each, "channel", None) for each in config.pluginmanager.get_plugins()]
        waits = [each.waitclose for each in channels if callable(getattr(each, "waitclose", None))]
        for wait in (*waits, lambda: _until_death(parent)):
            threading.Thread(target=self._watch, args=(wait,), name="lifeline", daemon=True).start()

    @contextlib.contextmanager
    def cut(self, on_cut: Callable[[], None]) -> Iterator[None]:
        """In the block call `on_cut`, in some thread, when the controller is gone; at once when it is already."""
        with self._lock:
            self._on_cut = on_cut
            is_cut = self._is_cut
        if is_cut:
            on_cut()
        try:
            yield
        finally:
            with self._lock:
                self._on_cut = None

    def _watch(self, wait: Callable[[], object]) -> None:
        try:
            wait()
        except _NotRecordedError:
            return
        except Exception:  # noqa: S110 - execnet tells in many ways that a channel is closed; closed it is
            pass
        with self._lock:
            self._is_cut = True
            on_cut = self._on_cut
        if on_cut is not None:
            on_cut()


class _NotRecordedError(Exception):
    """This system has no way to wait for the death of a parent."""


def _until_death(pid: int) -> None:
    if sys.platform != "linux":
        raise _NotRecordedError
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        if os.getppid() != pid:
            return  # it was quicker
        raise _NotRecordedError from None
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        # whoever has another parent by now was left by that one before it could be watched
        while os.getppid() == pid and not poll.poll():
            continue
    finally:
        os.close(pidfd)


def _lifeline(config: pytest.Config) -> Lifeline:
    if _LIFELINE not in config.stash:
        config.stash[_LIFELINE] = Lifeline(config)
    return config.stash[_LIFELINE]


class Controller:
    """xdist's controller, once a worker has collected scenarios: asked to end it waits until its workers have ended."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._asked = False

    def listen(self, config: pytest.Config, ids: Sequence[str]) -> None:
        """A worker has collected `ids`."""
        if self._before or threading.current_thread() is not threading.main_thread():
            return
        if any(is_node_of_ours(config, each) for each in dict.fromkeys(id_.partition("::")[0] for id_ in ids)):
            for number in _SIGNALS:
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._on_signal)

    def close(self) -> None:
        """Everything is as it was."""
        while self._before:
            signal.signal(*self._before.popitem())

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # the second of one event (a shell passes on a hangup) is as good as the first: xdist waits ten seconds at most
        if not self._asked:
            self._asked = True
            raise _exit(number)


def _exit(number: int) -> BaseException:
    return pytest.exit.Exception(f"hookproof: {signal.Signals(number).name}", returncode=interrupts.status(number))
