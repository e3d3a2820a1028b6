"""A network of one's own on Linux: it has only loopback, and proves that nothing of the machine's is left.

In a new user namespace this process may have a new network namespace, which knows only a loopback interface; whatever
it starts from then on is in there too, and cannot get back, as root either. A mount namespace goes with it, because
the C library looks names up through Unix sockets in the file system (nscd, systemd-resolved, Avahi, the system bus),
and the daemons behind them sit outside: their directories are covered.

What remains in reach is the file system with the Unix sockets of other services, and AF_VSOCK in a virtual machine:
`calls` refuses that. Called by `alone` and `enclosure` once the namespaces are there. Standard library only.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import errno
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

from hookproof.isolation.linux import kernel
from hookproof.isolation.linux.refusal import NamespaceError

RESOLVERS = ("/run/nscd", "/run/systemd/resolve", "/run/avahi-daemon", "/run/dbus")
"""Where the daemons listen that look names up for the C library."""

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6, socket.AF_PACKET})
# reserved for documentation, so nobody's: RFC 5737, RFC 3849, RFC 6761
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_NOWHERE_NAME = "hookproof.invalid"
_NO_WAY = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM}
)


def start(resolvers: Sequence[str] = RESOLVERS) -> list[str]:
    """Start loopback and hide the resolvers' sockets. Returns what was hidden. Raises OSError.

    In a network and a mount namespace of this process's own, before it has a second thread.
    """
    _set_up("lo")
    return [folder for folder in resolvers if _cover(folder)]


def _cover(folder: str) -> bool:
    """Lay an empty directory over `folder`. False when there is no such directory."""
    folder_path = Path(folder).resolve()
    if not folder_path.is_dir():
        return False
    kernel.mount("tmpfs", str(folder_path), kernel.READ_ONLY, "size=4k,mode=555")
    return True


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        answer = fcntl.ioctl(asker, _GET_FLAGS, struct.pack("16sH14x", name.encode(), 0))
    return int(struct.unpack("16sH14x", answer)[1])


def _set_up(name: str) -> None:
    flags = _flags(name) | _UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        fcntl.ioctl(asker, _SET_FLAGS, struct.pack("16sH14x", name.encode(), flags))


def keep_sockets_from_children() -> None:
    """An open socket stays in the network it was made in: no program that is started from here may inherit one."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        number = int(entry.name)
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
        except OSError:
            continue  # that of the listing itself
        with socket.socket(fileno=os.dup(number)) as candidate:
            outside = candidate.family in _INTERNET
        if outside and number <= 2:
            raise NamespaceError(
                f"standard stream {number} is a network socket, which would stay connected; "
                "start hookproof on a terminal, a pipe or a file"
            )
        if outside:
            os.set_inheritable(number, False)


def prove() -> list[str]:
    """What shows that nothing but loopback can be reached. Raises NamespaceError when something can.

    Interfaces and routes are read first: when these show a way out, nothing is tried, so no packet ever leaves.
    """
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    # some kernels put their tunnel devices, switched off, into every network
    alive = [name for name in others if _flags(name) & _UP]
    if alive:
        raise NamespaceError(f"the isolated network still has the interface {', '.join(alive)}")
    proof = ["interfaces: lo" + (f" (switched off: {', '.join(others)})" if others else "")]
    ways = sorted({device for device in _routed() if device != "lo"})
    if ways:
        raise NamespaceError(f"the isolated network still has a route through {', '.join(ways)}")
    proof.append("routes: none but through lo")
    for family, address in _ELSEWHERE:
        proof.append(f"TCP to {address}: {_attempt(family, socket.SOCK_STREAM, address)}")
        proof.append(f"UDP to {address}: {_attempt(family, socket.SOCK_DGRAM, address)}")
    proof.append(f"lookup of {_NOWHERE_NAME}: {_lookup()}")
    proof.append(f"loopback: {_loopback()}")
    return proof


def _routed() -> list[str]:
    """The device of every route, IPv4 and IPv6."""
    found = []
    for name, column, heading in (("route", 0, 1), ("ipv6_route", -1, 0)):
        try:
            lines = Path("/proc/self/net", name).read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            continue  # a kernel without IPv6
        found += [line.split()[column] for line in lines[heading:] if line.strip()]
    return found


def _attempt(family: int, kind: int, address: str) -> str:
    """Why `address` cannot be reached, at once."""
    try:
        with socket.socket(family, kind) as attempt:
            attempt.setblocking(False)
            number = attempt.connect_ex((address, 443))
    except OSError as error:  # no IPv6 in this kernel
        number = error.errno or 0
    if number not in _NO_WAY:
        raise NamespaceError(f"the isolated network knows a way to {address} ({os.strerror(number)})")
    return os.strerror(number)


def _lookup() -> str:
    try:
        # bytes: for text Python imports what writes names in other alphabets, 3 ms
        found = socket.getaddrinfo(_NOWHERE_NAME.encode(), 443)
    except socket.gaierror as error:
        return str(error.strerror)
    raise NamespaceError(f"in the isolated network {_NOWHERE_NAME} was found at {found[0][4][0]}")


def _loopback() -> str:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
            client.settimeout(5)
            client.connect(server.getsockname())
    except OSError as error:
        raise NamespaceError(f"loopback does not work in the isolated network: {error.strerror}") from None
    return "connects"
