"""The Bash tool: a command in the foreground, in the background, or moved there when its time is over."""

from __future__ import annotations

import os

from .payloads import bash_response
from .tools import ToolFailure, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agents import Agent
    from .shells import Shell

MOST_MS = 600_000
KILLED_EXIT = 143
NO_OUTPUT = "(Bash completed with no output)"


def run(agent: Agent, tool_input: dict[str, Any], tool_use_id: str) -> Worked:
    """Run a command."""
    host, lifecycle = agent.host, agent.host.lifecycle
    background = bool(tool_input.get("run_in_background")) and not _backgrounding_is_off()
    command, directory = tool_input["command"], host.task_directory(agent.who)
    try:
        shell = host.shells.start(agent.who, command, tool_use_id, directory, background=background)
    except (OSError, ValueError) as error:
        raise ToolFailure(f"The command cannot be started: {error}") from None
    described = str(tool_input.get("description") or tool_input["command"])
    if background:
        host.background.add(shell, described, tool_use_id)
        return _launched(agent, shell)
    given = tool_input.get("timeout") or lifecycle["bash_timeout_ms"]["default"]
    limit = min(max(int(given), lifecycle["bash_timeout_ms"]["least"]), MOST_MS)
    if _wait(agent, shell, limit, described, tool_use_id):
        return _finished(agent, shell)
    host.raise_if_ending()
    if lifecycle["bash_timeout"] == "kills" or _backgrounding_is_off():
        host.shells.kill(shell, "timeout")
        host.shells.wait(shell, None)
        output = shell.output()
        _remove(shell)
        raise ToolFailure(f"Exit code {KILLED_EXIT}\n{output}".rstrip("\n"))
    host.background.add(shell, described, tool_use_id)
    return _moved(agent, shell, limit)


def _backgrounding_is_off() -> bool:
    return os.environ.get("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "") not in ("", "0")


def _wait(agent: Agent, shell: Shell, limit_ms: int, described: str, tool_use_id: str) -> bool:
    """Wait for the end of a foreground command; a long one inside a subagent is told to the stream."""
    host = agent.host
    told_after = host.lifecycle["foreground_shell_told_after_ms"]
    if not told_after or agent.task is None or told_after >= limit_ms:
        return host.shells.wait(shell, limit_ms / 1000)
    if host.shells.wait(shell, told_after / 1000):
        return True
    task = host.background.task(shell, described, tool_use_id, backgrounded=False)
    host.tasks.show_start(task)
    ended = host.shells.wait(shell, (limit_ms - told_after) / 1000)
    if ended:
        host.tasks.notice(task, "completed", "", described)
    return ended


def _finished(agent: Agent, shell: Shell) -> Worked:
    output, code = shell.output(), shell.exit_code()
    _remove(shell)
    agent.host.raise_if_ending()
    if code:
        raise ToolFailure(f"Exit code {code}" + (f"\n{output}" if output else ""))
    return Worked(output or NO_OUTPUT, bash_response(stdout=output, **_changed(agent)))


def _changed(agent: Agent) -> dict[str, Any]:
    """What a release tells of the files that a command has changed, of those that the agent knows."""
    if not agent.files or not agent.host.lifecycle["bash_edit_diff"]:
        return {}
    from .tools_files import changed_beside  # noqa: PLC0415 - most sessions touch no file

    found = changed_beside(agent)
    return {} if found is None else {"bashEditDiff": found}


def _remove(shell: Shell) -> None:
    try:
        os.unlink(shell.output_file)
    except OSError:
        return


def _ends_with_agent(agent: Agent) -> bool:
    return agent.task is not None and agent.host.background.outcome(agent.task) == "kill"


def _launched(agent: Agent, shell: Shell) -> Worked:
    lifecycle = agent.host.lifecycle
    values = {"id": shell.task_id, "output_file": shell.output_file}
    row = "shell_launched_in_agent" if _ends_with_agent(agent) else "shell_launched"
    extra = lifecycle["bash_response_extra"]["ends_with_agent"] if _ends_with_agent(agent) else {}
    return Worked(lifecycle.text(row, **values), bash_response(backgroundTaskId=shell.task_id, **extra))


def _moved(agent: Agent, shell: Shell, limit_ms: int) -> Worked:
    lifecycle = agent.host.lifecycle
    output = shell.output() if lifecycle["moved_shell_shows_output"] else ""
    row = "shell_moved_in_agent" if _ends_with_agent(agent) else "shell_moved"
    text = lifecycle.text(
        row, id=shell.task_id, output_file=shell.output_file, seconds=f"{limit_ms / 1000:g}", output=output
    )
    extra = lifecycle["bash_response_extra"]["moved"]
    extra = {name: limit_ms if value == "{limit_ms}" else value for name, value in extra.items()}
    return Worked(text.lstrip("\n"), bash_response(stdout=output, backgroundTaskId=shell.task_id, **extra))
