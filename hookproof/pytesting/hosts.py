"""pytest: the real hosts that `--hookproof-claude` and `--hookproof-codex` name.

The process that starts the run brings what npm must bring, with the machine's network; xdist's workers are told which
programs were found. Whoever plays them must be off the network: `pytesting.playing` sees to that in each process.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hookproof.catalogue.host import Program
from hookproof.commands import UsageError, select
from hookproof.commands.projects import STAND_IN
from hookproof.hosts.registry import HOSTS, contacts
from hookproof.isolation.level import Isolation

FOR_WORKERS = "hookproof_programs"
Found = dict[str, list[Program]]


@dataclass(frozen=True, slots=True)
class RealHosts:
    """What a run with real hosts has found, in every process of it."""

    programs: Found

    @classmethod
    def prepare(cls, config: pytest.Config, options: argparse.Namespace) -> RealHosts | None:
        """Find the programs, or be told of them; None: all hosts are stand-ins. Raises UsageError, ReleaseError."""
        asked = [host for host in HOSTS if getattr(options, host) != STAND_IN]
        if not asked:
            return None
        sent: dict[str, Any] | None = getattr(config, "workerinput", None)
        if sent is not None:
            return cls({host: [Program(tuple(argv), version) for argv, version in each] for host, each in _sent(sent)})
        with _deferred(config):
            return cls({host: select.programs(host, options) for host in asked})

    def send(self, workerinput: dict[str, Any]) -> None:
        """What a worker has to know."""
        workerinput[FOR_WORKERS] = {
            host: [[list(program.argv), program.version] for program in programs]
            for host, programs in self.programs.items()
        }

    def header(self, isolation: Isolation) -> list[str]:
        """What stands over a run that has this isolation."""
        names = [f"{host} {each.version}" for host, programs in self.programs.items() for each in programs]
        lines = [f"hookproof: plays {', '.join(names)} ({isolation.network})"]
        if isolation.warning:
            lines.append(f"hookproof: warning: {isolation.warning}")
        if isolation.open:
            lines += [f"  {who}" for who in contacts()]
        return lines


def _sent(sent: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if FOR_WORKERS not in sent:
        raise UsageError("this worker was not told which programs to play")
    yield from sent[FOR_WORKERS].items()


@contextlib.contextmanager
def _deferred(config: pytest.Config) -> Iterator[None]:
    """An installation takes minutes: what it says is shown, not captured."""
    manager = config.pluginmanager.getplugin("capturemanager")
    with manager.global_and_fixture_disabled() if manager is not None else contextlib.nullcontext():
        yield
