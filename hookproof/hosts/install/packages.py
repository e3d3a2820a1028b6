"""Where a host's program lies in what npm installed, and what it needs to run.

Both hosts publish a small package whose optional dependencies are one package a platform, with a native program in
it; npm installs the one that fits. The small package's own launcher, and the script that would put the program in its
place after an installation, are not needed: the program is started where it lies. Claude Code before its native
programs is one JavaScript file for Node.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from hookproof.errors import HookproofError

Host = Literal["claude", "codex"]

PACKAGES: dict[Host, str] = {"claude": "@anthropic-ai/claude-code", "codex": "@openai/codex"}
NAMES: dict[Host, str] = {"claude": "Claude Code", "codex": "Codex"}

_SCRIPT = "cli.js"
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
_ARCHITECTURES = {"amd64": "x64", "x86_64": "x64", "aarch64": "arm64"}
_MACHINES = {"x64": "x86_64", "arm64": "aarch64"}


class LayoutError(HookproofError):
    """What npm installed has no program that this machine could start. One sentence."""


@dataclass(frozen=True, slots=True)
class Found:
    """The program, relative to the folder that npm installed into, and the integrity of the package it is in."""

    program: str
    needs: str | None
    integrity: str


def find(host: Host, version: str, folder: Path, packages: Mapping[str, Any]) -> Found:
    """`packages` is npm's entry for each package, by its path in `folder`. Raises LayoutError."""
    main = f"node_modules/{PACKAGES[host]}"
    mine = [name for name in packages if name == main or name.startswith(f"{main}-")]
    # the platform's package first, and of two C libraries the one of this Python
    for package in sorted(mine, key=lambda name: (name == main, name.endswith("-musl") != _musl(), name)):
        for program, needs in _programs(host, folder, package):
            if (folder / program).is_file():
                integrity = packages[package].get("integrity")
                if not isinstance(integrity, str):
                    raise LayoutError(
                        f"npm did not write down the integrity of {package.removeprefix('node_modules/')}"
                    )
                return Found(program, needs, integrity)
    raise LayoutError(f"{NAMES[host]} {version} has no program for this platform ({'-'.join(_here())})")


def left_out(host: Host, packages: Mapping[str, Any]) -> str | None:
    """The package with this machine's program, as NAME@SPEC for npm, when there is one and npm has left it out.

    npm does so without a word when the download of an optional package fails.
    """
    options = packages.get(f"node_modules/{PACKAGES[host]}", {}).get("optionalDependencies", {})
    name = f"{PACKAGES[host]}-{'-'.join(_here())}"
    if _musl() and f"{name}-musl" in options:
        name = f"{name}-musl"
    return f"{name}@{options[name]}" if name in options and f"node_modules/{name}" not in packages else None


def _programs(host: Host, folder: Path, package: str) -> Iterator[tuple[str, str | None]]:
    suffix = ".exe" if _here()[0] == "win32" else ""
    base = PurePosixPath(package)
    if host == "codex":
        for vendor in sorted((folder / package / "vendor").glob("*")):
            if _fits(vendor.name):
                # up to 0.130 the one, from 0.133 the other (measured)
                yield str(base / "vendor" / vendor.name / "bin" / f"codex{suffix}"), None
                yield str(base / "vendor" / vendor.name / "codex" / f"codex{suffix}"), None
    elif base.name == "claude-code":
        yield str(base / _SCRIPT), "node"
    else:
        yield str(base / f"claude{suffix}"), None


def _fits(triple: str) -> bool:
    """Whether a name such as x86_64-unknown-linux-musl means this machine."""
    system, architecture = _here()
    return triple.startswith(f"{_MACHINES.get(architecture, architecture)}-") and _SYSTEMS.get(system, "?") in triple


def _here() -> tuple[str, str]:
    """This platform in Node's words, as packages are named: system and architecture."""
    machine = platform.machine().lower()
    return sys.platform, _ARCHITECTURES.get(machine, machine)


def _musl() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] != "glibc"
