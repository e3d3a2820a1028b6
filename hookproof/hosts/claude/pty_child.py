"""A pseudo-terminal that a program can own. POSIX only."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Sequence

from hookproof.hosts.session import HostError

HOST_PID = "HOOKPROOF_HOST_PID"
"""The variable by which an owned program's own children know which process it is."""

# a program must own the terminal, or closing it would tell it nothing: only the process itself can take it, and only it
# knows its pid in time to hand it on to its hooks, which tell whose session has begun. Under nohup it would not hear
# that the terminal is closed: nobody whose terminal is really closed has that ignored
_TAKE_TERMINAL = f"""
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.environ["{HOST_PID}"] = str(os.getpid())
os.execvp(sys.argv[1], sys.argv[1:])
"""


def open_terminal(columns: int, rows: int) -> tuple[int, int]:
    """(our end, which never blocks, the program's end). Raises HostError where there are no pseudo-terminals."""
    if sys.platform == "win32":
        raise HostError("Claude Code at a terminal is played on POSIX only: Windows gives Python no pseudo-terminal")
    import fcntl  # noqa: PLC0415 - cannot be imported everywhere
    import termios  # noqa: PLC0415

    try:
        ours, theirs = os.openpty()
    except OSError as error:
        raise HostError(f"cannot open a pseudo-terminal: {error.strerror}") from None
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.set_blocking(ours, False)
    return ours, theirs


def owned(argv: Sequence[str]) -> list[str]:
    """The command that becomes `argv` in the same process, once that has taken the terminal on its stdin for its own.

    To be started as the leader of a session of its own, which every child of `processes.spawn` is on POSIX.
    """
    return [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *argv]
