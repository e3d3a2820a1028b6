"""A host that adopts orphans and never takes their status, as the first process of a container without an init. Linux.

The program itself knows nothing of it: a process keeps being a subreaper when it becomes another program, and neither
Claude Code (measured on 2.1.91 and 2.1.329) nor its stand-in reaps what it did not start.
"""

from __future__ import annotations

import sys

from hookproof.catalogue.scenario import Claude

_BECOME_SUBREAPER = """
import ctypes, os, sys
PR_SET_CHILD_SUBREAPER = 36
if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
    sys.exit("this system lets no process adopt orphans (PR_SET_CHILD_SUBREAPER), as the scenario has its host do")
os.execvp(sys.argv[1], sys.argv[1:])
"""


def before(claude: Claude) -> list[str]:
    """The words that stand before the program's: of a process that does what the scenario says, and becomes it."""
    return [sys.executable, "-I", "-S", "-c", _BECOME_SUBREAPER] if claude.adopts_orphans else []
