"""Expands a plugin's slash command into the user message that the model gets.

`$ARGUMENTS` and `$0`, `$1` … take the words after the command; a line `!`COMMAND`` is run by a shell and replaced by
its output, as the real host does it while it expands the command.
"""

from __future__ import annotations

import re
import shlex

from .conversation import text_block
from .environment import Environment
from .identity import Identity
from .system import HookProcess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BANG_SECONDS = 120.0
_BANG = re.compile(r"!`([^`]+)`")
_WORD = re.compile(r"\$(\d)")


def split(line: str) -> tuple[str, str]:
    """(the command's name, its arguments) of a line that begins with a slash."""
    name, *arguments = line[1:].split(None, 1)
    return name, "".join(arguments).strip()


def expand(name: str, arguments: str, body: str, environment: Environment, who: Identity) -> list[dict[str, Any]]:
    """The blocks of the user message."""
    heading = f"<command-message>{name}</command-message>\n<command-name>/{name}</command-name>\n"
    if arguments:
        heading += f"<command-args>{arguments}</command-args>\n"
    return [text_block(heading), text_block(_filled(body, arguments, environment, who))]


def _filled(body: str, arguments: str, environment: Environment, who: Identity) -> str:
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = arguments.split()
    text = _WORD.sub(lambda found: words[int(found[1])] if int(found[1]) < len(words) else "", body)
    text = text.replace("$ARGUMENTS", arguments)
    return _BANG.sub(lambda found: _output(found[1], environment, who), text).strip() + "\n"


def _output(command: str, environment: Environment, who: Identity) -> str:
    process = HookProcess(command, environment.of_shell(who), own_group=True)
    if not process.finish(BANG_SECONDS, streams=False):
        victims = process.victims(group=True, frozen=True)
        victims.send("SIGKILL")
        victims.close()
        process.finish(None, streams=False)
    output = process.out.text() + process.err.text()
    process.close()
    return output.rstrip("\n")
