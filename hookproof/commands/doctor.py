"""`hookproof doctor`: what this machine can and cannot run, and why."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator

from hookproof import __version__, machine, places, processes
from hookproof.catalogue.plugin import descriptors
from hookproof.isolation import alone


def arguments(_parser: argparse.ArgumentParser) -> None:
    """`doctor` has no options."""


def execute(_parsed: argparse.Namespace) -> int:
    """Print one line per finding. Exit status 1 when the stand-ins cannot run here."""
    findings = list(_findings())
    for good, what, why in findings:
        print(f"{'yes' if good else 'NO ':<4}{what:<34}{why}")
    return 0 if all(good for good, what, _ in findings if what == "the stand-ins") else 1


def _findings() -> Iterator[tuple[bool, str, str]]:
    print(f"hookproof {__version__}, Python {platform.python_version()}, {machine.system()}")
    yield _shell()
    for descriptor in descriptors():
        missing = [f"{program}: {hint}" for program, hint in descriptor.needs.items() if shutil.which(program) is None]
        yield not missing, f"plugin {descriptor.name}", "; ".join(missing) or "everything it needs is on PATH"
    adopts = processes.become_subreaper()
    why = (
        "wait statuses of orphans are observed"
        if adopts
        else "orphans' wait statuses stay unseen; signatures infer them"
    )
    yield adopts, "adopting orphans", why
    yield sys.platform == "linux", "senders of signals", "sigwaitinfo" if sys.platform == "linux" else "Linux only"
    refusal = alone.refused()
    real = f"{refusal}" if refusal else "real hosts are kept off the network, in a namespace of their own"
    if sys.platform != "linux":
        real = "only Linux has network namespaces: proxies to a closed port are all that is to be had here"
    yield refusal is None and sys.platform == "linux", "isolating real hosts", real
    npm = shutil.which("npm")
    yield npm is not None, "bringing real hosts", "npm is here" if npm else "npm is not on PATH: hosts come from it"
    yield True, "runs are kept in", str(places.runs_dir())
    yield True, "worlds are made in", tempfile.gettempdir()


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
