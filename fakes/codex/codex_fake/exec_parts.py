"""What `codex exec` does as a host and as a worker alike: its prompt, its place, its last message."""

from __future__ import annotations

import os
import sys

from . import signals
from .exec_options import USAGE, UsageError, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from standin.wire import Recorder

    from .exec_options import Options

    Json = dict[str, Any]


class FailureError(Exception):
    """Nothing can be run. The text goes to stderr."""


def parsed(arguments: list[str]) -> Options | int:
    """The options of a command line without `exec` itself; or the exit status, where there is nothing to run."""
    try:
        options = parse(arguments)
    except UsageError as error:
        print(f"error: {error}\n\n{USAGE}\nFor more information, try '--help'.", file=sys.stderr)
        return 2
    if "--help" in options.flags:
        print(USAGE, end="")
        return 0
    return options


def play_out(recorder: Recorder, run: Callable[[], int]) -> int:
    """Run it, with its start and end in the journal. The exit status, with which the caller exits at once."""
    signals.watch(lambda *told: _signalled(recorder, *told))
    group = os.getpgid(0) if hasattr(os, "getpgid") else None
    recorder.write("codex.started", argv=sys.argv, pid=os.getpid(), pgid=group, ppid=os.getppid())
    try:
        status = run()
    except FailureError as error:
        print(error, file=sys.stderr)
        status = 1
    recorder.write("codex.exit", why="exec has ended")
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _signalled(recorder: Recorder, number: int, name: str, pid: int, uid: int, parent: int | None) -> None:
    """Record who has sent this process a signal."""
    recorder.write("codex.signal", signal=number, name=name, sender_pid=pid, sender_uid=uid, sender_ppid=parent)


def prompt_of(options: Options) -> str:
    """The words of the user: the argument, and what stdin has to add, or stdin alone."""
    if options.command == "review":
        return ""
    alone = options.command == "resume" and "--last" not in options.flags
    words = options.words[1:] if alone else options.words
    given = words[0] if words else "-"
    if given != "-" and (options.command == "resume" or os.isatty(0)):
        return given
    print("Reading prompt from stdin..." if given == "-" else "Reading additional input from stdin...", file=sys.stderr)
    try:
        with open(0, "rb", closefd=False) as stdin:
            more = stdin.read().decode("utf-8", "replace")
    except OSError:
        more = ""
    if given == "-":
        if not more.strip():
            raise FailureError("No prompt provided via stdin.")
        return more.rstrip("\r\n")
    return f"{given}\n\n<stdin>\n{more.rstrip()}\n</stdin>" if more.strip() else given


def target_of(options: Options) -> Json:
    """What a review is about."""
    if "--base" in options.values:
        return {"type": "baseBranch", "branch": options.values["--base"]}
    if "--commit" in options.values:
        return {"type": "commit", "sha": options.values["--commit"]}
    if options.words:
        return {"type": "custom", "instructions": options.words[0]}
    return {"type": "uncommittedChanges"}


def in_repository(directory: str) -> bool:
    """Whether a directory lies in a git repository."""
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return False
        directory = above
    return True


def keep_last(options: Options, last: str | None) -> None:
    """Write the last message where that was asked for."""
    path = options.values.get("--output-last-message")
    if path is None:
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(last or "")
    except OSError as error:
        print(f"Failed to write last message file {path!r}: {error}", file=sys.stderr)
