"""The three processes of a run on Linux: the outer one, the guard, the inner one.

Life: the outer process, which the user started, forks the guard before it has threads. The guard leaves the namespaces
that it is to leave and forks the inner process, which is hookproof itself: the first of its process-id namespace, so
that nothing outlives it. The inner process tells that it is ready, or why it cannot be; then the outer one forwards
signals and does what only it can do (`outside`), until the inner one has ended, whose exit status becomes its own.

Who ends takes the others along, however it is ended: the end of the outer process closes the guard's pipe, and the
guard ends the inner process; the end of the guard is a signal to the inner one; and with the inner one, the kernel ends
whatever there is in its namespace.

Signals: what is not handled by the first process of a namespace does nothing, from inside SIGKILL and SIGSTOP neither.
What asks hookproof to end is handled, and could be sent from inside; so the guard says on a pipe what it sends, and
nothing else is heard. Ctrl-Z stops the inner process by the guard, which wakes it when another has stopped it. SIGABRT
and SIGSEGV that the kernel raises end it, as they end every process. A terminal reaches the outer process and the guard
alone: the inner one leads a session.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import errno
import os
import select
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType
from typing import NoReturn

from hookproof import interrupts
from hookproof.isolation import outside
from hookproof.isolation.level import Level
from hookproof.isolation.linux import kernel, network, users, view
from hookproof.isolation.linux.refusal import PROC, VIEW, NamespaceError, refusal

_MAPPED = b"\0"


@dataclass(frozen=True, slots=True)
class Inside:
    """This process is the inner one."""

    proof: tuple[str, ...]
    view: view.View


@dataclass(frozen=True, slots=True)
class Outer:
    """This process is the outer one, and the inner one is ready."""

    _guard: int
    _inner: int | None
    """A pidfd; None when it has ended already."""
    _control: int
    _told: _Lines
    _requests: Connection

    def serve(self) -> int:
        """Forward signals and do what is asked until the inner process ends. Its exit status, negative for a signal."""
        poll = select.poll()
        poll.register(self._told.handle, select.POLLIN)
        poll.register(self._requests.fileno(), select.POLLIN)
        with interrupts.handled(self._forward):
            while True:
                for handle, _ in poll.poll():
                    if handle == self._told.handle:
                        return self._end()
                    if not self._answer():
                        poll.unregister(handle)

    def _end(self) -> int:
        """The guard has ended; when it was ended before the inner process, that is ended by it, and waited for."""
        word, _, status = self._told.next().partition(" ")
        os.waitpid(self._guard, 0)
        if word == "ended":
            return os.waitstatus_to_exitcode(int(status))
        if self._inner is not None:
            select.select([self._inner], [], [])
        return -signal.SIGKILL

    def _answer(self) -> bool:
        try:
            return outside.answer(self._requests)
        except interrupts.Interrupted as interrupted:
            self._forward(interrupted.number, None)
            return False

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        try:
            os.write(self._control, bytes([number]))
        except OSError:
            return  # the guard is gone, and the inner process with it


class _Lines:
    """What is told over a pipe, a line each."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._buffer = b""

    def next(self) -> str:
        """The next line; empty at the end."""
        while b"\n" not in self._buffer:
            chunk = os.read(self.handle, 4096)
            if not chunk:
                return ""
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()


def enclose(level: Level, *, allow_network: bool, programs: Sequence[str]) -> Inside | Outer:
    """Go on as two: returns Inside in the inner process, Outer in this one. Raises NamespaceError, here alone.

    `programs` are those that every case needs, wherever they are.
    """
    try:
        return _enclose(level, allow_network=allow_network, programs=programs, own_users=True)
    except NamespaceError:
        if os.geteuid() != 0:
            raise
        try:  # root may be forbidden a user namespace, and be able to do without
            return _enclose(level, allow_network=allow_network, programs=programs, own_users=False)
        except NamespaceError:
            pass
        raise


def _enclose(level: Level, *, allow_network: bool, programs: Sequence[str], own_users: bool) -> Inside | Outer:
    told, tell = os.pipe()
    heed, control = os.pipe()
    ours, theirs = socket.socketpair()
    guard = os.fork()
    if guard == 0:
        for handle in (told, control):
            os.close(handle)
        ours.close()
        wanted = kernel.NEWNS | kernel.NEWIPC  # shared memory and queues have no place among the files
        wanted |= 0 if allow_network else kernel.NEWNET
        wanted |= kernel.NEWPID if level == "full" else 0
        wanted |= kernel.NEWUSER if own_users else 0
        part = _Guard(tell, heed, wanted).fork_inner()
        os.close(heed)
        outside.begin(theirs.detach())
        return _begin_inside(part, tell, wanted, programs)
    for handle in (tell, heed):
        os.close(handle)
    theirs.close()
    try:
        lines, inner, ready = _Lines(told), 0, False
        while not (inner and ready):
            word, _, rest = lines.next().partition(" ")
            if word == "map":
                os.write(control, _map(guard))
            elif word == "inner":
                inner = int(rest)
            elif word == "ready":
                ready = True
            else:
                raise NamespaceError(rest or "the process that tried ended without a word")
        return Outer(guard, _opened(inner), control, lines, Connection(ours.detach()))
    except BaseException:
        for handle in (told, control):
            os.close(handle)
        ours.close()
        os.waitpid(guard, 0)
        raise


def _opened(inner: int) -> int | None:
    try:
        return os.pidfd_open(inner)
    except ProcessLookupError:
        return None


def _map(guard: int) -> bytes:
    """Map the guard's users; what it is to be answered."""
    try:
        users.map_to_themselves(guard)
    except OSError as error:
        return bytes([error.errno or 1])
    return _MAPPED


