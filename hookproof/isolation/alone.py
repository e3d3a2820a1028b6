"""Starting one program off the network while this process stays as it is. For hosts that are asked their version."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hookproof.isolation.entry import closed_environment

REFUSED, NOT_STARTED = 125, 126
"""Exit statuses of a program started by `alone`: isolation was refused; the program could not be started."""

_PROGRAM = Path(__file__).with_name("linux") / "alone.py"
_SECONDS = 30


def refused() -> str | None:
    """Why this system refuses isolation, or None. Asked in a process of its own, so nothing changes in this one."""
    if sys.platform != "linux":
        return None
    asked = subprocess.run(
        [sys.executable, "-I", "-S", str(_PROGRAM)], capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    return None if asked.returncode == 0 else asked.stderr.strip() or "the attempt failed without a word"


def alone(argv: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words that start one program isolated while this process stays as it is, and what its environment needs.

    On Linux the exit statuses REFUSED and NOT_STARTED come with one line on stderr.
    """
    if sys.platform == "linux":
        return [sys.executable, "-I", "-S", str(_PROGRAM), *argv], {}
    return list(argv), closed_environment()
