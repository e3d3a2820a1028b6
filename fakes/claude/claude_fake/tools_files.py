"""The tools on one file: Write, Edit and Read. What a call is refused for, what it does, what the model is told of it.

A call that cannot be done as it stands is refused before any hook hears of it (measured on 2.1.91 and 2.1.329); only a
Read of a file that is not there fails like a tool at work. An agent knows the files that itself has read or written:
which calls need that is the lifecycle's affair. The reminders that real releases add to what is read are left out.
"""

from __future__ import annotations

import os

from standin.rows import pick

from .tools import ToolFailure, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .host import Host

    class Agent(Protocol):
        """What these tools need of the agent that calls one."""

        host: Host
        files: dict[str, Known]


MOST_LINES = 2000
AROUND = 3
"""How many lines of a patch stand around what is changed."""
_NO_NEWLINE = "\\ No newline at end of file"

UNREAD = "File has not been read yet. Read it first before writing to it."
CHANGED = (
    "File has been modified since read, either by the user or by a linter. Read it again before attempting to write it."
)
SAME = "No changes to make: old_string and new_string are exactly the same."
BEGUN = "Cannot create new file - file already exists."


class Known:
    """What an agent knows of a file that it has read or written."""

    def __init__(self, path: str, text: str) -> None:
        self.text = text
        self._changed = os.stat(path).st_mtime_ns

    def is_outdated(self, path: str) -> bool:
        """Whether somebody else has written the file since."""
        return os.path.exists(path) and os.stat(path).st_mtime_ns != self._changed


def complete(name: str, tool_input: dict[str, Any]) -> dict[str, Any]:
    """The input as hooks see it: with what the tool takes for granted where the model says nothing."""
    return {**tool_input, "replace_all": bool(tool_input.get("replace_all"))} if name == "Edit" else tool_input


def refusal(agent: Agent, name: str, tool_input: dict[str, Any]) -> str | None:
    """Why the call cannot be done as it stands; None where it can."""
    path = _path(agent, tool_input)
    if name == "Write":
        return _untouchable(agent, path) if os.path.exists(path) else None
    if name == "Edit":
        return _unfit_edit(agent, path, tool_input)
    return None


def run(agent: Agent, name: str, tool_input: dict[str, Any]) -> Worked:
    """Do the work of a tool on a file."""
    path = _path(agent, tool_input)
    try:
        if name == "Read":
            return _read(agent, path, tool_input)
        return _write(agent, path, tool_input) if name == "Write" else _edit(agent, path, tool_input)
    except FileNotFoundError:
        raise ToolFailure(_missing(agent)) from None
    except OSError as error:
        raise ToolFailure(str(error)) from None


def changed_beside(agent: Agent) -> dict[str, Any] | None:
    """What a command has changed of the files that the agent knows, as Bash tells of it; None for nothing."""
    changed = {path: known for path, known in agent.files.items() if known.is_outdated(path)}
    if not changed:
        return None
    found = [{"filePath": path, "hunks": _patch(known.text, _content(path))} for path, known in changed.items()]
    return {"files": found, "moreFiles": 0, "changedFiles": list(changed)}


def _path(agent: Agent, tool_input: dict[str, Any]) -> str:
    return os.path.join(agent.host.project, tool_input["file_path"])


def _missing(agent: Agent) -> str:
    return f"File does not exist. Note: your current working directory is {agent.host.project}."


