"""Where a host's program lies in what npm installed, and what it needs to run.

Every host publishes a small package whose optional dependencies are one package a platform, with a native program in
it; npm installs the one that fits. The small package's own launcher, and the script that would put the program in its
place after an installation, are not needed: the program is started where it lies, which the host knows.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookproof.catalogue.host import HostName
from hookproof.errors import HookproofError
from hookproof.hosts.host import Platform
from hookproof.hosts.registry import HOSTS

_ARCHITECTURES = {"amd64": "x64", "x86_64": "x64", "aarch64": "arm64"}


class LayoutError(HookproofError):
    """What npm installed has no program that this machine could start. One sentence."""


@dataclass(frozen=True, slots=True)
class Found:
    """The program, relative to the folder that npm installed into, and the integrity of the package it is in."""

    program: str
    needs: str | None
    integrity: str


def find(host: HostName, version: str, folder: Path, packages: Mapping[str, Any]) -> Found:
    """`packages` is npm's entry for each package, by its path in `folder`. Raises LayoutError."""
    main = f"node_modules/{HOSTS[host].package}"
    mine = [name for name in packages if name == main or name.startswith(f"{main}-")]
    # the platform's package first, and of two C libraries the one of this Python
    for package in sorted(mine, key=lambda name: (name == main, name.endswith("-musl") != _musl(), name)):
        for program, needs in HOSTS[host].programs(folder, package, Platform(*_here())):
            if (folder / program).is_file():
                integrity = packages[package].get("integrity")
                if not isinstance(integrity, str):
                    raise LayoutError(
                        f"npm did not write down the integrity of {package.removeprefix('node_modules/')}"
                    )
                return Found(program, needs, integrity)
    raise LayoutError(f"{HOSTS[host].title} {version} has no program for this platform ({'-'.join(_here())})")


def left_out(host: HostName, packages: Mapping[str, Any]) -> str | None:
    """The package with this machine's program, as NAME@SPEC for npm, when there is one and npm has left it out.

    npm does so without a word when the download of an optional package fails.
    """
    options = packages.get(f"node_modules/{HOSTS[host].package}", {}).get("optionalDependencies", {})
    name = f"{HOSTS[host].package}-{'-'.join(_here())}"
    if _musl() and f"{name}-musl" in options:
        name = f"{name}-musl"
    return f"{name}@{options[name]}" if name in options and f"node_modules/{name}" not in packages else None


def _here() -> tuple[str, str]:
    """This platform in Node's words, as packages are named: system and architecture."""
    machine = platform.machine().lower()
    return sys.platform, _ARCHITECTURES.get(machine, machine)


def _musl() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] != "glibc"
