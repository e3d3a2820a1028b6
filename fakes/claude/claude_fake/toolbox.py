"""Which function does the work of which tool; the one module that knows them all.

A tool is imported when it is first used: most sessions use one or two of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .agents import Work


def find(name: str) -> Work:
    """The work of a tool that the host offers."""
    if name == "Bash":
        from .tools_bash import run  # noqa: PLC0415 - see above
    elif name == "Agent":
        from .tools_agent import run  # noqa: PLC0415
    else:
        from .tools_read import run  # noqa: PLC0415
    return run
