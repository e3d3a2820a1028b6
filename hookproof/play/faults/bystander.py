"""The bystander of a run: a process that is no job's and waits to be let go. Faults start it in a plugin's way."""

from __future__ import annotations

import sys
from subprocess import PIPE

from hookproof import processes
from hookproof.play.run import Run

_WAITS = "import sys; sys.stdin.read()"


async def start(run: Run) -> processes.Child:
    """Start one. It ends when its child is closed, and with this process."""
    return await processes.spawn(
        [sys.executable, "-I", "-S", "-c", _WAITS],
        env=run.env,
        cwd=run.sandbox.root,
        stdin=PIPE,
        case=run.processes,
    )
