"""The system calls of Linux that namespaces, mounts and capabilities take, and that Python does not have.

Called by its siblings alone. Everything raises OSError as Python's own calls do. Standard library only.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import ctypes
import errno
import os

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_SHARED_DIRECTORIES = 0x00000200  # CLONE_FS

READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 0x1, 0x2, 0x4, 0x8
"""Attributes of a mount (MOUNT_ATTR_*), which are also the flags of mount(2)."""
_RECURSIVE, _PRIVATE = 0x4000, 0x40000
_CLONE, _CLOEXEC, _HERE, _BELOW, _NO_FOLLOW = 0x1, 0o2000000, -100, 0x8000, 0x100
_EMPTY_PATH, _MOVE_FROM_HANDLE = 0x1000, 0x4
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442  # the same number on every architecture but Alpha

_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "loongarch64": 219, "ppc64le": 271, "s390x": 280}
_JOIN_SESSION_KEYRING = 1

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _DROP_BOUND, _SET_NO_NEW_PRIVILEGES, _AMBIENT = 1, 4, 24, 38, 47
_CLEAR_AMBIENT = 4
_SET_FILTER, _IS_FILTER = 22, 2
_INSTRUCTION_BYTES = 8
_CAPABILITIES = 64
_CAPABILITY_VERSION = 0x20080522


class _Attributes(ctypes.Structure):
    _fields_ = [
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("users", ctypes.c_uint64),
    ]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilitySets(ctypes.Structure):
    _fields_ = [("sets", ctypes.c_uint32 * 6)]


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _call(number: int, *arguments: object) -> int:
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *words))


def unshare(namespaces: int) -> None:
    """Leave namespaces for new ones. os.unshare came with Python 3.12."""
    _checked(_libc.unshare(namespaces))


def part_from_threads() -> None:
    """From now on this thread has a root, a directory and a mount namespace that may differ from its siblings'."""
    unshare(_SHARED_DIRECTORIES)


def enter_mounts(namespace: int) -> None:
    """Enter the mount namespace of a handle. The working directory is the root afterwards."""
    _checked(_libc.setns(namespace, NEWNS))


def keep_mounts_to_ourselves() -> None:
    """What is mounted from now on is seen in this mount namespace alone."""
    _checked(_libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))


def mount(kind: str, place: str, flags: int = 0, options: str = "") -> None:
    """Mount a new file system of a kind."""
    _checked(_libc.mount(b"none", os.fsencode(place), kind.encode(), flags, options.encode()))


def copy_of_mount(path: str, *, below: bool = True) -> int:
    """A handle of what is at `path`, and with `below` of what is mounted below it, to be put elsewhere."""
    flags = _CLONE | _CLOEXEC | (_BELOW if below else 0)
    return _call(_OPEN_TREE, _HERE, os.fsencode(path), flags)


def put_mount(handle: int, place: str) -> None:
    """Put a handle's copy at `place`, which must be there and is covered by it."""
    _call(_MOVE_MOUNT, handle, b"", _HERE, os.fsencode(place), _MOVE_FROM_HANDLE)


def set_attributes(place: str | int, attributes: int, *, cleared: int = 0, below: bool = False) -> None:
    """Set and clear attributes of the mount at a path or of a handle, and with `below` of all that is below it."""
    wanted = _Attributes(attributes, cleared, 0, 0)
    at, path = (place, b"") if isinstance(place, int) else (_HERE, os.fsencode(place))
    flags = (_BELOW if below else 0) | (_EMPTY_PATH if isinstance(place, int) else _NO_FOLLOW)
    _call(_MOUNT_SETATTR, at, path, flags, ctypes.byref(wanted), ctypes.sizeof(wanted))


def leave_keys() -> None:
    """This process gets an empty keyring of its own; the one of the user's session, with its secrets, is left.

    Raises OSError: ENOSYS where there are no keyrings, or where nobody knows the number of the call.
    """
    number = _KEYCTL.get(os.uname().machine) if sys.maxsize > 2**32 else None
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    _call(number, _JOIN_SESSION_KEYRING, None, 0, 0, 0)


def hide_from_others() -> None:
    """Nobody of the same user may look into this process: its memory, environment, open files, namespaces."""
    _checked(_libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0))


def die_with_parent(number: int) -> None:
    """Be sent this signal when the parent ends. Set it after the last change of credentials, which forgets it."""
    _checked(_libc.prctl(_SET_DEATH_SIGNAL, number, 0, 0, 0))


def drop_capabilities() -> None:
    """This thread, and all that it starts, has no capability and can get none: not as root, not by setuid programs."""
    for capability in range(_CAPABILITIES):
        try:
            _checked(_libc.prctl(_DROP_BOUND, capability, 0, 0, 0))
        except OSError:
            if capability == 0:
                raise
            break  # past the last that this kernel knows
    _checked(_libc.prctl(_AMBIENT, _CLEAR_AMBIENT, 0, 0, 0))
    _checked(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref(_CapabilitySets())))


def filter_calls(program: bytes) -> None:
    """Ask this filter before each system call of this thread and of all that it starts. After `drop_capabilities`."""
    wanted = _Filter(len(program) // _INSTRUCTION_BYTES, program)
    _checked(_libc.prctl(_SET_FILTER, _IS_FILTER, ctypes.byref(wanted), 0, 0))
