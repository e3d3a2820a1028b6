"""Starts five hundred children that stay."""

from __future__ import annotations

import subprocess


def misbehave(_outside: str, mark: str) -> None:
    null = subprocess.DEVNULL
    for _ in range(500):
        subprocess.Popen(["sleep", mark], stdin=null, stdout=null, stderr=null)
