"""Starting a process of a case."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from subprocess import DEVNULL

from hookproof.processes.base import TOKEN_VARIABLE, Child, Stream
from hookproof.processes.case import CaseProcesses
from hookproof.processes.platform import native

LINE_LIMIT = 2**24
"""The longest line, in bytes, that readline of a child's stream takes: hosts write whole transcripts as one line."""


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    stdin: Stream = DEVNULL,
    stdout: Stream = DEVNULL,
    stderr: Stream = DEVNULL,
    limit: int = LINE_LIMIT,
    case: CaseProcesses | None = None,
) -> Child:
    """Start `argv` with exactly `env`, plus the token of `case`, and no shell in between.

    On Linux and elsewhere the child leads a session of its own; on Windows it begins its life inside the container of
    `case`, before its first instruction. Where Windows forbids that, it runs without, and the token remains.
    The child belongs to the running loop, which need not be that of the main thread. Only it takes the child's
    status: nothing here relies on SIGCHLD. Streams asked for with PIPE become asyncio streams on the child.

    Raises OSError when the program cannot be started (FileNotFoundError, PermissionError; also for `cwd`), TypeError
    for a command in one string, ValueError for an empty one.
    """
    if isinstance(argv, str | bytes):
        raise TypeError(f"expected a list of words, found one string {argv!r}: no shell takes it apart")
    if not argv:
        raise ValueError("expected a program and its arguments, found an empty list")
    marked = {**env, TOKEN_VARIABLE: case.token} if case is not None else dict(env)
    child = await native.spawn(
        list(argv),
        env=marked,
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=limit,
        container=case.container if case is not None else None,
    )
    if case is not None:
        case.started(child.identity)
    return child