def _content(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def _untouchable(agent: Agent, path: str) -> str | None:
    """Why the agent may not change a file that is there."""
    known = agent.files.get(path)
    if known is None:
        return UNREAD if agent.host.lifecycle["unread_file"] == "is refused" else None
    return CHANGED if known.is_outdated(path) else None


def _unfit_edit(agent: Agent, path: str, tool_input: dict[str, Any]) -> str | None:
    old = tool_input["old_string"]
    if old == tool_input["new_string"]:
        return SAME
    try:
        text = _content(path)
    except FileNotFoundError:
        return _missing(agent) if old else None
    except OSError as error:
        return str(error)
    if not old:
        return BEGUN if text.strip() else None
    return _untouchable(agent, path) or _unfit_match(text, old, everywhere=bool(tool_input.get("replace_all")))


def _unfit_match(text: str, old: str, *, everywhere: bool) -> str | None:
    count = text.count(old)
    if count == 0:
        return f"String to replace not found in file.\nString: {old}"
    if count > 1 and not everywhere:
        return (
            f"Found {count} matches of the string to replace, but replace_all is false. To replace all occurrences, "
            "set replace_all to true. To replace only one occurrence, please provide more context to uniquely identify "
            f"the instance.\nString: {old}"
        )
    return None


def _put(agent: Agent, path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
    agent.files[path] = Known(path, text)


def _write(agent: Agent, path: str, tool_input: dict[str, Any]) -> Worked:
    """Write a file, all of it."""
    content = tool_input["content"]
    before = _content(path) if os.path.exists(path) else None
    _put(agent, path, content)
    response = {
        "type": "create" if before is None else "update",
        "filePath": path,
        "content": content,
        "structuredPatch": [] if before is None else _patch(before, content),
        "originalFile": before,
        "userModified": False,
    }
    lifecycle = agent.host.lifecycle
    told = {"path": path, "note": lifecycle.text("file_note")}
    text = lifecycle.text("file_created" if before is None else "file_updated", **told)
    return Worked(text, pick(lifecycle["file_response_keys"]["Write"], response))


def _edit(agent: Agent, path: str, tool_input: dict[str, Any]) -> Worked:
    """Replace a text in a file."""
    old, new, everywhere = tool_input["old_string"], tool_input["new_string"], bool(tool_input.get("replace_all"))
    before = _content(path) if old or os.path.exists(path) else ""
    if old and old not in before:
        raise ToolFailure(f"String to replace not found in file.\nString: {old}")
    unread = bool(old) and path not in agent.files
    after = before.replace(old, new, -1 if everywhere else 1) if old else new
    _put(agent, path, after)
    response = {
        "filePath": path,
        "oldString": old,
        "newString": new,
        "originalFile": before,
        "structuredPatch": _patch(before, after),
        "userModified": False,
        "replaceAll": everywhere,
        "contentNotInModelContext": True if unread else None,
    }
    lifecycle = agent.host.lifecycle
    told = {"path": path, "note": "" if unread else lifecycle.text("file_note")}
    text = lifecycle.text("file_updated_everywhere" if everywhere else "file_updated", **told)
    keys = lifecycle["file_response_keys"]["Edit"]
    return Worked(text, pick(keys, response, when_known=("contentNotInModelContext",)))


def _read(agent: Agent, path: str, tool_input: dict[str, Any]) -> Worked:
    """Read a file, or some of its lines."""
    text = _content(path)
    agent.files[path] = Known(path, text)
    lines = text.split("\n")
    first = max(1, int(tool_input.get("offset") or 1))
    most = int(tool_input.get("limit") or MOST_LINES)
    chosen = lines[first - 1 : first - 1 + most]
    content = "\n".join(f"{number}\t{line}" for number, line in enumerate(chosen, start=first))
    if not text:
        content = agent.host.lifecycle.text("file_empty")
    read = {"filePath": path, "content": "\n".join(chosen), "numLines": len(chosen), "startLine": first}
    return Worked(content, {"type": "text", "file": {**read, "totalLines": len(lines)}})


def _patch(before: str, after: str) -> list[dict[str, Any]]:
    """The hunks of a change, with some lines around each."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - most sessions change no file

    old, new = _lines(before), _lines(after)
    hunks = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        if all(tag == "equal" for tag, *_ in group):
            continue
        lines: list[str] = []
        for tag, begin, end, new_begin, new_end in group:
            if tag == "equal":
                lines += [f" {line}" for line in old[begin:end]]
                continue
            lines += [f"-{line}" for line in old[begin:end]]
            lines += [f"+{line}" for line in new[new_begin:new_end]]
        (_, begin, _, new_begin, _), (_, _, end, _, new_end) = group[0], group[-1]
        place = {"oldStart": begin + 1, "oldLines": end - begin, "newStart": new_begin + 1}
        hunks.append({**place, "newLines": new_end - new_begin, "lines": _spelled(lines)})
    return hunks


def _lines(text: str) -> list[str]:
    """The lines; a last one without an end is told from one with it."""
    lines = text.split("\n")
    if lines[-1]:
        lines[-1] += f"\n{_NO_NEWLINE}"
    else:
        lines.pop()
    return lines


def _spelled(lines: list[str]) -> list[str]:
    return [part for line in lines for part in line.split("\n")]
