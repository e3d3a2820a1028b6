"""The hosts' shell on Windows: Git's bash where hosts look for it, cmd.exe where there is none.

`bash` on PATH is not asked for: on Windows that is as likely the launcher of another system (WSL).
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

import os
import shlex
import tempfile
from pathlib import Path

from hookproof import files

GIT_BASH = "CLAUDE_CODE_GIT_BASH_PATH"
"""Claude Code's own setting for it, which the stand-ins obey as well."""


def git_bash() -> str | None:
    """Git's bash, or None."""
    given = os.environ.get(GIT_BASH)
    folders = [os.environ.get(name) for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")]
    installed = [str(Path(place, "Git", "bin", "bash.exe")) for place in folders if place]
    return next((path for path in (given, *installed) if path and Path(path).exists()), None)


def cmd_argv(command: str, env_files: list[str], folder: Path) -> list[str]:
    """`command` for cmd.exe, in a script: a quoted command would not survive the quoting of a command line.

    cmd.exe cannot source `env_files`; what they export is set instead, plain `export NAME=value` lines alone.
    """
    exports = [line for path in env_files if Path(path).exists() for line in _exports(Path(path))]
    handle, script = tempfile.mkstemp(suffix=".cmd", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write("\r\n".join(["@echo off", *exports, command.replace("%", "%%"), ""]))
    return [os.environ.get("ComSpec", "cmd.exe"), "/d", "/c", script]


def _exports(path: Path) -> list[str]:
    lines = []
    for line in files.read_text(path, limit=files.STATE, lossy=True).splitlines():
        assignments = shlex.split(line, comments=True) if line.strip().startswith("export ") else []
        lines += [f'set "{word}"'.replace("%", "%%") for word in assignments[1:] if "=" in word]
    return lines
