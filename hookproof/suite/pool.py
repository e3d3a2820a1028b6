"""Cases side by side, each in a thread with an event loop of its own; an interrupt ends them all.

A signal that asks us to end (interrupts.py) reaches the main thread alone, which waits for the others, and on Windows
cannot be woken from that. So the signal itself wakes a thread: it cancels what is being played, each case ends its
processes and removes what it made, and whoever waits for it is told by KeyboardInterrupt. Whoever interrupts again is
let go at once; what was still running then is ended by its Job Object on Windows, and by the next start elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from hookproof import interrupts

T = TypeVar("T")

_BY_HAND = 128
"""Added to a signal's number by the handler, which knows of no second one."""


class Pool:
    """Threads that play. Entered in the main thread it takes the interrupts; in another it leaves them alone.

    `insists` is whether one more signal ends this process at once; `doing` says what is played, for the sentence of an
    interruption, where that is not the cases of a run.
    """

    def __init__(self, *, insists: bool = True, doing: str | None = None) -> None:
        self._lock = threading.Lock()
        self._interrupted = False
        self._insists = insists
        self._doing = doing
        self._asked = interrupts.Asked()
        self._playing: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._over = 0
        self._undo = contextlib.ExitStack()

    def play(self, case: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, in this thread. Raises KeyboardInterrupt when an interrupt has cancelled it."""
        try:
            return asyncio.run(self._registered(case))
        except asyncio.CancelledError:
            if self._interrupted:
                raise self._interruption() from None
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
                self._over += not self._interrupted

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        self._asked = interrupts.begin()
        ours, kernels = socket.socketpair()
        kernels.setblocking(False)
        listening = threading.Thread(target=self._listen, args=(ours,), name="interrupts", daemon=True)

        def heard(number: int, _frame: FrameType | None) -> None:
            # the number itself is on its way already, unless somebody else has taken the file descriptor
            with contextlib.suppress(OSError):
                kernels.send(bytes([_BY_HAND + number]))

        try:
            listening.start()
            self._undo.callback(_close, kernels, listening)
            self._undo.enter_context(interrupts.during(self._what))
            self._undo.enter_context(interrupts.handled(heard))
            before = signal.set_wakeup_fd(kernels.fileno(), warn_on_full_buffer=False)
            self._undo.callback(signal.set_wakeup_fd, before)
            self._asked.check()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._undo.close()
        if error is None and self._interrupted:  # after the last case
            raise self._interruption()

    def _interruption(self) -> KeyboardInterrupt:
        """Of a signal, or of whoever called `interrupt`."""
        number = self._asked.number
        return KeyboardInterrupt() if number is None else interrupts.Interrupted(number)

    def _what(self) -> str:
        if self._doing is not None:
            return self._doing
        played = len(self._playing)
        over = f"{self._over} {'was' if self._over == 1 else 'were'} over"
        return f"it played {played} case{'' if played == 1 else 's'} ({over})"

    def _listen(self, ours: socket.socket) -> None:
        with ours:
            while numbers := ours.recv(64):
                for number in numbers:
                    if number in interrupts.ASKING:
                        self._signalled(number)
                    elif number - _BY_HAND in interrupts.ASKING and not self._interrupted:
                        self._signalled(number - _BY_HAND)

    def _signalled(self, number: int) -> None:
        if (self._insists or self._asked.number is None) and self._asked.first(number):
            self.interrupt()


def _close(kernels: socket.socket, listening: threading.Thread) -> None:
    kernels.close()
    listening.join()
