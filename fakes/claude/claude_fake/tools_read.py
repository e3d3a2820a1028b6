"""The Read tool, as far as a script needs it: the lines of a text file, numbered."""

from __future__ import annotations

from .tools import ToolFailure, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent

MOST_LINES = 2000


def run(agent: Agent, tool_input: dict[str, Any], tool_use_id: str) -> Worked:  # noqa: ARG001 - the signature of a tool
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
