"""Keeping real hosts off the network: the strongest way that this system has, and what proves it.

A real host runs only after `enter`, which on Linux takes the whole hookproof process out of the machine's network
(`isolation_linux`), so before it has threads. Whatever needs the network, such as an installation from npm, and
whatever concerns the processes of earlier runs, such as the sweep, comes before it.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hookproof.errors import HookproofError

Kind = Literal["network namespace", "closed proxy", "none"]

_CLOSED = ("127.0.0.1", 9)
_PROXY = f"http://{_CLOSED[0]}:{_CLOSED[1]}"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_DIRECT = ("NO_PROXY", "no_proxy")
_LINUX = Path(__file__).with_name("isolation_linux.py")
_SECONDS = 30
REFUSED, NOT_STARTED = 125, 126
"""Exit statuses of a program started by `alone`: isolation was refused; the program could not be started."""

ALLOW = "--allow-network plays without isolation"
"""What every IsolationError ends with."""


class IsolationError(HookproofError):
    """This system does not let hookproof keep hosts off the network. One sentence that says what would help."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps the hosts of this run off the network.

    `proof` is what was seen, `environment` must be added to every host's, `warning` is to be shown, `open` says
    that a program which tries may reach the network.
    """

    kind: Kind
    proof: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    warning: str | None = None
    open: bool = False

    def record(self) -> dict[str, Any]:
        """For the journal's header and the report."""
        return {"kind": self.kind, "proof": list(self.proof)}


def enter(allow_network: bool) -> Isolation:
    """Take this process, and all that it will start, off the network. Raises IsolationError."""
    if allow_network:
        warning = "real hosts run with the machine's network, as --allow-network says"
        return Isolation("none", (), warning=warning, open=True)
    if sys.platform == "linux":
        from hookproof.sandbox import isolation_linux  # noqa: PLC0415 - cannot be imported elsewhere

        try:
            return Isolation("network namespace", tuple(isolation_linux.enter()))
        except isolation_linux.NamespaceError as error:
            raise IsolationError(f"{error}; {ALLOW}") from None
    return closed_proxy()


def inherited(allow_network: bool) -> Isolation:
    """The isolation of the process that started this one, proved anew. Raises IsolationError where there is none."""
    if allow_network or sys.platform != "linux":
        return enter(allow_network)
    from hookproof.sandbox import isolation_linux  # noqa: PLC0415 - cannot be imported elsewhere

    try:
        return Isolation("network namespace", tuple(isolation_linux.prove()))
    except isolation_linux.NamespaceError as error:
        raise IsolationError(f"this process was started outside of the isolation: {error}; {ALLOW}") from None


def closed_proxy() -> Isolation:
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
    return Isolation(
        "closed proxy",
        (f"connection to the proxy {_PROXY}: {reason}",),
        environment=_closed_environment(),
        warning="hosts are kept off the network by a proxy setting alone: a program that ignores it gets out",
        open=True,
    )


def _closed_environment() -> dict[str, str]:
    return dict.fromkeys(_PROXIES, _PROXY) | dict.fromkeys(_DIRECT, "127.0.0.1,localhost,::1")


def refused() -> str | None:
    """Why this system refuses isolation, or None. Asked in a process of its own, so nothing changes in this one."""
    if sys.platform != "linux":
        return None
    asked = subprocess.run(
        [sys.executable, "-I", "-S", str(_LINUX)], capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    return None if asked.returncode == 0 else asked.stderr.strip() or "the attempt failed without a word"


def alone(argv: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words that start one program isolated while this process stays as it is, and what its environment needs.

    On Linux the exit statuses REFUSED and NOT_STARTED come with one line on stderr.
    """
    if sys.platform == "linux":
        return [sys.executable, "-I", "-S", str(_LINUX), *argv], {}
    return list(argv), _closed_environment()
