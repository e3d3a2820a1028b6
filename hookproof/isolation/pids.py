"""Choosing a process id: in a namespace of its own for these, hookproof may say which one is given out next.

The fault that has a pid come round asks for it, and its need asks whether it can be had.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookproof.isolation.level import Isolation

_choosing = threading.Lock()
_LAST = Path("/proc/sys/kernel/ns_last_pid")


def why_not(isolation: Isolation) -> str | None:
    """Why no process id can be chosen by who is so isolated, or None where one can."""
    if isolation.level != "full":
        why = f": {isolation.refused}" if isolation.refused else ""
        return f"is to be had at the isolation level `full` alone, and here it is `{isolation.level}`{why}"
    if not os.access(_LAST, os.W_OK):
        return f"this kernel does not offer: there is no {_LAST} to write to (CONFIG_CHECKPOINT_RESTORE)"
    return None


def holder(pid: int) -> str | None:
    """Who has this id, in words: a process, dead or alive, or a thread. None where nobody has it.

    A process group or a session may still be called so, and keeps it from being given out.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    told = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if told["Tgid"] != str(pid):
        return f"a thread of process {told['Tgid']} ({told['Name']})"
    return f"a child of process {told['PPid']}: {told['Name']}, {told['State']}"


@contextmanager
def next_is(pid: int) -> Iterator[None]:
    """The next process or thread of the namespace gets this id, if nobody has it. Raises OSError.

    Others may start one at the same time: whoever wants the id looks at what it got. Afterwards ids go on where they
    were, so that no others come round.
    """
    with _choosing:
        before = _LAST.read_text("ascii")
        _LAST.write_text(str(pid - 1), "ascii")
        try:
            yield
        finally:
            _LAST.write_text(before, "ascii")
