"""Being told of deaths."""

from __future__ import annotations

import asyncio

from hookproof.processes.base import Identity, OnDeath
from hookproof.processes.platform import native


class DeathWatch:
    """Calls `on_death` in the thread of `loop` when a watched process dies, by event and never by looking again.

    Any process of ours can be watched, child or not. The `exit` of a Death is there

    - of a child that `spawn` started: always;
    - of a child that this process adopted (`become_subreaper`) or started by other means: always. An adopted one is
      reaped; the status of one that somebody else here started is looked at and left to them;
    - of any other on Linux: when its parent has not reaped it by the time that the event is here, or always from
      Linux 6.15; of any other on Windows: always;
    - else it is None.

    Use it from the thread of `loop`, and close it before the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> None:
        self._watcher = native.watch_deaths(loop, on_death)

    def watch(self, identity: Identity) -> bool:
        """Watch this very process. True: exactly one Death of it will be told, unless closed before.

        False: it is dead already and nothing more can be learned of it. A zombie whose status is ours to see is told
        as a Death. Watching twice is watching once. Raises OSError when no file descriptor or handle is left.
        """
        return self._watcher.watch(identity)

    def close(self) -> None:
        """Watch nothing any more. May be called twice."""
        self._watcher.close()
