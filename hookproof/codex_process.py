"""Which processes are a Codex at work, real or not, by their command lines.

Asked by the fault that kills the Codex of a job, by the judge of what is left behind, and by the timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

APP_SERVER = "app-server"
ONE_TURN = frozenset({"exec", "e"})
_PROGRAM = "codex"
_OPTIONS = 8
"""How many words of options may stand between the program and its command."""


def is_codex(argv: Sequence[str]) -> bool:
    """Whether this is `codex app-server` or `codex exec`, behind whichever interpreter.

    `exec` counts behind the program alone: it is a word of many command lines.
    """
    if APP_SERVER in argv:
        return True
    for number, word in enumerate(argv):
        if _names_the_program(word):
            return bool(ONE_TURN.intersection(argv[number + 1 : number + 1 + _OPTIONS]))
    return False


def command_of(argv: Sequence[str]) -> str:
    """What a Codex was started for, for people."""
    return APP_SERVER if APP_SERVER in argv else "exec"


def _names_the_program(word: str) -> bool:
    return _PROGRAM in {PurePosixPath(word).stem.lower(), PureWindowsPath(word).stem.lower()}
