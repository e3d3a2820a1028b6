"""The filter of system calls, for machines that the tests do not run on: its answers, instruction by instruction."""

from __future__ import annotations

import errno
import struct
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("the filter is Linux's", allow_module_level=True)
assert sys.platform == "linux"

from hookproof.isolation.linux import calls  # noqa: E402 - not to be had elsewhere

ALLOWED = 0x7FFF0000
MACHINES = {
    # the constants of the kernel's headers: linux/audit.h, asm/unistd.h
    ("x86_64", "x86_64"): (0xC000003E, {"prlimit64": 302, "socket": 41, "keyctl": 250, "add_key": 248, "read": 0}),
    ("x86_64", "i386"): (0x40000003, {"prlimit64": 340, "socket": 359, "keyctl": 288, "add_key": 286, "read": 3}),
    ("aarch64", "aarch64"): (0xC00000B7, {"prlimit64": 261, "socket": 198, "keyctl": 219, "add_key": 217, "read": 63}),
    ("aarch64", "arm"): (0x40000028, {"prlimit64": 369, "socket": 281, "keyctl": 311, "add_key": 309, "read": 3}),
    ("riscv64", "riscv64"): (0xC00000F3, {"prlimit64": 261, "socket": 198, "keyctl": 219, "add_key": 217, "read": 63}),
}


def answer(machine: str, architecture: int, number: int, first: int = 0) -> int:
    """What the filter of a machine answers, as the kernel asks it."""
    program = b"".join(calls._program(calls._MACHINES[machine]))
    asked = struct.pack("<iIQQ", number, architecture, 0, first)
    instructions = list(struct.iter_unpack("<HBBI", program))
    at, loaded = 0, 0
    while True:
        code, yes, no, value = instructions[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (loaded,) = struct.unpack_from("<I", asked, value)
        else:
            at += yes if (loaded == value if code == 0x15 else loaded >= value) else no


def refused(number: int) -> int:
    return 0x50000 | number


@pytest.mark.parametrize(("machine", "program"), MACHINES)
def test_what_is_refused_and_what_is_not(machine: str, program: str) -> None:
    architecture, numbers = MACHINES[machine, program]
    assert answer(machine, architecture, numbers["prlimit64"], 1) == refused(errno.EPERM)
    assert answer(machine, architecture, numbers["prlimit64"], 0) == ALLOWED
    # a pid is the low half of what is handed over
    assert answer(machine, architecture, numbers["prlimit64"], 1 << 32) == ALLOWED
    assert answer(machine, architecture, numbers["socket"], 40) == refused(errno.EAFNOSUPPORT)
    assert [answer(machine, architecture, numbers["socket"], family) for family in (1, 2, 10)] == [ALLOWED] * 3
    assert answer(machine, architecture, numbers["keyctl"]) == refused(errno.ENOSYS)
    assert answer(machine, architecture, numbers["add_key"]) == refused(errno.ENOSYS)
    assert answer(machine, architecture, numbers["read"], 40) == ALLOWED


def test_the_second_way_to_call_is_closed_and_others_are_not_judged() -> None:
    architecture, numbers = MACHINES["x86_64", "x86_64"]
    assert answer("x86_64", architecture, 0x40000000 | numbers["prlimit64"]) == refused(errno.ENOSYS)
    assert answer("x86_64", 0xDEAD, numbers["prlimit64"], 1) == ALLOWED
