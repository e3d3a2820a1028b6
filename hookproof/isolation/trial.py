"""Whether this machine gives a level. Tried in processes that end with the attempt; this one stays as it is.

Called by `doctor`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hookproof.isolation.level import Level

_PROGRAM = Path(__file__).with_name("linux") / "trial.py"
_SECONDS = 30


def refused(level: Level) -> str | None:
    """Why `level` cannot be had here, and what would help. None when it can."""
    if level == "none":
        return None
    if sys.platform != "linux":
        return "only Linux has namespaces"
    try:
        # each of its processes has the pipes that are read to their end here: when they are done, none is left
        done = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM), level], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"the attempt did not end within {_SECONDS} s"
    return None if done.returncode == 0 else done.stderr.strip() or "the attempt ended without a word"
