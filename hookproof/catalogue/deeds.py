"""Deeds: what the harness can do to a companion's jobs, beside looking at them, and what it must know for that.

A scenario says the deed in words; how this plugin cancels, or where its rows keep a pid, stands in its descriptor. What
a descriptor (or this system) has no means for makes the scenario not apply, with the reason.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from hookproof.catalogue.descriptor import Companion

_JOB = r"(?: (?P<deed>[\w-]+))?"


@dataclass(frozen=True, slots=True)
class Deed:
    """One kind of deed. Its words are what a scenario may say, as a regular expression whose group is a job."""

    words: str
    says: str
    """The words as a person would write them."""
    command: str | None = None
    """The entry of the descriptor's `commands` that it takes."""
    state: str | None = None
    """The entry of the descriptor's `state` that it takes."""
    posix: str | None = None
    """What of it Windows does not have."""
    takes_a_job: bool = True
    """Whether there is nothing to do where every launch was refused."""


DEEDS = (
    Deed(rf"cancel job{_JOB}", "cancel job", command="cancel"),
    Deed(r"queue job (?P<deed>[\w-]+)", "queue job NAME", command="work", posix="signals that stop a process"),
    Deed(r"wake job (?P<deed>[\w-]+)", "wake job NAME", command="work", posix="signals that stop a process"),
    Deed(rf"end (?:worker|codex) of job{_JOB}", "end worker|codex of job"),
    Deed(rf"end shell of job{_JOB}", "end shell of job", posix="process groups"),
    Deed(
        r"(?:freeze|thaw) server",
        "freeze|thaw server",
        state="server_file",
        posix="signals that stop a process",
        takes_a_job=False,
    ),
    Deed(rf"plant foreign pid in job{_JOB}", "plant foreign pid in job"),
    Deed(r"plant foreign pid in server", "plant foreign pid in server"),
    Deed(r"tear state", "tear state"),
    Deed(r"fill list", "fill list", state="remembers"),
    Deed(rf"age job{_JOB}", "age job", state="newer"),
    Deed(
        r"kill next SessionEnd hook(?: once a process dies)?",
        "kill next SessionEnd hook [once a process dies]",
        takes_a_job=False,
    ),
    Deed(
        r"delete project",
        "delete project",
        posix="directories that can be removed while they are in use",
        takes_a_job=False,
    ),
    Deed(r"repeat SessionStart", "repeat SessionStart", takes_a_job=False),
    Deed(r"settle", "settle", takes_a_job=False),
)


def deed_of(text: str) -> Deed | None:
    """The deed that `do = text` asks for, or None when it asks for something else."""
    return next((deed for deed in DEEDS if re.fullmatch(deed.words, text)), None)


def why_not(text: str, descriptor: Companion) -> str | None:
    """Why `do = text` cannot be done to this plugin, on this system; None when it can."""
    deed = deed_of(text)
    if deed is None:
        return None
    if deed.posix is not None and sys.platform == "win32":
        return f"`{text}` takes {deed.posix}, which Windows does not have"
    if deed.command is not None and getattr(descriptor.commands, deed.command) is None:
        return f"`{text}` takes a command that the descriptor does not give: commands.{deed.command}"
    if deed.state is not None and not getattr(descriptor.state, deed.state):
        return f"`{text}` takes what the descriptor does not say: state.{deed.state}"
    return None
