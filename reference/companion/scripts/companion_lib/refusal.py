"""When a background job must not be started: what a policy that refuses asks at the launch, and in the hook before it.

Only what is known is refused. Another program's `--background`, a path with a variable that nobody here can resolve,
a command whose quoting does not end: all those pass.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator

from .arguments import UsageError, parse
from .policy import PLUGIN_ROOT, SCRIPTS, Policy

SENTENCE = "--background is unsafe inside a subagent because SessionEnd will terminate the job. Use --wait instead."

PIECE = re.compile(
    r"""[ \t\r]+ | \\\n | \#[^\n]*
    | (?P<redirection> \d*(?:&>>?|[<>]+[&|]?) )
    | (?P<end> [;&|()\n]+ )
    | (?P<word> (?: [^\s;&|()<>"'\\] | \\. | '[^']*' | "(?:\\.|[^"\\])*" )+ )""",
    re.VERBOSE | re.DOTALL,
)
HERE_DOCUMENT = re.compile(r"""<<-?[ \t]*(?:(["']?)(\w+)\1)([^\n]*\n).*?^\s*\2$""", re.DOTALL | re.MULTILINE)
BEFORE_A_PROGRAM = re.compile(
    r"[A-Za-z_]\w*=.* | -.* | \d+[smhd]? | [!{] | if | then | elif | else | while | until | do | time | exec | command"
    r"| (?:.*/)? (?: env | nohup | nice | setsid | timeout | sudo )",
    re.VERBOSE | re.DOTALL,
)
PYTHON = re.compile(r"(?:.*[/\\])?(?:python[\d.]*|py)(?:\.exe)?")
SHELL = re.compile(r"(?:.*/)?(?:ba|da|z|k)?sh")


def at_launch(rules: Policy, session_began_at: float | None, now: float) -> bool:
    """The launch knows a subagent by a variable, which no host sets so far, or guesses one by its session's age."""
    marked = rules.refuses_in_subagent and bool(os.environ.get("CLAUDE_CODE_SUBAGENT"))
    return marked or is_young(now, session_began_at, rules.refuses_younger_than)


def is_young(now: float, began_at: float | None, limit: float) -> bool:
    return began_at is not None and now - began_at < limit


def launches_in_background(command: str, cwd: str) -> bool:
    for words in simple_commands(command):
        while words and BEFORE_A_PROGRAM.fullmatch(words[0]):
            del words[0]
        if not words:
            continue
        if words[0] == "cd":
            cwd = os.path.join(cwd, _resolved(words[-1] if len(words) > 1 else "~"))
        elif SHELL.fullmatch(words[0]) and len(words) > 2 and re.fullmatch("-[a-z]*c", words[1]):
            if launches_in_background(words[2], cwd):
                return True
        elif _is_background_launch(words, cwd):
            return True
    return False


def simple_commands(script: str) -> Iterator[list[str]]:
    """The commands of a shell script, each as its words with the quotes taken off; up to where it can be read."""
    script = HERE_DOCUMENT.sub(r"\3", script)
    words: list[str] = []
    position, is_target = 0, False
    while piece := PIECE.match(script, position):
        position = piece.end()
        if piece["end"]:
            yield words
            words = []
        elif piece["word"] and not is_target:
            words += shlex.split(piece["word"])
        if piece.lastgroup:
            is_target = piece.lastgroup == "redirection"
    if position == len(script):
        yield words


def _is_background_launch(words: list[str], cwd: str) -> bool:
    if PYTHON.fullmatch(words[0]):
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    program = os.path.realpath(os.path.join(cwd, _resolved(words[0]))) if words else ""
    if os.path.normcase(program) != os.path.normcase(os.path.join(SCRIPTS, "companion.py")):
        return False
    try:
        return parse(words[1:]).background
    except UsageError:
        return False


def _resolved(word: str) -> str:
    word = word.replace("${CLAUDE_PLUGIN_ROOT}", PLUGIN_ROOT).replace("$CLAUDE_PLUGIN_ROOT", PLUGIN_ROOT)
    return os.path.expanduser(word)
