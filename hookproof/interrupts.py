"""Signals that ask hookproof to end: Ctrl-C, SIGTERM and the hangup of a closed terminal (Ctrl-Break on Windows).

Life: `take` is the first thing that the program does. What such a signal does then depends on what is at stake:
- at first (imports, the command line) and at the very end nothing is: one sentence, and the process ends;
- while a verb is at work (`unwinding`) it is raised as `Interrupted`, so that whoever made something removes it;
- in a coroutine (`run`) and in a pool of cases (pool.py) it cancels, so that nothing is cut off between two awaits;
- for a few lines that belong together (`held`) it waits.
`told` makes the one sentence and the exit status of it. A signal that was ignored when this process was started stays
ignored: `nohup` and the background jobs of scripts mean it so. This module imports next to nothing, since a signal
before its first line is Python's own.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` is made of, without the 3 ms that enums cost
import errno
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import FrameType, TracebackType
    from typing import Any, Self, TypeVar

    T = TypeVar("T")
    Handler = Callable[[int, FrameType | None], object]

KEYS = frozenset(getattr(_signal, name) for name in ("SIGINT", "SIGBREAK") if hasattr(_signal, name))
"""What a key on the terminal sends: each press is meant."""

ASKING = (*sorted(KEYS), *(getattr(_signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(_signal, name)))
"""What asks us to end."""

INTERRUPTED = 130
"""The exit status of who was interrupted by a key, as shells have it: 128 and the number of SIGINT."""

going_on: str | None = None
"""How to go on with what was kept, as the last clause of the sentence. Set by who keeps something."""

_ONE_EVENT_SECONDS = 1.0
_IGNORED: tuple[object, ...] = (_signal.SIG_IGN, None)
_program = False
_heard: int | None = None
_meant: list[int] = []
_doing: list[str | Callable[[], str]] = []


class Interrupted(KeyboardInterrupt):
    """A signal asked us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Asked:
    """Whether this run was asked to end: by which signal first, and what it was doing then."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.doing = ""
        self._at = 0.0

    def first(self, number: int) -> bool:
        """Note a signal. Whether it is the first; one more ends this process on the spot.

        SIGTERM and SIGHUP often come twice from one sender (`timeout` sends to its child and then to its group, a
        shell passes on the hangup that the kernel has sent already): shortly after the first they are the same.
        """
        if not _is_meant(number):
            return False
        return self._noted(number)

    def hung_up(self) -> None:
        """The terminal is gone, whose hangup has not been heard yet."""
        self._noted(_signal.SIGHUP)

    def _noted(self, number: int) -> bool:
        now = time.monotonic()
        if self.number is None:
            self.number, self._at = number, now
            said = _doing[-1] if _doing else ""
            self.doing = said if isinstance(said, str) else said()
            return True
        if number in KEYS or now - self._at > _ONE_EVENT_SECONDS:
            _leave(self.number)
        return False

    def check(self) -> None:
        """Raise Interrupted when we were asked: what was raised then may have been lost on its way."""
        if self.number is not None:
            raise Interrupted(self.number)


asked = Asked()
"""What this run was asked."""


def begin() -> Asked:
    """The start of a run. A program is asked once in its life, a test process may play many times."""
    global asked  # noqa: PLW0603 - signals are the process's, so is this
    if not _program:
        asked = Asked()
    return asked


def take() -> None:
    """This process is the program hookproof, and hears what asks it to end from here on."""
    global _program  # noqa: PLW0603
    if not _program and _set(_end_at_once):
        _program = True


def disregard() -> None:
    """This process stands between the program and its inner process, and only hands on what it is given."""
    _set(_do_nothing)


def take_inside(heard: int) -> None:
    """This process is the program, as the inner one of `isolation.linux.enclosure`.

    Any process of a run may signal it. It hears only what stands in the pipe `heard` beside: the outer process sent it.
    """
    global _heard  # noqa: PLW0603
    if sys.platform != "win32":  # which has no inner process
        os.set_blocking(heard, False)
    _heard = heard
    _set(_end_at_once)


def over() -> None:
    """The program has nothing left to do: what asks it to end now comes too late, and its exit status stands.

    Python's own way down is not interrupted: it would be told by a traceback.
    """
    if _program:
        _set(_signal.SIG_IGN)


def status(number: int | None) -> int:
    """The exit status, as shells have it."""
    return INTERRUPTED if number is None or number in KEYS else 128 + number


class during:  # noqa: N801 - read as a sentence: with during("the cases were played")
    """What is done in the block, for the sentence: "interrupted while …". A function is asked when it is needed."""

    def __init__(self, what: str | Callable[[], str]) -> None:
        self._what = what

    def __enter__(self) -> None:
        _doing.append(self._what)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _doing.pop()


class handled:  # noqa: N801
    """Within the block `handler` receives the signals that ask hookproof to end. Only in the main thread."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if _in_main_thread():
            try:
                for number in ASKING:
                    before = _signal.getsignal(number)
                    if before not in _IGNORED:
                        self._before[number] = before
                        _signal.signal(number, self._handler)
            except BaseException:
                self._restore()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _restore(self) -> None:
        while self._before:
            _signal.signal(*self._before.popitem())


