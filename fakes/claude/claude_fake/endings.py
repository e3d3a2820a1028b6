"""Kills hooks and shells: which signals are sent, when, and to which processes.

One for the whole host. The first signals go out at once, later ones from a thread, to exactly the processes that were
there at the beginning; the host leaves only when all that was due has been done.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .system import Child, Victims


class Endings:
    """Ends processes and remembers what is still due."""

    def __init__(self, *, reach_group: bool) -> None:
        self._reach_group = reach_group
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def begin(self, process: Child, signals: list[tuple[str, int]]) -> None:
        """Send `signals`, (name, milliseconds to wait before it), to a process, its descendants, perhaps its group."""
        final = signals[0][0] == "SIGKILL"
        victims = process.victims(group=self._reach_group, frozen=final)
        later = list(signals)
        while later and not later[0][1]:
            name = later.pop(0)[0]
            grouped = self._reach_group and not final
            if grouped:
                process.signal_group(name)
            victims.send(name, outside_group=process.pgid if grouped else None)
        if not later:
            victims.close()
            return
        thread = threading.Thread(target=self._go_on, args=(victims, later), daemon=True)
        with self._lock:
            thread.start()
            self._threads.append(thread)

    def _go_on(self, victims: Victims, signals: list[tuple[str, int]]) -> None:
        for name, after in signals:
            if victims.wait(after / 1000):
                break
            if name == "SIGKILL":
                victims.grow()
            victims.send(name)
        victims.close()

    def wait_for_all(self) -> None:
        """Wait until everything that is due has been done."""
        with self._lock:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()
