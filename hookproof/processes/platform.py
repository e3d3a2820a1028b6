"""What each system provides, and the choice among them: the only place that asks which system this is.

`linux`, `windows` and `portable` fill the interface, side by side.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from hookproof.processes.base import (
    Activity,
    Child,
    Container,
    Identity,
    Instant,
    OnDeath,
    ProcessInfo,
    Stream,
    Watcher,
)
from hookproof.processes.registry import Entry


class Platform(Protocol):
    """What each platform provides. The public functions of `hookproof.processes` carry the full descriptions."""

    def instant(self) -> Instant: ...

    def machine_identity(self) -> dict[str, str]: ...

    def identify(self, pid: int) -> Identity | None: ...

    def is_alive(self, identity: Identity) -> bool: ...

    def is_unreaped(self, identity: Identity) -> bool: ...

    def activity(self, identity: Identity) -> Activity | None: ...

    def signal_process(self, identity: Identity, number: int) -> bool: ...

    def kill(self, identity: Identity) -> bool: ...

    def find(self, token: str, *, since: Instant, entry: Entry | None = None) -> Iterator[ProcessInfo]: ...

    def of_nobody(self) -> Iterator[ProcessInfo]: ...

    def forget(self) -> None: ...

    def wait_dead(self, identities: Iterable[Identity], *, seconds: float) -> list[Identity]: ...

    def watch_deaths(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> Watcher: ...

    def open_container(self, folder: str | None, programs: Sequence[str]) -> Container | None: ...

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str],
        stdin: Stream,
        stdout: Stream,
        stderr: Stream,
        limit: int,
        container: Container | None,
    ) -> Child: ...

    def adopt_orphans(self) -> str | None: ...

    def become_subreaper(self) -> bool: ...

    def is_subreaper(self) -> bool: ...

    def reap_adopted(self, *, only_spawn_detaches: bool) -> int: ...


def choose() -> Platform:
    """The best that this system offers. Linux without pidfds (before 5.4, or forbidden) is served like any other."""
    if sys.platform == "win32":
        from hookproof.processes import windows  # noqa: PLC0415 - cannot be imported elsewhere

        return windows
    else:  # noqa: RET505 - mypy reads branches of this shape for the right system alone
        if sys.platform == "linux":
            from hookproof.processes import linux  # noqa: PLC0415

            if linux.usable():
                return linux
        from hookproof.processes import portable  # noqa: PLC0415 - psutil takes 20 ms to import

        return portable


native: Platform = choose()
