"""All hosts by name. Code that needs a fact about a host asks its object here and does not compare names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hookproof.catalogue.host import HostName
from hookproof.hosts.claude.host import CLAUDE
from hookproof.hosts.codex.host import CODEX
from hookproof.hosts.host import Host

HOSTS: Mapping[HostName, Host] = MappingProxyType({host.name: host for host in (CLAUDE, CODEX)})
"""In the order in which they are shown."""
WORKER = CODEX
"""The host that does a companion's jobs."""


def stand_ins() -> dict[str, tuple[str, ...]]:
    """How the stand-in of each host is started."""
    return {name: host.stand_in().argv for name, host in HOSTS.items()}


def contacts() -> list[str]:
    """Whom each real program may contact where nothing keeps it off the network. Its key is a dummy."""
    return [f"{host.title}: {host.contacts}" for host in HOSTS.values()]


def playing(kind: str) -> list[Host]:
    """The hosts on which plugins of a kind are played."""
    return [host for host in HOSTS.values() if kind in host.plays]


def named(name: str) -> Host | None:
    """The host of a name that stands in a journal or a report, which may be of another version; None if unknown."""
    return next((host for host in HOSTS.values() if host.name == name), None)


def title(name: str) -> str:
    """How people call the host of a name; one that is unknown by that name."""
    host = named(name)
    return host.title if host is not None else name
