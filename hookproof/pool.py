"""Cases side by side, each in a thread with an event loop of its own; an interrupt ends them all.

Ctrl-C (and Ctrl-Break on Windows) reaches the main thread alone, which waits for the others, and on Windows cannot be
woken from that. So the signal itself wakes a thread: it cancels what is being played, each case ends its processes and
removes what it made, and whoever waits for it is told by KeyboardInterrupt. Whoever interrupts again is let go at once;
what was still running then is ended by its Job Object on Windows, and by the next start elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

INTERRUPTED = 130
"""The exit status of who was interrupted, as shells have it: 128 and the number of SIGINT."""

_SIGNALS = [signal.SIGINT]
if sys.platform == "win32":
    _SIGNALS.append(signal.SIGBREAK)


class Pool:
    """Threads that play. Entered in the main thread it takes the interrupts; in another it leaves them alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupted = False
        self._playing: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._undo = contextlib.ExitStack()

    def play(self, case: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, in this thread. Raises KeyboardInterrupt when an interrupt has cancelled it."""
        try:
            return asyncio.run(self._registered(case))
        except asyncio.CancelledError:
            if self._interrupted:
                raise KeyboardInterrupt from None
            raise

    def each(self, work: Callable[[int], None], numbers: Iterable[int], *, workers: int) -> None:
        """Do `work` for each number, `workers` at a time. What one raises, the first in order, ends it all."""
        with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="case") as threads:
            futures = [threads.submit(work, number) for number in numbers]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                for future in futures:
                    future.cancel()
                self.interrupt()
                raise

    def interrupt(self) -> None:
        """Cancel whatever is being played, once: it is let clear away. Nothing begins any more."""
        with self._lock:
            if self._interrupted:
                return
            self._interrupted = True
            for task, loop in self._playing.items():
                loop.call_soon_threadsafe(task.cancel)

    async def _registered(self, case: Coroutine[Any, Any, T]) -> T:
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            if self._interrupted:
                case.close()
                raise asyncio.CancelledError
            self._playing[task] = asyncio.get_running_loop()
        try:
            return await case
        finally:
            with self._lock:
                del self._playing[task]

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        ours, kernels = socket.socketpair()
        kernels.setblocking(False)
        listening = threading.Thread(target=self._listen, args=(ours,), name="interrupts", daemon=True)
        listening.start()
        before = signal.set_wakeup_fd(kernels.fileno(), warn_on_full_buffer=False)
        # who runs in the background of a script was told to ignore Ctrl-C, and does
        for number in (each for each in _SIGNALS if signal.getsignal(each) not in {signal.SIG_IGN, None}):
            self._undo.callback(signal.signal, number, signal.signal(number, _heard))
        self._undo.callback(_close, kernels, listening)
        self._undo.callback(signal.set_wakeup_fd, before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._undo.close()
        if error is None and self._interrupted:  # after the last case
            raise KeyboardInterrupt

    def _listen(self, ours: socket.socket) -> None:
        with ours:
            while numbers := ours.recv(64):
                for number in numbers:
                    if number in _SIGNALS:
                        _leave() if self._interrupted else self.interrupt()


def _heard(_number: int, _frame: FrameType | None) -> None:
    """The thread that listens does what is to be done."""


def _close(kernels: socket.socket, listening: threading.Thread) -> None:
    kernels.close()
    listening.join()


def _leave() -> None:
    print("hookproof: interrupted again; what it could not end is ended by its next run", file=sys.stderr, flush=True)
    os._exit(INTERRUPTED)
