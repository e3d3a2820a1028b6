"""The users of a new user namespace: each is itself, as far as the system allows. Written from outside of it.

A process inside may map no one but itself, and root that is alone in its namespace may not write what other users own:
a checkout in a container, or the place for a result file. Outside, root may map every user and group to itself.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
from pathlib import Path


def map_to_themselves(pid: int) -> None:
    """Map the users and groups of the namespace of process `pid`, which is in a new one. Raises OSError."""
    root, own = os.geteuid() == 0, {"uid_map": os.geteuid(), "gid_map": os.getegid()}
    _write(f"/proc/{pid}/setgroups", "deny")
    for name, number in own.items():
        alone = f"{number} {number} 1\n"
        try:
            _write(f"/proc/{pid}/{name}", _all(name) if root else alone)
        except PermissionError:
            if not root:
                raise
            _write(f"/proc/{pid}/{name}", alone)  # root of a container that has not the right to map


def _all(name: str) -> str:
    """Everybody that there is here, mapped to themselves."""
    lines = Path("/proc/self", name).read_text(encoding="ascii").splitlines()
    ranges = [(line.split()[0], line.split()[2]) for line in lines]
    return "".join(f"{first} {first} {count}\n" for first, count in ranges)


def _write(path: str, text: str) -> None:
    # short enough to be one write, as the kernel demands it of a map
    Path(path).write_text(text, encoding="ascii")
