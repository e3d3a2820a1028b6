"""A network of one's own on Linux: this process leaves the machine's network, and proves that nothing of it is left.

In a new user namespace this process may have a new network namespace, which knows only a loopback interface; whatever
it starts from then on is in there too, and cannot get back, as root either. A mount namespace goes with it, because
the C library looks names up through Unix sockets in the file system (nscd, systemd-resolved, Avahi, the system bus),
and the daemons behind them sit outside: their directories are covered.

What remains in reach is the file system with the Unix sockets of other services, and AF_VSOCK in a virtual machine.

Standard library only, and no sibling is imported: it is also a program, `python -I -S isolation_linux.py [CMD…]`,
which starts CMD isolated, or prints the proof.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import ctypes
import errno
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

REFUSED, NOT_STARTED = 125, 126
"""Exit statuses of the program: isolation was refused; CMD could not be started."""

RESOLVERS = ("/run/nscd", "/run/systemd/resolve", "/run/avahi-daemon", "/run/dbus")
"""Where the daemons listen that look names up for the C library."""

_NEWNS, _NEWUSER, _NEWNET = 0x00020000, 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6, socket.AF_PACKET})
# reserved for documentation, so nobody's: RFC 5737, RFC 3849, RFC 6761
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_NOWHERE_NAME = "hookproof.invalid"
_NO_WAY = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM}
)


class NamespaceError(Exception):
    """The namespaces are refused, or are not as tight as they must be. One sentence."""


def enter(resolvers: Sequence[str] = RESOLVERS) -> list[str]:
    """Leave the machine's network for good; returns the proof, a line each. Raises NamespaceError.

    After an error the process may be half way in: it should tell the error and end.
    """
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise NamespaceError(
            f"hookproof runs {threads} threads already, and the network can only be left before there is a second one"
        )
    _keep_sockets_from_children()
    maps = {"uid_map": os.geteuid(), "gid_map": os.getegid()}
    helper = _Helper() if os.geteuid() == 0 else None
    try:
        step = "unshare"
        _unshare(_NEWUSER | _NEWNET | _NEWNS)
        step = "writing the user maps"
        _write("/proc/self/setgroups", "deny")
        if helper is not None:
            helper.map_all()
        for name, own in maps.items():
            if not Path("/proc/self", name).read_text(encoding="ascii").strip():
                _write(f"/proc/self/{name}", f"{own} {own} 1")
        step = "starting loopback"
        _set_up("lo")
        step = "hiding the resolvers' sockets"
        hidden = [folder for folder in resolvers if _cover(folder)]
    except OSError as error:
        raise NamespaceError(refusal(error, step)) from None
    finally:
        if helper is not None:
            helper.end()
    return [*prove(), *([f"hidden: {', '.join(hidden)}"] if hidden else [])]


class _Helper:
    """A child that stays outside, where root may map every user and group to itself.

    A process inside may map no one but itself, and root that is alone in its namespace may not write what other users
    own: a checkout in a container, or the place for a result file. A child that may not do it either does nothing.
    """

    def __init__(self) -> None:
        wait, self._go = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._go)
            try:
                if os.read(wait, 1):
                    self._map(os.getppid())
            finally:
                os._exit(0)
        os.close(wait)

    def map_all(self) -> None:
        """Let it do its work."""
        os.write(self._go, b"1")
        self.end()

    def end(self) -> None:
        """Wait until it is gone, with or without its work. May be called twice."""
        if self._go >= 0:
            os.close(self._go)
            self._go = -1
            os.waitpid(self._pid, 0)

    @staticmethod
    def _map(pid: int) -> None:
        for name in ("uid_map", "gid_map"):
            lines = Path("/proc/self", name).read_text(encoding="ascii").splitlines()
            ranges = [(line.split()[0], line.split()[2]) for line in lines]
            _write(f"/proc/{pid}/{name}", "".join(f"{first} {first} {count}\n" for first, count in ranges))


def _unshare(flags: int) -> None:
    _checked(_libc().unshare(flags))  # os.unshare came with Python 3.12


def _cover(folder: str) -> bool:
    """Lay an empty directory over `folder`. False when there is no such directory."""
    folder_path = Path(folder).resolve()
    if not folder_path.is_dir():
        return False
    _checked(_libc().mount(b"none", os.fsencode(folder_path), b"tmpfs", 0, b"size=4k,mode=555"))
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _write(path: str, text: str) -> None:
    # short enough to be one write, as the kernel demands it of a map
    Path(path).write_text(text, encoding="ascii")


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        answer = fcntl.ioctl(asker, _GET_FLAGS, struct.pack("16sH14x", name.encode(), 0))
    return int(struct.unpack("16sH14x", answer)[1])


def _set_up(name: str) -> None:
    flags = _flags(name) | _UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        fcntl.ioctl(asker, _SET_FLAGS, struct.pack("16sH14x", name.encode(), flags))


def _keep_sockets_from_children() -> None:
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
        found = socket.getaddrinfo(_NOWHERE_NAME, 443)
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


def refusal(error: OSError, step: str, *, settings: Path = Path("/proc/sys"), root: bool | None = None) -> str:
    """Why the system refuses namespaces: the setting that does it, as far as it can be told."""
    root = os.geteuid() == 0 if root is None else root
    what = f"the system refuses a network of its own ({step}: {error.strerror})"
    for name in ("user.max_user_namespaces", "user.max_net_namespaces", "user.max_mnt_namespaces"):
        if _setting(settings, name) == "0":
            return f"{what}: {name} is 0 (sysctl {name}=1000 allows it)"
    if not root and _setting(settings, "kernel.unprivileged_userns_clone") == "0":
        return f"{what}: kernel.unprivileged_userns_clone is 0 (sysctl kernel.unprivileged_userns_clone=1 allows it)"
    if not root and _setting(settings, "kernel.apparmor_restrict_unprivileged_userns") == "1":
        name = "kernel.apparmor_restrict_unprivileged_userns"
        return f"{what}: {name} is 1 (sysctl {name}=0, or an AppArmor profile with userns, allows it)"
    if error.errno == errno.ENOSPC:
        return f"{what}: the limits user.max_user_namespaces or user.max_net_namespaces are reached"
    if error.errno in (errno.EINVAL, errno.ENOSYS):
        return f"{what}: this kernel has no user or no network namespaces"
    return (
        f"{what}: the seccomp or AppArmor profile of a container forbids it, as Docker's does by default, or a chroot"
    )


def _setting(settings: Path, name: str) -> str | None:
    try:
        return settings.joinpath(*name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return None


def main(argv: Sequence[str]) -> int:
    """Start `argv` isolated, in this process's place; without words print the proof."""
    try:
        proof = enter()
    except NamespaceError as error:
        print(error, file=sys.stderr)
        return REFUSED
    if not argv:
        print("\n".join(proof))
        return 0
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606 - a program in this place is what is wanted
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        return NOT_STARTED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
