"""The system calls that no program of a run may use, since no namespace stands in their way. Called by `view`.

Three ways lead past namespaces and files: a process may set the limits of every other one of its user, so that the
kernel itself would end hookproof; in a virtual machine AF_VSOCK leads to that machine's host; and the kernel keeps keys
for the user's session. A filter (seccomp) refuses them with the error that a kernel without them gives.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import errno
import os
import resource
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hookproof.isolation.linux import kernel
from hookproof.isolation.linux.refusal import NamespaceError

_VSOCK = 40
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
"""Instructions of a filter: load a word, go on or skip, return."""
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Where these stand in what a filter is asked about; of an argument the low word, on machines that begin with it."""
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_KEYS = ("add_key", "request_key", "keyctl")


@dataclass(frozen=True, slots=True)
class _Machine:
    architecture: int
    numbers: Mapping[str, int]
    """Of prlimit64, socket, add_key, request_key, keyctl."""
    past: int | None = None
    """From here on the numbers are those of a second way to call (x32), which nothing needs."""


def _generic(architecture: int) -> _Machine:
    return _Machine(architecture, {"prlimit64": 261, "socket": 198, "add_key": 217, "request_key": 218, "keyctl": 219})


_X86_64 = _Machine(
    0xC000003E,
    {"prlimit64": 302, "socket": 41, "add_key": 248, "request_key": 249, "keyctl": 250},
    past=0x40000000,
)
_I386 = _Machine(0x40000003, {"prlimit64": 340, "socket": 359, "add_key": 286, "request_key": 287, "keyctl": 288})
_ARM = _Machine(0x40000028, {"prlimit64": 369, "socket": 281, "add_key": 309, "request_key": 310, "keyctl": 311})
_MACHINES = {
    "x86_64": (_X86_64, _I386),
    "aarch64": (_generic(0xC00000B7), _ARM),
    "riscv64": (_generic(0xC00000F3),),
}
"""By the name of the machine, what its programs may be; a 64-bit kernel runs those of 32 bits as well."""


def refuse() -> bool:
    """This thread, and all that it starts, may not use them from now on. False where there are no such filters."""
    machines = _MACHINES.get(os.uname().machine)
    if machines is None:
        return False
    try:
        kernel.filter_calls(b"".join(_program(machines)))
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        return False  # a kernel without filters
    return True


def prove(*, refused: bool) -> str:
    """What shows whether they are refused, seen by a process that may not use them. Raises NamespaceError.

    `refused` is what `refuse` has said in it.
    """
    found = []
    try:
        resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)
        found.append("limits of other processes")
    except OSError:
        pass
    try:
        socket.socket(_VSOCK, socket.SOCK_STREAM).close()
        found.append("AF_VSOCK")
    except OSError:
        pass
    if not found:
        return "system calls: neither limits of other processes, nor AF_VSOCK, nor keys of the session"
    if refused:
        raise NamespaceError(f"the filter of system calls lets through: {', '.join(found)}")
    return f"system calls: not filtered on this system, so that these are not prevented: {', '.join(found)}"


def _program(machines: tuple[_Machine, ...]) -> Iterator[bytes]:
    """The filter: for each architecture its part, skipped where the caller is of another one."""
    yield _instruction(_LOAD, _ARCHITECTURE)
    for machine in machines:
        part = list(_part(machine))
        yield _instruction(_IF_EQUAL, machine.architecture, no=len(part))
        yield from part
    yield _instruction(_RETURN, _ALLOW)


def _part(machine: _Machine) -> Iterator[bytes]:
    """Every way through it ends in a verdict: the architecture is not loaded any more."""
    numbers = machine.numbers
    yield _instruction(_LOAD, _NUMBER)
    for name in _KEYS:
        yield _instruction(_IF_EQUAL, numbers[name], no=1)
        yield _error(errno.ENOSYS)
    if machine.past is not None:
        yield _instruction(_IF_AT_LEAST, machine.past, no=1)
        yield _error(errno.ENOSYS)
    yield _instruction(_IF_EQUAL, numbers["prlimit64"], no=4)
    yield _instruction(_LOAD, _FIRST_ARGUMENT)
    yield _instruction(_IF_EQUAL, 0, no=1)  # of the caller's own
    yield _instruction(_RETURN, _ALLOW)
    yield _error(errno.EPERM)
    yield _instruction(_IF_EQUAL, numbers["socket"], no=3)
    yield _instruction(_LOAD, _FIRST_ARGUMENT)
    yield _instruction(_IF_EQUAL, _VSOCK, no=1)
    yield _error(errno.EAFNOSUPPORT)
    yield _instruction(_RETURN, _ALLOW)


def _error(number: int) -> bytes:
    return _instruction(_RETURN, _ERROR | number)


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
