"""`hookproof doctor`: what this machine can and cannot run, and why."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping

from hookproof import __version__, machine, places, processes
from hookproof.catalogue.plugin import descriptors
from hookproof.isolation import trial
from hookproof.isolation.level import LEVELS, Level, not_prevented

_AND = "\n"
"""Between the lines of one finding."""


def arguments(_parser: argparse.ArgumentParser) -> None:
    """`doctor` has no options."""


def execute(_parsed: argparse.Namespace) -> int:
    """Print what was found. Exit status 1 when the stand-ins cannot run here."""
    findings = list(_findings())
    for good, what, why in findings:
        print(f"{'yes' if good else 'NO ':<4}{what:<34}{why.replace(_AND, _AND + ' ' * 38)}")
    return 0 if all(good for good, what, _ in findings if what == "the stand-ins") else 1


def _findings() -> Iterator[tuple[bool, str, str]]:
    print(f"hookproof {__version__}, Python {platform.python_version()}, {machine.system()}")
    yield _shell()
    for descriptor in descriptors():
        missing = [f"{program}: {hint}" for program, hint in descriptor.needs.items() if shutil.which(program) is None]
        yield not missing, f"plugin {descriptor.name}", "; ".join(missing) or "everything it needs is on PATH"
    adopts = processes.become_subreaper()
    why = "wait statuses of orphans are observed" if adopts else "orphans' wait statuses stay unseen; causes infer them"
    yield adopts, "adopting orphans", why
    yield sys.platform == "linux", "senders of signals", "sigwaitinfo" if sys.platform == "linux" else "Linux only"
    refusals = {level: trial.refused(level) for level in LEVELS}
    yield from levels(refusals)
    refusal = refusals["full"] and refusals["without-pids"]
    real = f"{refusal}" if refusal else "real hosts are kept off the network, in a namespace of their own"
    if sys.platform != "linux":
        real = "only Linux has network namespaces: proxies to a closed port are all that is to be had here"
    yield refusal is None, "isolating real hosts", real
    npm = shutil.which("npm")
    yield npm is not None, "bringing real hosts", "npm is here" if npm else "npm is not on PATH: hosts come from it"
    yield True, "runs are kept in", str(places.runs_dir())
    yield True, "worlds are made in", tempfile.gettempdir()


def levels(refusals: Mapping[Level, str | None]) -> Iterator[tuple[bool, str, str]]:
    """Which level a run gets here, what that leaves possible, and why it is not another. `refusals` has each level."""
    given = next(level for level, refusal in refusals.items() if refusal is None)
    told: list[str] = []
    for level, refusal in refusals.items():
        what = f"isolation {level}"
        if refusal is not None:
            yield False, what, "for the same reason" if refusal in told else refusal
            told.append(refusal)
        elif level == given:
            left = not_prevented(level, "network namespace" if level != "none" else "none")
            yield True, what, _AND.join(["what a run gets here", *(f"not prevented: {clause}" for clause in left)])
        elif level != "none":
            yield True, what, f"with --isolation {level}"


def _shell() -> tuple[bool, str, str]:
    """What the stand-ins' shell tool runs commands with."""
    what = "the stand-ins"
    if sys.platform == "win32":
        from hookproof.sandbox.windows_shell import git_bash  # noqa: PLC0415 - cannot be imported elsewhere

        bash = git_bash()
        return True, what, f"{bash} is here" if bash else "no Git Bash here: the hosts' shell tool is cmd.exe"
    if shutil.which("bash") is None:
        return False, what, "bash is not on PATH: the hosts' shell tool needs it"
    return True, what, "bash is here"
