"""How a process comes to be isolated: by `begin`, the first thing that a verb does which plays.

What holds then holds for the process, and `current` tells it to whoever starts programs or writes a journal.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from hookproof import places
from hookproof.errors import HookproofError
from hookproof.isolation.level import LEVELS, Isolation, Level

T = TypeVar("T")

ALLOW = "--allow-network plays without isolation"
"""What every IsolationError about the network ends with."""

_CLOSED = ("127.0.0.1", 9)
_PROXY = f"http://{_CLOSED[0]}:{_CLOSED[1]}"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_DIRECT = ("NO_PROXY", "no_proxy")

_current = Isolation("none", "none", refused="nobody asked for more")
_view: View | None = None


class IsolationError(HookproofError):
    """This system does not let hookproof keep a run apart as it must be. One sentence that says what would help."""


class Starter(Protocol):
    """Starts the programs of one case in its view of the machine's files."""

    def call(self, start: Callable[[], T]) -> T: ...

    def close(self) -> None: ...


class View(Protocol):
    """What programs of a run see of the machine's files."""

    def starter(self, writable: str | None = None, programs: Iterable[str] = ()) -> Starter: ...


def current() -> Isolation:
    """What this process, and all that it starts, is kept apart by."""
    return _current


def current_view() -> View | None:
    """The view of files in which programs of a run are started, or None where there is none."""
    return _view


def begin(wanted: Level | None = None, *, allow_network: bool = False) -> Callable[[], int] | None:
    """Go on isolated as far as `wanted`, or as far as the system lets us. Before there are threads.

    Returns None in the process that goes on. On Linux that is a new one, and the process that called gets what it has
    to do: serve the new one until its end, whose exit status this returns, negative for a signal. Raises
    IsolationError when `wanted` cannot be had.
    """
    global _current, _view  # noqa: PLW0603 - both hold for the whole process
    if sys.platform != "linux":
        if wanted not in {None, "none"}:
            raise IsolationError(f"--isolation {wanted}: only Linux has namespaces; `none` is all that is to be had")
        _current = Isolation("none", "none", refused="only Linux has namespaces")
        return None
    else:  # noqa: RET505 - mypy reads branches of this shape for the right system alone
        from hookproof.isolation.linux import enclosure  # noqa: PLC0415 - cannot be imported elsewhere
        from hookproof.isolation.linux.refusal import NamespaceError  # noqa: PLC0415

        asked = "as --isolation says" if wanted not in {None, "full"} else None
        refused = None
        for level in LEVELS if wanted is None else (wanted,):
            if level == "none":
                break
            try:
                entered = enclosure.enclose(level, allow_network=allow_network, programs=programs())
            except NamespaceError as error:
                refused = refused or str(error)
                continue
            if isinstance(entered, enclosure.Outer):
                return entered.serve
            _view = entered.view
            _current = Isolation(
                level, "none" if allow_network else "network namespace", entered.proof, refused=refused or asked
            )
            return None
        if wanted not in {None, "none"}:
            raise IsolationError(f"--isolation {wanted}: {refused}")
        _current = Isolation("none", "none", refused=refused or asked)
        return None


def for_real_hosts(*, allow_network: bool, given: Isolation | None = None) -> Isolation:
    """What keeps real hosts apart: off the network at least. Raises IsolationError.

    `given` is what the process has that plays, where that is another one.
    """
    have = given or current()
    if allow_network:
        return replace(have, warning="real hosts run with the machine's network, as --allow-network says")
    if not have.open:
        return have
    if sys.platform == "linux":
        raise IsolationError(f"real hosts are played off the network alone: {have.refused}; {ALLOW}")
    return closed_proxy(have)


def closed_proxy(have: Isolation | None = None) -> Isolation:
    """All that is to be had elsewhere: every program that heeds proxies is sent to a port where nobody listens."""
    with socket.socket() as attempt:
        attempt.settimeout(5)
        number = attempt.connect_ex(_CLOSED)
    if number == 0:
        raise IsolationError(
            f"something listens on {_CLOSED[0]}:{_CLOSED[1]}, which must be closed to serve as a proxy that leads"
            f" nowhere; {ALLOW}"
        )
    reason = os.strerror(number) if number in errno.errorcode else f"error {number}"
    return replace(
        have or current(),
        network="closed proxy",
        proof=(f"connection to the proxy {_PROXY}: {reason}",),
        environment=closed_environment(),
        warning="hosts are kept off the network by a proxy setting alone: a program that ignores it gets out",
    )


def closed_environment() -> dict[str, str]:
    """Variables that send every program which heeds them to that port."""
    return dict.fromkeys(_PROXIES, _PROXY) | dict.fromkeys(_DIRECT, "127.0.0.1,localhost,::1")


def programs() -> Sequence[str]:
    """What every case needs: this Python, and the programs and data of hookproof."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(places.PACKAGE), *map(str, places.DATA)}
    return (sys.executable, *sorted(folders))
