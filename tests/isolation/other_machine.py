"""Starts a program on what looks to it like another machine: `python other_machine.py PLAN PROGRAM…`.

In namespaces of its own: with other limits, with parts of `/proc` covered as containers have it, with a kernel that
knows fewer system calls. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NEWNS, NEWUSER = 0x20000, 0x10000000
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000
UNSHARE = {"x86_64": 272, "aarch64": 97, "riscv64": 97}
PRCTL = {"x86_64": 157, "aarch64": 167, "riscv64": 167}
libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> int:
    """What a call of the C library returned, or its error."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def enter(user: int | None) -> None:
    """Be `user`, or who one is, in namespaces for users and mounts, with every capability until the next program."""
    own, group = os.geteuid(), os.getegid()
    checked(libc.unshare(NEWUSER | NEWNS))
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{own if user is None else user} {own} 1"),
        ("gid_map", f"{group if user is None else user} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(line, encoding="ascii")
    checked(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))


def refuse(call: int, error: int, first: int | None) -> None:
    """The kernel answers a system call (one with this first argument) with an error from now on."""
    program = b"".join(_filter(call, error, first))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    checked(libc.prctl(38, 1, 0, 0, 0))
    checked(libc.prctl(22, 2, ctypes.byref(Filter(len(program) // 8, program)), 0, 0))


def _filter(call: int, error: int, first: int | None) -> Iterator[bytes]:
    yield struct.pack("HBBI", 0x20, 0, 0, 0)
    yield struct.pack("HBBI", 0x15, 0, 1 if first is None else 3, call)
    if first is not None:
        yield struct.pack("HBBI", 0x20, 0, 0, 16)
        yield struct.pack("HBBI", 0x15, 0, 1, first)
    yield struct.pack("HBBI", 0x06, 0, 0, 0x50000 | error)
    yield struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)


def main(plan: dict[str, Any], argv: list[str]) -> None:
    """Change what the plan says, and become the program."""
    if "user" in plan:
        enter(plan["user"])
    for name, value in plan.get("settings", {}).items():
        Path("/proc/sys", *name.split(".")).write_text(value, encoding="ascii")
    for path in plan.get("covered", ()):
        checked(libc.mount(b"/dev/null", path.encode(), None, BIND, None))
    if "covered" in plan:
        enter(plan["user"])  # in there nobody can take a cover off
    for call, error, first in plan.get("refused", ()):
        refuse(call, error, first)
    os.execvp(argv[0], argv)  # noqa: S606 - in this place


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
