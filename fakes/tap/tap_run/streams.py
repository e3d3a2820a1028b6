"""The hook's streams on POSIX, between its own ends and those that the host has given."""

from __future__ import annotations

import os
import select
import stat
from _socket import socketpair

from standin.hook_record import SHOWN, Output


class Stream:
    """One of the two outputs: read from the hook, kept, written to the host."""

    def __init__(self, source: int, target: int) -> None:
        self.source: int | None = source
        self.target = target
        self.pending = b""
        self.kept = Output(SHOWN)
        self._told_end = False

    @property
    def open(self) -> bool:
        """Whether there is more to come, or to hand on."""
        return self.source is not None or bool(self.pending)

    def register(self, poller: select.poll) -> None:
        """What it waits for: room at the host's end, or else more from the hook; and always the host's letting go."""
        if self.open:
            # errors are told unasked
            poller.register(self.target, select.POLLOUT if self.pending else 0)
        if self.source is not None and not self.pending:
            poller.register(self.source, select.POLLIN)

    def see_to(self, ready: dict[int, int]) -> None:
        """Do what has become possible."""
        at_target = ready.get(self.target, 0)
        if at_target & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            self._let_go()
        elif at_target:
            self._write()
        elif self.source in ready:
            self._read()

    def pass_on_end(self) -> None:
        """Let the host see the end of this stream, where the hook has closed it and lives on."""
        if not self.open and not self._told_end:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.target)
            os.close(nothing)
            self._told_end = True

    def _read(self) -> None:
        assert self.source is not None
        try:
            self.pending = os.read(self.source, 65536)
        except BlockingIOError:
            return
        except OSError:
            self.pending = b""
        if self.pending:
            self.kept.add(self.pending)
        else:
            self._close()

    def _write(self) -> None:
        try:
            # no more than a pipe that has room takes at once
            self.pending = self.pending[os.write(self.target, self.pending[:4096]) :]
        except OSError:
            self._let_go()

    def _let_go(self) -> None:
        """The host reads no more: the hook is to learn that, if a moment later than without us."""
        self.pending = b""
        self._close()

    def _close(self) -> None:
        if self.source is not None:
            os.close(self.source)
            self.source = None


def channel(like: int) -> tuple[int, int]:
    """The hook's end and ours, of the kind that the host has given: a program can tell a socket from a pipe."""
    if stat.S_ISSOCK(os.fstat(like).st_mode):
        theirs, ours = socketpair()
        return theirs.detach(), ours.detach()
    reads, writes = os.pipe()
    return (reads, writes) if like == 0 else (writes, reads)


def make_sure_of(number: int) -> None:
    """A descriptor that the host has left closed is not to be taken by a file of ours."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)