class held(handled):  # noqa: N801
    """In the block nothing is interrupted; after it Interrupted is raised, if it was asked for."""

    def __init__(self) -> None:
        super().__init__(_note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if error is None:
            asked.check()


class unwinding(handled):  # noqa: N801
    """In the block a signal is raised as Interrupted, wherever the main thread is.

    Where Python can only tell of an exception and go on (in a finaliser) it is silent, and raised at the end.
    """

    def __init__(self) -> None:
        super().__init__(_raise)

    def __enter__(self) -> Self:
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        sys.unraisablehook = self._hook
        if error is None:
            asked.check()

    def _unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, Interrupted):
            self._hook(unraisable)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """asyncio.run, cancelled by a signal in the main thread: the coroutine clears away, then Interrupted is raised."""
    import asyncio  # noqa: PLC0415 - not before it is needed

    ours = begin() if _in_main_thread() else Asked()
    cancel: list[Callable[[], object]] = []

    def heard(number: int, _frame: FrameType | None) -> None:
        if ours.first(number) and cancel:
            cancel[0]()

    async def cancelled_by_signals() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if ours.number is not None:
            coroutine.close()
            raise asyncio.CancelledError
        return await coroutine

    with handled(heard):
        try:
            result = asyncio.run(cancelled_by_signals())
        except asyncio.CancelledError:
            ours.check()
            raise
    ours.check()
    return result


def told(error: BaseException) -> int:
    """Say the one sentence; the exit status. `error` is what came of the interruption: its own, or another's.

    Nothing is raised when nobody can be told: the terminal may be gone.
    """
    number = error.number if isinstance(error, Interrupted) else asked.number
    trouble = "" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
    try:
        print(_sentence(number, trouble), file=sys.stderr, flush=True)
        sys.stdout.flush()
    except (OSError, ValueError):
        _nowhere()
    return status(number)


def caused(error: BaseException) -> bool:
    """Whether `error` comes of an interruption, whatever it is: a closed terminal makes errors of all that is printed.

    It may do that before its hangup is heard.
    """
    if _hung_up(error):
        asked.hung_up()
    return isinstance(error, KeyboardInterrupt) or asked.number is not None


def _hung_up(error: BaseException) -> bool:
    if not isinstance(error, OSError) or error.errno != errno.EIO or asked.number is not None:
        return False
    for stream in (1, 2):
        try:
            os.write(stream, b"")
        except OSError as refusal:
            if refusal.errno == errno.EIO:
                return hasattr(_signal, "SIGHUP")
    return False


def _sentence(number: int | None, trouble: str = "") -> str:
    name = {getattr(_signal, name, None): f" by {name}" for name in ("SIGTERM", "SIGHUP")}.get(number, "")
    doing = f" while {asked.doing}" if asked.doing else ""
    left = f"its next run clears away what is left ({trouble})" if trouble else "nothing of it is left running"
    return f"hookproof: interrupted{name}{doing}; {left}" + (f"; {going_on}" if going_on else "")


def _nowhere() -> None:
    """What is still to be written goes nowhere: Python would fail on its way down."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            try:
                os.dup2(nowhere, stream.fileno())
            except (OSError, ValueError, AttributeError):
                continue


def _is_meant(number: int) -> bool:
    """Whether whoever may ask us to end has sent this signal. When nobody is left who could say so, everybody may."""
    if _heard is None:
        return True
    try:
        sent = os.read(_heard, 64)
    except BlockingIOError:
        pass
    else:
        if not sent:
            return True
        _meant.extend(sent)
    if number not in _meant:
        return False
    # the kernel makes one of two that come at once
    _meant[:] = [each for each in _meant if each != number]
    return True


def _set(handler: Any) -> bool:
    """Give every signal that is not ignored to `handler`. False in another thread than the main one."""
    if not _in_main_thread():
        return False
    for number in ASKING:
        if _signal.getsignal(number) not in _IGNORED:
            _signal.signal(number, handler)
    return True


def _in_main_thread() -> bool:
    threading = sys.modules.get("threading")
    return threading is None or threading.current_thread() is threading.main_thread()


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    if asked.first(number):
        _say(_sentence(number))
        os._exit(status(number))


def _raise(number: int, _frame: FrameType | None) -> None:
    if asked.first(number):
        raise Interrupted(number)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    return


def _note(number: int, _frame: FrameType | None) -> None:
    asked.first(number)


def _leave(number: int) -> None:
    _say("hookproof: interrupted again; what it could not end is ended by its next run")
    os._exit(status(number))


def _say(text: str) -> None:
    # not by way of sys.stderr, in the middle of whose work a signal may come
    try:  # noqa: SIM105 - contextlib is not imported for this
        os.write(2, f"{text}\n".encode())
    except OSError:
        pass
