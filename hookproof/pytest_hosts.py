"""pytest: the real hosts that `--claude` and `--codex` name, for the process that plays.

The process that starts the run brings what npm must bring and then leaves the network, before it has threads. What it
starts is in there with it: xdist's workers are told which programs were found, and prove for themselves that they are
off the network too, so that a worker on another machine plays nothing.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hookproof.catalogue.host import Program
from hookproof.commands import UsageError, select
from hookproof.hosts.install.releases import ReleaseError
from hookproof.hosts.registry import HOSTS, contacts
from hookproof.isolation import entry
from hookproof.isolation.level import Isolation
from hookproof.play import PlayOptions

FOR_WORKERS = "hookproof_programs"
Found = dict[str, list[Program]]


@dataclass(frozen=True, slots=True)
class RealHosts:
    """What a run with real hosts has found, in every process that plays."""

    programs: Found
    isolation: Isolation

    @classmethod
    def prepare(cls, config: pytest.Config) -> RealHosts:
        """Find the programs, leave the network. Raises pytest.UsageError."""
        sent: dict[str, Any] | None = getattr(config, "workerinput", None)
        try:
            if sent is not None:
                found = {host: [Program(tuple(argv), version) for argv, version in each] for host, each in _sent(sent)}
                return cls(found, _inherited(config.option.allow_network))
            with _deferred(config):
                found = {host: select.programs(host, config.option) for host in HOSTS if asked(config, host)}
            return cls(found, _enter(config.option.allow_network))
        except (UsageError, ReleaseError, entry.IsolationError) as error:
            raise pytest.UsageError(str(error)) from None

    def send(self, workerinput: dict[str, Any]) -> None:
        """What a worker has to know."""
        workerinput[FOR_WORKERS] = {
            host: [[list(program.argv), program.version] for program in programs]
            for host, programs in self.programs.items()
        }

    def options(self, worker: Program | None) -> PlayOptions:
        """How a case is played beside real hosts."""
        return select.options_of(self.isolation, worker)

    def header(self) -> list[str]:
        """What stands over the run."""
        names = [f"{host} {each.version}" for host, programs in self.programs.items() for each in programs]
        lines = [f"hookproof: plays {', '.join(names)} ({self.isolation.network})"]
        if self.isolation.warning:
            lines.append(f"hookproof: warning: {self.isolation.warning}")
        if self.isolation.open:
            lines += [f"  {who}" for who in contacts()]
        return lines


def asked(config: pytest.Config, host: str) -> bool:
    """Whether a host was asked for that is not the stand-in."""
    return bool(getattr(config.option, host, "fake") != "fake")


def _enter(allow_network: bool) -> Isolation:
    if allow_network or sys.platform != "linux":
        return entry.for_real_hosts(allow_network=allow_network)
    from hookproof.isolation.linux import alone  # noqa: PLC0415 - cannot be imported elsewhere
    from hookproof.isolation.linux.refusal import NamespaceError  # noqa: PLC0415

    try:
        return Isolation("none", "network namespace", tuple(alone.enter()))
    except NamespaceError as error:
        raise entry.IsolationError(f"{error}; {entry.ALLOW}") from None


def _inherited(allow_network: bool) -> Isolation:
    """The isolation of the process that started this one, proved anew."""
    if allow_network or sys.platform != "linux":
        return _enter(allow_network)
    from hookproof.isolation.linux import network  # noqa: PLC0415 - cannot be imported elsewhere
    from hookproof.isolation.linux.refusal import NamespaceError  # noqa: PLC0415

    try:
        return Isolation("none", "network namespace", tuple(network.prove()))
    except NamespaceError as error:
        raise entry.IsolationError(
            f"this process was started outside of the isolation: {error}; {entry.ALLOW}"
        ) from None


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
