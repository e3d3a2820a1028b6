"""The exceptions for mistakes that hookproof can explain. The command line and pytest handle each of them once.

The command line prints such an error as its text and exits with its status; pytest fails the collection with it.
Anything else that is raised is hookproof's own fault and is told as one. Whoever raises says what was read, where, what
was expected and what to do.
"""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """What the exit status of a verb means."""

    OK = 0
    """Everything came out as expected."""
    FAILED = 1
    """Not as expected: an unexpected violation, or a verdict that is unknown."""
    USAGE = 2
    """What was asked for cannot be done as it was asked: a wrong option, a file that is missing or wrong."""
    HARNESS = 3
    """hookproof itself failed, and no case is to blame for it."""


def describe(error: BaseException) -> str:
    """Any exception as the reason that a person reads: what is known speaks for itself."""
    text = str(error)
    if isinstance(error, HookproofError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class HookproofError(Exception):
    """A known mistake. Its text is for the person who made it."""

    status = Status.USAGE


class DeadlineMissedError(HookproofError):
    """Something that hookproof waited for did not come. The text names what; a case that raises it is unknown."""

    status = Status.HARNESS

    def __init__(self, waiting_for: str, seconds: float) -> None:
        super().__init__(f"waited {seconds:g} s for {waiting_for}, which did not come")
        self.waiting_for = waiting_for
        self.seconds = seconds
