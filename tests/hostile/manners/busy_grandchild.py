"""Leaves a process that keeps a processor busy."""

from __future__ import annotations

import subprocess


def misbehave(_outside: str, mark: str) -> None:
    null = subprocess.DEVNULL
    loop = f"while :; do :; done # {mark}"
    subprocess.Popen(["sh", "-c", loop], stdin=null, stdout=null, stderr=null, start_new_session=True)
