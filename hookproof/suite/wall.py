"""The wall around one case: whatever is raised behind it, and however long it blocks, costs that case alone.

A case is played and judged in a thread of its own. Whoever waits for it asks its event loop for a sign of life: waits
inside a case have deadlines of their own and leave the loop free. A thread that gives no sign, and uses no processor,
for as long as a step may wait is blocked in something that nobody can interrupt, such as a read that never returns; it
is left behind with what it stands in, and whatever it had started is ended. One that works on without a sign is given
ten times as long.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from hookproof import claims
from hookproof.errors import HookproofError

T = TypeVar("T")
U = TypeVar("U")

_BUSY = 10
"""How many times as long one that uses the processor is waited for."""


class BlockedError(HookproofError):
    """Guarded work did not respond. The text says where in the code it is blocked."""


class Guarded(Generic[T]):
    """Runs work in a thread of its own, so that its errors and its blocking stay there. Its caller waits in `run`."""

    def __init__(self, work: Callable[[Guarded[T]], T], *, seconds: float) -> None:
        """`work` is given this object; `seconds` is how long it may be silent."""
        self._work = work
        self._seconds = seconds
        self._done = threading.Event()
        self._value: list[T] = []
        self._raised: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="case", daemon=True)

    async def listening(self, play: Callable[[], Coroutine[Any, Any, U]]) -> U:
        """Play in a loop that can be asked for signs of life."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            return await play()
        finally:
            self._loop = None

    def run(self) -> T:
        """Wait for the work. Raises what it raises, and BlockedError.

        Who is interrupted in waiting cancels the work, and waits on until it has cleared away.
        """
        self._thread.start()
        try:
            self._wait()
        except BlockedError:
            raise
        except BaseException:
            self._cancel()
            self._wait()
            raise
        if self._raised is not None:
            raise self._raised
        return self._value[0]

    def _wait(self) -> None:
        while not self._done.wait(self._seconds):
            if not self._is_alive():
                where = self._stands_in()
                claims.abandon(self._thread.ident)
                raise BlockedError(f"hookproof was held up for good in {where}; what it had started was ended")

    def _cancel(self) -> None:
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with contextlib.suppress(RuntimeError):  # closed this very moment
                loop.call_soon_threadsafe(task.cancel)

    def _run(self) -> None:
        try:
            self._value.append(self._work(self))
        except BaseException as error:  # it is raised where it is waited for
            self._raised = error
        finally:
            claims.forget(threading.get_ident())
            self._done.set()

    def _is_alive(self) -> bool:
        """Whether a sign of life comes: an answer of the loop, the end of the work, or use of the processor."""
        answered = threading.Event()
        for _ in range(_BUSY):
            worked = self._cpu_seconds()
            loop = self._loop
            if loop is not None:
                with contextlib.suppress(RuntimeError):  # closed this very moment
                    loop.call_soon_threadsafe(answered.set)
            deadline = time.monotonic() + self._seconds
            while time.monotonic() < deadline:
                if answered.is_set() or self._done.wait(min(0.5, self._seconds)):
                    return True
            if self._cpu_seconds() == worked:
                return False
        return False

    def _cpu_seconds(self) -> float | None:
        """What the thread has used of the processor; None where the system does not tell."""
        if sys.platform == "win32" or self._thread.ident is None or not hasattr(time, "pthread_getcpuclockid"):
            return None
        with contextlib.suppress(OSError):
            return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident))
        return None

    def _stands_in(self) -> str:
        frame = sys._current_frames().get(self._thread.ident or 0)
        calls = traceback.extract_stack(frame) if frame is not None else []
        ours = [call for call in calls if "hookproof" in call.filename] or calls
        if not calls:
            return "a thread that is gone"
        line = f"{ours[-1].filename.rpartition('hookproof')[2].lstrip('/')}, line {ours[-1].lineno}"
        called = "" if ours[-1] is calls[-1] else f"{calls[-1].name}, called by "
        return f"{called}{ours[-1].name} ({line})"
