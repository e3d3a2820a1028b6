"""Records who sent a signal to this process, before the signal does its work.

The signals that end a Codex are blocked before any thread exists, so that every thread inherits the mask; one thread
waits for them. What arrives is told to the recorder, and then the process dies of that very signal, so that its wait
status is the one a real Codex would have. Only Linux tells the sender; elsewhere signals work as they always do.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Told = Callable[[int, str, int, int, int | None], None]
    """Signal number, its name, the sender's pid and uid (0 for the kernel), and its parent's pid if it still runs."""

if sys.platform == "linux":
    import os
    from _thread import start_new_thread

    if TYPE_CHECKING:
        import signal
    else:
        # the same, without its enums: half a millisecond
        import _signal as signal

    ENDING: dict[int, str] = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "SIGINT", signal.SIGHUP: "SIGHUP"}

    def block() -> None:
        """Keep the ending signals pending until `watch`. Called before the first thread starts."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # Python's own handler would turn the signal that we die of into an exception
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    def watch(told: Told) -> None:
        """Start the thread that takes the first ending signal, tells it, and lets the process die of it."""
        start_new_thread(_take, (told,))

    def _take(told: Told) -> None:
        received = signal.sigwaitinfo(ENDING)
        number = received.si_signo
        try:
            told(number, ENDING[number], received.si_pid, received.si_uid, _parent(received.si_pid))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
            os.kill(os.getpid(), number)

    def _parent(pid: int) -> int | None:
        """Whose child the sender is: hosts run a hook through a shell, and it is the shell's pid that they know."""
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # the name in parentheses may hold anything, also parentheses and spaces
                return int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return None

else:

    def block() -> None:
        """Nothing to do where the sender of a signal is not told."""

    def watch(told: Told) -> None:
        """Nothing to do where the sender of a signal is not told."""