@dataclass(frozen=True, slots=True)
class _Lifelines:
    """What ties the inner process to the guard."""

    guard: int
    """Is at its end when the guard is."""
    heard: int
    """Which signals the guard has sent."""


class _Guard:
    """The process between the outer and the inner one."""

    def __init__(self, tell: int, heed: int, wanted: int) -> None:
        self._tell = tell
        self._heed = heed
        self._wanted = wanted
        self._inner = 0
        self._stopping = False

    def fork_inner(self) -> _Lifelines:
        """Leave the namespaces and fork: returns in the inner process alone."""
        interrupts.disregard()
        step = "unshare"
        try:
            kernel.unshare(self._wanted)
            if self._wanted & kernel.NEWUSER:
                step = "writing the user maps"
                self._ask_for_maps()
            guard, alive = os.pipe()
            heard, say = os.pipe()
            step = "fork"
            self._inner = os.fork()
        except OSError as error:
            _say(self._tell, f"refused {refusal(error, step)}")
            os._exit(0)
        if self._inner == 0:
            for handle in (alive, say):
                os.close(handle)
            return _Lifelines(guard, heard)
        for handle in (guard, heard):
            os.close(handle)
        _say(self._tell, f"inner {self._inner}")
        return self._watch(say)

    def _ask_for_maps(self) -> None:
        _say(self._tell, "map")
        answer = os.read(self._heed, 1)
        if not answer:
            os._exit(0)  # the outer process is gone
        if answer != _MAPPED:
            raise OSError(answer[0], os.strerror(answer[0]))

    def _watch(self, say: int) -> NoReturn:
        """Send what the outer process sends; end the inner process with it, and tell when that has ended."""
        signal.signal(signal.SIGTSTP, self._stop)
        signal.signal(signal.SIGCONT, lambda _number, _frame: os.kill(self._inner, signal.SIGCONT))
        signal.signal(signal.SIGCHLD, self._wake)
        os.close(0)  # nobody reads here, and who closes the other end shall see it
        ended = os.pidfd_open(self._inner)
        poll = select.poll()
        poll.register(self._heed, select.POLLIN)
        poll.register(ended, select.POLLIN)
        while True:
            for handle, _ in poll.poll():
                if handle == ended:
                    _, status = os.waitpid(self._inner, 0)
                    _say(self._tell, f"ended {status}")
                    os._exit(0)
                numbers = os.read(self._heed, 64)
                if not numbers:
                    poll.unregister(self._heed)
                    numbers = bytes([_ending(self._wanted)])
                for number in numbers:
                    _write(say, bytes([number]))
                    os.kill(self._inner, number)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        os.kill(self._inner, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._stopping = False
        self._wake(signal.SIGCHLD, None)

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        """The inner process goes on when somebody else has stopped it: it hears nothing then, and would stay so."""
        with contextlib.suppress(ChildProcessError):  # it has ended, and that was seen
            if not self._stopping and os.waitid(os.P_PID, self._inner, os.WSTOPPED | os.WNOHANG) is not None:
                os.kill(self._inner, signal.SIGCONT)


def _ending(wanted: int) -> signal.Signals:
    """How the inner process is ended when nobody is there any more: its namespace with it, or by itself, tidily."""
    return signal.SIGKILL if wanted & kernel.NEWPID else signal.SIGTERM


def _begin_inside(lifelines: _Lifelines, tell: int, wanted: int, programs: Sequence[str]) -> Inside:
    """Make the place tight, prove it, tell that it is ready. Whoever cannot ends here."""
    step = "setsid"
    try:
        os.setsid()
        step = "making mounts private"
        kernel.keep_mounts_to_ourselves()
        step = "leaving the session's keys"
        proof = [_leave_keys(), "shared memory, semaphores, message queues: of its own"]
        if wanted & kernel.NEWPID:
            step = PROC
            kernel.mount("proc", "/proc", kernel.NO_SETUID | kernel.NO_DEVICES | kernel.NO_PROGRAMS)
        if wanted & kernel.NEWNET:
            network.keep_sockets_from_children()
            step = "starting loopback"
            hidden = network.start()
            proof += network.prove()
            proof += [f"resolvers hidden: {', '.join(hidden)}"] if hidden else []
        step = VIEW
        seen = view.build(programs)
        step = "proving the view of files"
        proof += seen.prove()
        step = "hiding from others"
        kernel.hide_from_others()
        # the last step that changes credentials is behind us: a change would take this back
        kernel.die_with_parent(_ending(wanted))
    except OSError as error:
        _refuse(tell, refusal(error, step))
    except NamespaceError as error:
        _refuse(tell, str(error))
    ended = select.poll()
    ended.register(lifelines.guard, select.POLLIN)
    if ended.poll(0):
        os._exit(0)  # the guard has ended before its end would have been a signal
    if wanted & kernel.NEWPID:
        proof.append("process ids: of its own, hookproof is the first process")
    interrupts.take_inside(lifelines.heard)
    _say(tell, "ready")
    os.close(tell)
    return Inside(tuple(proof), seen)


def _leave_keys() -> str:
    """The proof. Raises OSError."""
    try:
        kernel.leave_keys()
    except OSError as error:
        if error.errno not in {errno.ENOSYS, errno.EPERM}:
            raise
        return f"keys of the session: not to be had here ({error.strerror})"  # for nobody, by the same call
    return "keys of the session: none, in a keyring of its own"


def _refuse(tell: int, why: str) -> NoReturn:
    _say(tell, f"refused {why}")
    os._exit(0)


def _say(handle: int, line: str) -> None:
    _write(handle, f"{line}\n".encode())


def _write(handle: int, content: bytes) -> None:
    try:
        os.write(handle, content)
    except OSError:
        return  # nobody listens any more
