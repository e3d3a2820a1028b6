"""Starts an ssh-agent and leaves it: a program that the kernel lets nobody look into."""

from __future__ import annotations

import os
import subprocess


def misbehave(_outside: str, _mark: str) -> None:
    subprocess.run(
        ["ssh-agent", "-a", os.path.join(os.environ["HOME"], "agent")], stdout=subprocess.DEVNULL, check=True
    )
