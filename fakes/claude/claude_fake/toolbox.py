"""Which function does the work of which tool, for the agents that call one.

They are imported when they are first used: most sessions use one or two.
"""

from __future__ import annotations

from .tools import ON_FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent, Work
    from .tools import Worked


def find(name: str) -> Work:
    """The work of a tool that the host offers."""
    if name in ON_FILES:
        from .tools_files import run as on_file  # noqa: PLC0415 - see above

        def work(agent: Agent, tool_input: dict[str, Any], tool_use_id: str) -> Worked:  # noqa: ARG001 - a tool's own
            return on_file(agent, name, tool_input)

        return work
    if name == "Bash":
        from .tools_bash import run  # noqa: PLC0415
    else:
        from .tools_agent import run  # noqa: PLC0415
    return run
