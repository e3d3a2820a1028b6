"""Which function does the work of which tool, for the agents that call one; Read, the smallest, is here itself.

The others are imported when they are first used: most sessions use one or two.
"""

from __future__ import annotations

from .tools import ToolFailure, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent, Work

MOST_LINES = 2000


def find(name: str) -> Work:
    """The work of a tool that the host offers."""
    if name == "Read":
        return _read
    if name == "Bash":
        from .tools_bash import run  # noqa: PLC0415 - see above
    else:
        from .tools_agent import run  # noqa: PLC0415
    return run


def _read(agent: Agent, tool_input: dict[str, Any], tool_use_id: str) -> Worked:  # noqa: ARG001 - the signature of a tool
    """Read a file."""
    path = tool_input["file_path"]
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise ToolFailure(
            f"File does not exist: {path}" if isinstance(error, FileNotFoundError) else str(error)
        ) from None
    first = max(1, int(tool_input.get("offset") or 1))
    most = int(tool_input.get("limit") or MOST_LINES)
    chosen = lines[first - 1 : first - 1 + most]
    content = "\n".join(f"{number:6}\t{line}" for number, line in enumerate(chosen, start=first))
    read = {"filePath": path, "content": "\n".join(chosen), "numLines": len(chosen), "startLine": first}
    return Worked(content or "(the file is empty)", {"type": "text", "file": {**read, "totalLines": len(lines)}})
