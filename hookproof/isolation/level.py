"""How far a run is kept apart, and what is not prevented at each level. For the journal, reports, `doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Level = Literal["full", "without-pids", "none"]
"""`full`: namespaces for users, mounts, network and process ids. `without-pids`: all of these but the last."""
Network = Literal["network namespace", "closed proxy", "none"]
"""What keeps programs off the network."""

LEVELS: tuple[Level, ...] = get_args(Level)

_LEAVES = "processes can outlive a hookproof that is killed, until its next start"
_SIGNALS = "a plugin can end or stop hookproof and other processes of the user"
_FILES = "a plugin can read and write the user's files"
_ENVIRONMENT = "a plugin can read the environment of hookproof and of other processes of the user"
_NETWORK = "a plugin can reach the network"
_NOT_PREVENTED: Mapping[Level, tuple[str, ...]] = {
    "full": (),
    "without-pids": (_LEAVES, _SIGNALS),
    "none": (_LEAVES, _SIGNALS, _FILES, _ENVIRONMENT),
}


def not_prevented(level: Level, network: Network) -> tuple[str, ...]:
    """What a level leaves possible, a clause each."""
    return (*_NOT_PREVENTED[level], *(() if network == "network namespace" else (_NETWORK,)))


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps a run apart from the machine.

    `proof` is what was seen, `environment` must be added to every host's, `warning` is to be shown, `refused` is why
    the level is not `full`.
    """

    level: Level
    network: Network
    proof: tuple[str, ...] = ()
    refused: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    warning: str | None = None

    @property
    def open(self) -> bool:
        """Whether a program that tries may reach the network."""
        return self.network != "network namespace"

    @property
    def not_prevented(self) -> tuple[str, ...]:
        """What it leaves possible, a clause each."""
        return not_prevented(self.level, self.network)
