"""Leaves a child behind that holds the hook's stdout open."""

from __future__ import annotations

import subprocess

from manner_help import sleeper


def misbehave(_outside: str, mark: str) -> None:
    subprocess.Popen(sleeper(mark))
